/**
 * The floor: what this machine allows with node:http, pg and one prepared statement, and nothing of ours.
 * A process of its own, as the server is. Prints its port as the only line.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 6 });

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

const server = createServer((incoming, outgoing) => {
  const answer = async () => {
    if (incoming.method === 'GET') {
      const found = await pool.query({
        name: 'read',
        text: 'select body from floor where key = $1',
        values: [incoming.url],
      });
      outgoing.writeHead(200, { 'content-type': 'application/fhir+json' }).end(found.rows[0].body);
      return;
    }
    const body = await textOf(incoming);
    if (incoming.url === '/many') {
      const many = 'insert into floor_created (body) select * from unnest($1::text[])';
      await pool.query({ name: 'many', text: many, values: [JSON.parse(body)] });
      outgoing.writeHead(201).end();
      return;
    }
    await pool.query({ name: 'create', text: 'insert into floor_created (body) values ($1)', values: [body] });
    outgoing.writeHead(201, { 'content-type': 'application/fhir+json' }).end(body);
  };
  answer().catch((error: unknown) => outgoing.writeHead(500).end(String(error)));
});

server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.once('SIGTERM', () => {
  server.close(() => void pool.end());
  server.closeAllConnections();
});
