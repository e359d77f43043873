/** A reading process that misbehaves as a poisonous file would make it, by the key that it is asked to read. */
const hoard = [];

const deeds = {
  hang() {
    for (;;);
  },
  grow() {
    for (;;) hoard.push(Buffer.alloc(16 * 2 ** 20, 1));
  },
  crash() {
    process.kill(process.pid, 'SIGSEGV');
  },
  async 'say-and-crash'() {
    const facts = { study: '1', series: '1.1', instance: '1.1.1', sopClass: '1', modality: 'DX', patient: { id: 'P' } };
    await new Promise((resolve) => process.send({ type: 'facts', facts }, resolve));
    process.exit(7);
  },
  fail() {
    process.send({ type: 'failed', message: 'the object store is away' });
  },
  read() {
    process.send({ type: 'looked', result: { reading: { kind: 'no-image' }, notes: [String(process.pid)] } });
  },
};

process.on('disconnect', () => process.exit(0));
process.on('message', (message) => {
  if (message.type === 'open') process.send({ type: 'ready', description: {}, identity: {} });
  else deeds[message.key]();
});
