// What a projection may call, and how its handlers are called. Evaluated once in a runtime of its own, before the
// projection's source, and given what makes texts of values, what keeps its state, what makes its events and what lets long
// steps look at the clock; gives back the functions that the host calls. Nothing here reads a clock or a file.
(function (json, states, ofStates, events, toll, time, head) {
  "use strict";
  const [changes, answers] = ofStates;
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const { keys, defineProperty, getPrototypeOf } = Object;
  const { apply } = Reflect;
  const sourceText = Function.prototype.toString;
  const global = globalThis;

  // ---- what the source defines -------------------------------------------------------------------------------------

  const definition = {
    allStreams: false, categories: [], streams: [], allEvents: true, events: [],
    byStream: false, byFunction: false, biState: false, handlers: false, transforms: false, producesResults: false,
    handlesDeleted: false, includeLinks: false, reorderEvents: false, processingLag: null,
    resultStream: null, partitionResultStream: null,
  };
  const handlers = new Map();
  const created = [];
  const steps = [];
  let init, initShared, any, deleted, partitionFunction;

  function refuse(sentence) {
    throw new TypeError(sentence);
  }

  function functionOf(value, name) {
    if (typeof value !== "function") refuse(`${name} takes a function`);
    return value;
  }

  function textOf(value, name) {
    if (typeof value !== "string") refuse(`${name} takes a text`);
    return value;
  }

  function addHandler(name, handler) {
    switch (name) {
      case "$init": init = handler; break;
      case "$initShared": definition.biState = true; initShared = handler; break;
      case "$any": any = handler; definition.allEvents = true; break;
      case "$created": created.push(handler); break;
      case "$deleted":
        if (definition.biState) refuse("a projection with shared state cannot handle $deleted");
        definition.handlesDeleted = true;
        deleted = handler;
        break;
      default:
        if (handlers.has(name)) refuse(`two handlers for ${name}`);
        definition.allEvents = false;
        definition.events.push(name);
        handlers.set(name, handler);
    }
  }

  const setters = {
    $includelinks(value) { definition.includeLinks = flag(value, "$includeLinks"); },
    reorderevents(value) { definition.reorderEvents = flag(value, "reorderEvents"); },
    processinglag(value) {
      if (typeof value !== "number") refuse("the option processingLag takes a number");
      definition.processingLag = value | 0;
    },
    resultstreamname(value) { definition.resultStream = textOf(value, "the option resultStreamName"); },
    bistate(value) { definition.biState = flag(value, "biState"); },
  };

  function flag(value, name) {
    if (typeof value !== "boolean") refuse(`the option ${name} takes true or false`);
    return value;
  }

  // What may follow what. A chain is one object, which offers only what may come next.
  const AFTER = {
    fromStream: ["when", "partitionBy", "outputState"],
    fromStreams: ["when", "partitionBy", "outputState"],
    fromAll: ["when", "partitionBy", "outputState", "foreachStream"],
    fromCategory: ["when", "partitionBy", "outputState", "foreachStream"],
    when: ["transformBy", "filterBy", "outputState", "outputTo", "$defines_state_transform"],
    foreachStream: ["when"],
    partitionBy: ["when"],
    outputState: ["transformBy", "filterBy", "outputTo"],
    transformBy: ["transformBy", "filterBy", "outputState", "outputTo"],
    filterBy: ["transformBy", "filterBy", "outputState", "outputTo"],
    outputTo: [],
    running: [],
  };
  const offered = {};
  let offeredAfter = "";
  // What may not come next is refused by its name, and not as something that is no function.
  const chain = new Proxy(offered, {
    get(target, name) {
      if (typeof name !== "string" || name in target) return target[name];
      const next = (AFTER[offeredAfter] ?? []).filter((link) => !link.startsWith("$"));
      const list = next.length === 0 ? "nothing may follow it" : `what may follow it: ${next.join(", ")}`;
      if (links[name] !== undefined) refuse(`${name} cannot follow ${offeredAfter}; ${list}`);
      const near = keys(links).find((known) => isNear(known.toLowerCase(), name.toLowerCase()));
      refuse(near === undefined ? `there is no ${name} behind ${offeredAfter}; ${list}` : `there is no ${name} here; did you mean ${near}?`);
    },
  });

  // One letter more, less or another, or two that changed places.
  function isNear(known, written) {
    let from = 0;
    while (from < known.length && known[from] === written[from]) from++;
    const [a, b] = [known.slice(from), written.slice(from)];
    return a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1) || (a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2));
  }

  function offer(after) {
    for (const name of keys(offered)) delete offered[name];
    for (const name of AFTER[after]) offered[name] = links[name];
    offeredAfter = after;
    return chain;
  }

  function transforms(kind, given, name) {
    steps.push([kind, functionOf(given, name)]);
    definition.transforms = true;
    definition.producesResults = true;
    return offer(name);
  }

  const links = {
    when(given) {
      if (given !== null && typeof given === "object") {
        for (const name of keys(given)) {
          if (typeof given[name] === "function") addHandler(name, given[name]);
          else if (name === "$init" || name === "$initShared") refuse(`${name} is no function here; write ${name}() { return … }, so that each state begins with one of its own`);
        }
      }
      definition.handlers = true;
      return offer("when");
    },
    partitionBy(given) {
      partitionFunction = functionOf(given, "partitionBy");
      definition.byFunction = true;
      return offer("partitionBy");
    },
    foreachStream() {
      definition.byStream = true;
      return offer("foreachStream");
    },
    outputState() {
      definition.producesResults = true;
      return offer("outputState");
    },
    transformBy(given) { return transforms("transform", given, "transformBy"); },
    filterBy(given) { return transforms("filter", given, "filterBy"); },
    outputTo(result, pattern) {
      if (arguments.length !== 1 && arguments.length !== 2) refuse("outputTo takes one name or two");
      definition.resultStream = textOf(result, "outputTo");
      if (arguments.length === 2) definition.partitionResultStream = textOf(pattern, "outputTo");
      return offer("outputTo");
    },
    $defines_state_transform() {
      definition.transforms = true;
      definition.producesResults = true;
    },
  };

  const definers = {
    options(given) {
      if (given === null || typeof given !== "object") return;
      for (const name of keys(given)) {
        const setter = setters[name.toLowerCase()];
        if (setter === undefined) refuse(`there is no option ${name}; there are $includeLinks, reorderEvents, processingLag, resultStreamName and biState`);
        setter(given[name]);
      }
    },
    fromStream(stream) {
      definition.streams.push(textOf(stream, "fromStream"));
      return offer("fromStream");
    },
    fromStreams(...given) {
      for (const stream of isArray(given[0]) ? given[0] : given) definition.streams.push(textOf(stream, "fromStreams"));
      return offer("fromStreams");
    },
    fromCategory(...given) {
      if (given.length === 0) return chain;
      if (given.length === 1 && !isArray(given[0])) definition.categories.push(textOf(given[0], "fromCategory"));
      else for (const category of isArray(given[0]) && given.length === 1 ? given[0] : given) definition.streams.push(`$ce-${textOf(category, "fromCategories")}`);
      return offer("fromCategory");
    },
    fromAll() {
      definition.allStreams = true;
      return offer("fromAll");
    },
    on_event(name, handler) {
      if (arguments.length !== 2) refuse("on_event takes an event's type and a function");
      addHandler(textOf(name, "on_event"), functionOf(handler, "on_event"));
    },
    on_any(handler) {
      if (arguments.length !== 1) refuse("on_any takes a function");
      addHandler("$any", functionOf(handler, "on_any"));
    },
  };
  definers.fromCategories = definers.fromCategory;
  for (const name of keys(definers)) global[name] = definers[name];

  // ---- what a handler may call -------------------------------------------------------------------------------------

  let emitted = [];
  let logs = [];
  let impure = null;
  const MOST_OUTPUT = 10000;

  function keep(list, item) {
    if (list.length >= MOST_OUTPUT) throw new RangeError(`one event may emit and log ${MOST_OUTPUT} times, and no more`);
    list.push(item);
    lying.setOutput(true);
  }

  function nameOf(value, name) {
    if (typeof value !== "string") refuse(`${name} must be a text`);
    if (value.trim() === "") refuse(`${name} must not be empty`);
    return value;
  }

  function objectOf(value, name) {
    if (value === null || (typeof value !== "object" && typeof value !== "function")) refuse(`${name} must be an object`);
    return value;
  }

  function extra(given) {
    const metadata = {};
    for (const name of keys(given)) if (given[name] !== undefined) metadata[name] = given[name];
    return text(metadata, "the metadata");
  }

  const callables = {
    emit(stream, type, body, metadata) {
      if (arguments.length < 3) refuse("emit takes a stream, a type and a body");
      nameOf(stream, "the stream that emit names");
      nameOf(type, "the type that emit names");
      const data = text(objectOf(body, "the body that emit is given"), "the body that emit is given");
      const more = arguments.length === 4 ? extra(objectOf(metadata, "the metadata that emit is given")) : null;
      keep(emitted, { kind: "event", stream, type, data, metadata: more });
    },
    linkTo(stream, event, metadata) {
      if (arguments.length !== 2 && arguments.length !== 3) refuse("linkTo takes a stream and an event");
      nameOf(stream, "the stream that linkTo names");
      objectOf(event, "the event that linkTo is given");
      const { sequenceNumber, streamId } = event;
      if (typeof sequenceNumber !== "number" || typeof streamId !== "string") refuse("linkTo is given something that is no event");
      const more = arguments.length === 3 ? extra(objectOf(metadata, "the metadata that linkTo is given")) : null;
      keep(emitted, { kind: "link", stream, type: "$>", data: `${Math.trunc(sequenceNumber)}@${streamId}`, metadata: more });
    },
    linkStreamTo(stream, linked) {
      nameOf(stream, "the stream that linkStreamTo names");
      nameOf(linked, "the stream that linkStreamTo links");
      keep(emitted, { kind: "stream-link", stream, type: "$@", data: linked, metadata: null });
    },
    copyTo() {},
  };

  function spoken(value) {
    if (value !== null && (typeof value === "object" || typeof value === "function")) {
      try {
        return text(value, "what is logged");
      } catch {
        return String(value);
      }
    }
    return String(value);
  }

  global.log = function log(...given) {
    if (given.length > 0) keep(logs, given.map(spoken).join(" "));
  };

  // ---- the event and the state -------------------------------------------------------------------------------------

  // Made behind the event's own part, which it takes texts from.
  let lying;
  const { Event, handing, texts } = events((asked) => {
    impure ??= asked;
    lying.setOutput(true);
  }, head);
  // Told by the toll, which comes last.
  let isProxy = () => false;
  const values = json((value) => (value instanceof Event ? value.toJSON() : value), { again: time.again, long: time.long, isProxy: (value) => isProxy(value) });
  const { text } = values;
  lying = states(values, changes, answers, texts, time, head);
  const { current } = lying;

  // What such a function answers is in no promise, which would be taken for an answer of its own.
  function kept(answer, name) {
    if (typeof answer === "object" && answer !== null && typeof answer.then === "function" && typeof answer.catch === "function") {
      throw new TypeError(`what ${name} answers is a promise; a handler must not be async`);
    }
    return answer;
  }

  function partition(event) {
    const found = kept(partitionFunction(event), "partitionBy");
    if (typeof found === "string" && !found.isWellFormed()) throw new TypeError("partitionBy answers half of a surrogate pair, which is no letter");
    return typeof found === "string" ? found : typeof found === "number" ? String(found) : null;
  }

  // ---- what the host calls -----------------------------------------------------------------------------------------

  const host = {
    current,
    isEvent(value) { return value instanceof Event; },
    seal() {
      offer("running");
      for (const name of keys(definers)) delete global[name];
      for (const name of keys(callables)) global[name] = callables[name];
      if (logs.length > 0 || emitted.length > 0) { logs = []; emitted = []; }
      const { allStreams, categories, streams, events } = definition;
      if (!allStreams && !definition.handlers && categories.length + streams.length + events.length + created.length === 0 && any === undefined && init === undefined) {
        throw new Error("this file defines no projection; begin with fromAll().when({ … })");
      }
      definition.hasCreated = created.length > 0;
      if (definition.biState) lying.share();
      // What is given an event, as it is written, and at which place among its parameters: the handlers first.
      const takers = [];
      for (const handler of handlers.values()) takers.push([apply(sourceText, handler, []), 1]);
      if (any !== undefined) takers.push([apply(sourceText, any, []), 1]);
      if (partitionFunction !== undefined) takers.push([apply(sourceText, partitionFunction, []), 0]);
      return stringify({ ...definition, hasAny: any !== undefined, takers });
    },
    // What the host calls for each of `takers`, of which it has told: the fields of the state that it can get at, null where
    // that is not known; whether it may be lent an event; whether it asks for few of an event's texts. At the end, what takes
    // an event where no handler does.
    takers(told) {
      const isWatched = lying.isWatched();
      const made = [];
      let at = 0;
      const given = parse(told);
      for (const handler of any === undefined ? handlers.values() : [...handlers.values(), any]) {
        const asks = given[at++];
        const keeps = asks.fields === null || isWatched ? null : lying.keeper(asks.fields);
        made.push(asks.lent && !isWatched ? lying.lendingTo(handler, asks, keeps) : handing(lying.taker(handler, keeps)));
      }
      if (partitionFunction !== undefined) {
        const asks = given[at];
        made.push(asks.lent && !isWatched ? lying.lending(partition, asks) : handing(partition));
      }
      made.push((body) => {
        lying.set(body);
        return lying.hasOutput();
      });
      return made;
    },
    begin() {
      lying.begin(init === undefined ? {} : init());
    },
    beginShared() {
      lying.beginShared(initShared === undefined ? {} : initShared());
    },
    load: lying.load,
    loadShared: lying.loadShared,
    // Behind a call that had to be ended: what lies there is nobody's state.
    letGo: lying.letGo,
    created: handing((event) => {
      lying.open();
      for (const handler of created) handler(current(), event);
    }),
    deleted(partition) {
      lying.open();
      deleted(current(), null, partition, false);
      lying.show();
      lying.settle();
    },
    describe: lying.describe,
    watch: lying.watch,
    told: lying.told,
    state: lying.state,
    shared: lying.shared,
    result() {
      let result = lying.lent();
      for (const [kind, step] of steps) {
        const next = step(result);
        if (kind === "filter") {
          if (kept(next, "filterBy") !== true) return null;
        } else {
          result = next;
        }
        if (result === null || result === undefined) return null;
      }
      return result === null || result === undefined ? null : text(result, "the result");
    },
    // What each step from the state to the result answers, one after the other.
    answers() {
      const answers = [];
      let result = current();
      for (const [kind, step] of steps) {
        const next = step(result);
        const isPassed = kind === "filter" ? next === true : next !== null && next !== undefined;
        answers.push({ kind, text: next === null || next === undefined ? null : text(next, `what a ${kind} answers`) });
        if (!isPassed) break;
        if (kind === "transform") result = next;
      }
      return stringify(answers);
    },
    take() {
      const taken = stringify({ emitted, logs, impure });
      emitted = [];
      logs = [];
      impure = null;
      lying.setOutput(false);
      return taken;
    },
  };

  // ---- no source from texts ----------------------------------------------------------------------------------------

  delete global.eval;
  delete global.performance;
  // They tell when memory is given back.
  delete global.WeakRef;
  delete global.FinalizationRegistry;
  const noSource = function Function() { throw new TypeError("a projection cannot make functions out of texts"); };
  for (const sample of [function () {}, function* () {}, async function () {}, async function* () {}]) {
    defineProperty(getPrototypeOf(sample), "constructor", { value: noSource, writable: false, configurable: false });
  }
  noSource.prototype = getPrototypeOf(function () {});
  global.Function = noSource;

  ({ isProxy } = toll(time.isOver));

  return host;
})
