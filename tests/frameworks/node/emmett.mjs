// emmett: node emmett.mjs PACKAGES STORE, where STORE is a file or a postgres:// address.

import { camelKeys, evolve, packagesIn, pascal, serve } from './writer.mjs';

const [packages, place] = process.argv.slice(2);
const load = packagesIn(packages);

const open = async () => {
  if (place.startsWith('postgres')) {
    return load('@event-driven-io/emmett-postgresql').getPostgreSQLEventStore(place);
  }
  const { getSQLiteEventStore } = load('@event-driven-io/emmett-sqlite');
  return getSQLiteEventStore({ fileName: place, schema: { autoMigration: 'CreateOrUpdate' } });
};

const store = await open();
const streams = new Set();

/** Several connections of its own get in each other's way at times; an application tries again, as it must. */
const append = async (step) => {
  for (let left = 5; ; left -= 1) {
    try {
      return await appendOnce(step);
    } catch (error) {
      if (left === 0 || !`${error.message}`.includes('SQLITE_BUSY')) throw error;
    }
  }
};

/** The expected version is what the stream has, as a command handler would pass it. */
const appendOnce = async ({ stream, type, payload, metadata }) => {
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

await serve({
  append,
  list: async () => {
    const all = [];
    for (const stream of streams) all.push(...(await store.readStream(stream)).events.map(listed));
    return all.sort((a, b) => a.position - b.position);
  },
  load: async (stream) => {
    const result = await store.aggregateStream(stream, { evolve, initialState: () => ({}) });
    return { ...result.state, version: Number(result.currentStreamVersion) };
  },
  close: async () => store.close?.(),
});
