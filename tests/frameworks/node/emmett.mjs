// emmett: node emmett.mjs PACKAGES STORE, where STORE is a file or a postgres:// address.

import { camelKeys, evolve, packagesIn, pascal, serve } from './writer.mjs';

const [packages, place] = process.argv.slice(2);
const packageOf = packagesIn(packages);

const open = async () => {
  if (place.startsWith('postgres')) {
    return packageOf('@event-driven-io/emmett-postgresql').getPostgreSQLEventStore(place);
  }
  const { getSQLiteEventStore } = packageOf('@event-driven-io/emmett-sqlite');
  return getSQLiteEventStore({ fileName: place, schema: { autoMigration: 'CreateOrUpdate' } });
};

/** Several connections of its own get in each other's way at times; an application waits and tries again, as it must. */
const again = async (work) => {
  for (let wait = 5; ; wait *= 2) {
    try {
      return await work();
    } catch (error) {
      if (wait > 5000 || !`${error.message}`.includes('SQLITE_BUSY')) throw error;
    }
    await new Promise((over) => setTimeout(over, wait));
  }
};

const store = await again(open);
const streams = new Set();

/** The expected version is what the stream has, as a command handler would pass it. */
const append = async ({ stream, type, payload, metadata }) => {
  streams.add(stream);
  const { currentStreamVersion, streamExists } = await store.readStream(stream);
  const event = { type: pascal(type), data: camelKeys(payload), metadata: camelKeys(metadata ?? {}) };
  const result = await store.appendToStream(stream, [event], {
    expectedStreamVersion: streamExists ? currentStreamVersion : 'STREAM_DOES_NOT_EXIST',
  });
  return Number(result.nextExpectedStreamVersion);
};

const listed = ({ type, data, metadata }) => {
  const { streamName, streamPosition, globalPosition, messageId, ...own } = metadata;
  return {
    position: Number(globalPosition),
    stream: streamName,
    version: Number(streamPosition),
    id: messageId,
    type,
    payload: data,
    metadata: own,
  };
};

const list = async () => {
  const all = [];
  for (const stream of streams) all.push(...(await store.readStream(stream)).events.map(listed));
  return all.sort((a, b) => a.position - b.position);
};

const load = async (stream) => {
  const result = await store.aggregateStream(stream, { evolve, initialState: () => ({}) });
  return { ...result.state, version: Number(result.currentStreamVersion) };
};

await serve({
  append: (step) => again(() => append(step)),
  list: () => again(list),
  load: (stream) => again(() => load(stream)),
  close: async () => store.close?.(),
});
