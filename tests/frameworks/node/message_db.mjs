// Message DB through its own functions: node message_db.mjs PACKAGES ADDRESS

import { randomUUID } from 'node:crypto';

import { camelKeys, evolve, packagesIn, pascal, serve } from './writer.mjs';

const [packages, address] = process.argv.slice(2);
const pg = packagesIn(packages)('pg');

const client = new pg.Client({ connectionString: address, options: '-c search_path=message_store,public' });
await client.connect();
const text = (value) => JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? part.toString() : part));

const streams = new Set();

const messages = async (stream) => {
  const { rows } = await client.query(
    'SELECT *, to_char("time", \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\') AS at FROM get_stream_messages($1, 0, -1)',
    [stream],
  );
  return rows.map((row) => ({
    position: Number(row.global_position),
    stream: row.stream_name,
    version: Number(row.position),
    id: row.id,
    type: row.type,
    payload: JSON.parse(row.data),
    metadata: row.metadata === null ? null : JSON.parse(row.metadata),
    recorded_at: row.at,
  }));
};

await serve({
  append: async ({ stream, type, payload, metadata }) => {
    streams.add(stream);
    const { rows: before } = await client.query('SELECT stream_version($1) AS version', [stream]);
    const { rows } = await client.query('SELECT write_message($1, $2, $3, $4, $5, $6) AS version', [
      randomUUID(),
      stream,
      pascal(type),
      text(camelKeys(payload)),
      metadata ? text(camelKeys(metadata)) : null,
      before[0].version ?? -1,
    ]);
    return Number(rows[0].version);
  },
  list: async () => {
    const all = [];
    for (const stream of streams) all.push(...(await messages(stream)));
    return all.sort((a, b) => a.position - b.position);
  },
  load: async (stream) => {
    const events = await messages(stream);
    const state = events.reduce((so_far, { type, payload }) => evolve(so_far, { type, data: payload }), {});
    return { ...state, version: events.at(-1).version };
  },
  close: () => client.end(),
});
