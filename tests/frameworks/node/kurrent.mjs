// Runs projections in the engine that KurrentDB's own tests for them use. Reads an array of {source, events} on standard
// input and prints what came of each: the state and result of every partition, what was emitted, or the error.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [folder] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
const { ProjectionSession } = await import(pathToFileURL(require.resolve("@kurrent/gaffer-runtime")).href);

// The engine is fed by a reader, which gives it the streams that the projection names.
function reads({ allStreams, categories, streams }, stream) {
    const category = stream.split("-")[0];
    return allStreams || (categories ?? []).includes(category) || (streams ?? []).some((name) => name === stream || name === `$ce-${category}`);
}

function run({ source, events }) {
    let session;
    try {
        session = new ProjectionSession(source, { engineVersion: 1 });
        const sources = session.getSources();
        const { byStreams, byCustomPartitions, biState } = sources;
        const seen = new Map();
        const partitions = [];
        const emitted = [];
        for (const { stream, type, id, at, data } of events) {
            if (!reads(sources, stream)) continue;
            const sequenceNumber = seen.get(stream) ?? 0;
            seen.set(stream, sequenceNumber + 1);
            const step = session.feed({ eventType: type, streamId: stream, sequenceNumber, isJson: true, eventId: id, created: at, data: JSON.stringify(data) });
            if (step.status !== "processed") continue;
            const partition = step.partition ?? "";
            if (!partitions.includes(partition)) partitions.push(partition);
            for (const { streamId, eventType, data: told } of step.emitted) emitted.push({ stream: streamId, type: eventType, data: told });
        }
        const rows = partitions.map((partition) => ({
            partition,
            state: JSON.parse(session.getState(byStreams || byCustomPartitions ? partition : "") ?? "null"),
            result: JSON.parse(session.getResult(byStreams || byCustomPartitions ? partition : "") ?? "null"),
        }));
        return { rows, emitted, shared: biState ? JSON.parse(session.getSharedState() ?? "null") : null };
    } catch (error) {
        return { error: String(error.description ?? error.message ?? error) };
    } finally {
        session?.dispose();
    }
}

const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(run)));
