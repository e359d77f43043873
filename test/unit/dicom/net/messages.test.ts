/** DIMSE messages. https://dicom.nema.org/medical/dicom/current/output/chtml/part07/chapter_E.html */
import { describe, expect, it } from 'vitest';
import { type Command, decodeCommand, encodeCommand } from '../../../../src/dicom/net/command-set.ts';
import { commandPdu, dataPdus, fragmentLength, MessageReader } from '../../../../src/dicom/net/messages.ts';
import type { PData, Pdv } from '../../../../src/dicom/net/pdu.ts';

const echo: Command = { field: 0x0030, messageId: 7, sopClass: '1.2.840.10008.1.1', hasData: false };
const store: Command = { field: 0x0001, messageId: 8, sopClass: '1.2', sopInstance: '1.2.3', hasData: true };

/** C-ECHO-RQ, message 7. */
const echoBytes = Buffer.from(
  '0000000004000000380000000000020012000000312e322e3834302e31303030382e312e310000000001020000003000' +
    '000010010200000007000000000802000000' +
    '0101',
  'hex',
);

function recorder() {
  const heard: string[] = [];
  const reader = new MessageReader({
    command: async ({ field }, context) => void heard.push(`command ${field} on ${context}`),
    data: async (bytes) => void heard.push(`data ${bytes.toString('hex')}`),
    end: async () => void heard.push('end'),
  });
  return { heard, reader };
}

const pdv = (part: Partial<Pdv>): PData => ({
  type: 'P-DATA-TF',
  pdvs: [{ context: 1, command: false, last: false, data: Buffer.alloc(0), ...part }],
});

describe('the command set', () => {
  it('is written as the standard has it', () => {
    expect(encodeCommand(echo)).toEqual(echoBytes);
    expect(decodeCommand(echoBytes)).toEqual(echo);
  });

  it('comes back with status and comment', () => {
    const response = { field: 0x8001, respondedTo: 8, hasData: false, status: 0xa700, comment: 'Out of memory' };
    expect(decodeCommand(encodeCommand(response))).toEqual(response);
  });

  it('cuts a comment to 64 characters', () => {
    const { comment } = decodeCommand(encodeCommand({ field: 0x8001, hasData: false, comment: 'x'.repeat(100) }));
    expect(comment).toHaveLength(64);
  });

  it.each([
    ['cut off', echoBytes.subarray(0, 13)],
    ['malformed', Buffer.concat([echoBytes, Buffer.from('0800160000000000', 'hex')])],
    ['no command field', echoBytes.subarray(0, 12)],
  ])('is refused when it is %s', (message, bytes) => {
    expect(() => decodeCommand(bytes)).toThrow(message);
  });
});

describe('the message reader', () => {
  it('puts a command together from fragments', async () => {
    const { heard, reader } = recorder();
    for (const [at, byte] of echoBytes.entries()) {
      expect(reader.busy).toBe(at > 0);
      await reader.take(pdv({ command: true, last: at === echoBytes.length - 1, data: Buffer.of(byte) }));
    }
    expect(heard).toEqual(['command 48 on 1']);
    expect(reader.busy).toBe(false);
  });

  it('hands a data set on fragment by fragment, and takes the next message behind it', async () => {
    const { heard, reader } = recorder();
    await reader.take(commandPdu(3, store));
    await reader.take(pdv({ context: 3, data: Buffer.of(1, 2) }));
    await reader.take(pdv({ context: 3, data: Buffer.of(3), last: true }));
    await reader.take(commandPdu(1, echo));
    expect(heard).toEqual(['command 1 on 3', 'data 0102', 'data 03', 'end', 'command 48 on 1']);
  });

  it.each<[string, PData[]]>([
    ['data without a command', [pdv({})]],
    ['a command amid data', [commandPdu(1, store), commandPdu(1, echo)]],
    ['another context amid a message', [commandPdu(1, store), pdv({ context: 3 })]],
    ['a command without end', [pdv({ command: true, data: Buffer.alloc(20_000) })]],
  ])('refuses %s', async (_, pdus) => {
    const { reader } = recorder();
    const all = async () => {
      for (const pdu of pdus) await reader.take(pdu);
    };
    await expect(all()).rejects.toThrow();
  });
});

describe('sending a data set', () => {
  const fragments = async (chunks: Buffer[], fragment: number) => {
    const sent: string[] = [];
    for await (const { pdvs } of dataPdus(5, chunks, fragment))
      for (const { data, last, context, command } of pdvs) {
        expect([context, command]).toEqual([5, false]);
        sent.push(`${data.toString()}${last ? '.' : ''}`);
      }
    return sent.join(' ');
  };

  it('cuts to the fragment length, whatever the chunks, and marks the last one', async () => {
    expect(await fragments([Buffer.from('abcdefgh')], 4)).toBe('abcd efgh.');
    expect(await fragments([Buffer.from('a'), Buffer.from('bcdefg'), Buffer.from('h')], 4)).toBe('abcd efgh.');
    expect(await fragments([Buffer.from('ab')], 4)).toBe('ab.');
    expect(await fragments([], 4)).toBe('.');
  });

  it('respects the peer: even fragments within its maximum length', () => {
    expect([16_384, 16_383, 0, 4_294_967_295].map(fragmentLength)).toEqual([16_378, 16_376, 131_072, 131_072]);
  });
});
