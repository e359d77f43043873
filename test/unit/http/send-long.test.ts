/** Long answers in pieces. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { longText, piecesOf, sendPieces } from '../../../src/http/send-long.ts';

// Every offset of a character of four bytes against the ends of pieces comes up.
const long = Array.from({ length: 4 }, (_, at) => 'é'.repeat(65_533 + at) + '𝄞'.repeat(40_000)).join('');

let server: Server;
let port: number;
let sent: Promise<unknown> = Promise.resolve();

beforeAll(async () => {
  server = createServer((request, response) => {
    response.writeHead(200, { 'Content-Length': Buffer.byteLength(long) });
    const pieces = request.url === '/broken' ? broken() : piecesOf(long);
    sent = sendPieces(response, pieces).then(
      () => 'sent',
      (error: Error) => error.message,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

async function* broken(): AsyncGenerator<Buffer> {
  yield Buffer.from('half of it');
  throw new Error('The rest cannot be read.');
}

describe('a long answer', () => {
  it('is worth pieces', () => expect(long.length).toBeGreaterThan(longText));

  it('arrives whole, no character cut in two', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(await answer.text()).toBe(long);
    expect(await sent).toBe('sent');
  });

  it('is made as it is taken: pieces of 64 Ki characters', () =>
    expect(Math.max(...Array.from(piecesOf(long), (piece) => piece.toString().length))).toBe(65_536));

  it('has no body for HEAD (RFC 9110, 9.3.2)', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' });
    expect(answer.headers.get('content-length')).toBe(String(Buffer.byteLength(long)));
    expect(await answer.text()).toBe('');
  });

  it('is no error when the client goes away', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    expect(await sent).toBe('sent');
  });

  it('that breaks off breaks the connection, so that nobody takes it for whole', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/broken`);
    await expect(answer.text()).rejects.toThrow();
    expect(await sent).toBe('The rest cannot be read.');
  });
});
