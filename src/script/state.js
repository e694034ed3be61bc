// The state that handlers work on, and the event that they are lent. Evaluated before the prelude, which calls the function
// that this gives. Both lie in one function: what runs for every event gets at them without a call.
//
// A state is what its JSON says, whether it stays here for the next event or is kept as text until then: whatever else it was
// (two fields that are one object, a date, a field that is undefined, something frozen) ends with the event. What that takes:
// - Where a handler's own text tells which fields it can get at, and all of them are plain, a look at these fields.
// - Where the state is large or has plain fields alone, it is handed over through proxies, which tell what was set. What is
//   answered in its place is held against it. Whatever the source keeps of it makes the next event's state one of its own.
// - Else it is made text behind the event, and read again before the next.
(function () {
  "use strict";
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const includes = Function.prototype.call.bind(String.prototype.includes);
  const { hasOwn, getOwnPropertyDescriptor, defineProperty: defineField } = Object;
  // It is taken from projections later on.
  const Maker = Function, OwnProxy = Proxy, OwnWeakRef = WeakRef;
  const { set: setIn, deleteProperty, defineProperty, setPrototypeOf, preventExtensions } = Reflect;

  // A state whose text is longer is handed over through proxies: to make text of it and to read that takes longer.
  const LARGE = 250;

  // What is answered in the place of one whose text is longer is held against it: of less, to make text takes no longer.
  const LONG = 1000;

  // What is held in so many events is held in the next, too.
  const MOST_PASSED = 255;

  // Of a state whose text is longer, the host is told what was changed, and no text is made of all of it.
  const TOLD = 16384;

  // `json` makes texts of values, `texts` what is told of an event's, `long` gives the making of a text time of its own, `collect` lets go of what only holds itself, and `head` is asked for what few handlers ask for.
  return function states(json, changesOf, answersOf, texts, { long, collect }, head) {
    const { check, written, stateText, isJson, isBare } = json;
    const { idIn, metadataIn, timeText } = texts;
    // Whether something was emitted or logged that the host has not taken yet.
    let hasOutput = false;

    // ---- the event at hand -------------------------------------------------------------------------------------------

    // What of it handlers can get at that are lent it, and what was read of that. What is not handed over, none gets at.
    let body, isJsonBody, type, stream, category, partition, rest, readBody, readMetadata;

    function bodyOf() {
      if (readBody === undefined && isJsonBody && body !== null) readBody = parse(body);
      return readBody;
    }

    // One object for all events. It is given only to functions whose own text tells that they name fields of it while
    // they run and let it go nowhere else, so that nobody has it when it is another event.
    const lent = {
      get streamId() { return stream; },
      get sequenceNumber() { return head.number(); },
      get eventType() { return type; },
      get isJson() { return isJsonBody; },
      get bodyRaw() { return body; },
      get partition() { return partition; },
      get category() { return category; },
      get created() { return timeText(head.micros()); },
      get eventId() { return idIn(rest); },
      get metadataRaw() { return metadataIn(rest); },
      get metadata() {
        if (readMetadata === undefined) {
          const text = metadataIn(rest);
          readMetadata = text === null ? null : parse(text);
        }
        return readMetadata;
      },
      get linkMetadata() { return null; },
      get linkMetadataRaw() { return null; },
    };
    for (const name of ["body", "data"]) defineField(lent, name, { get: bodyOf });

    // What the host calls to lend `use` an event: with the texts that it asks for.
    function lending(use, { body: asksBody, few }) {
      if (!few) {
        return (newBody, newIsJson, newType, newStream, newCategory, newPartition, newRest) => {
          body = newBody;
          isJsonBody = newIsJson;
          type = newType;
          stream = newStream;
          category = newCategory;
          partition = newPartition;
          rest = newRest;
          readBody = readMetadata = undefined;
          return use(lent);
        };
      }
      if (!asksBody) return () => use(lent);
      return (newBody, newIsJson) => {
        body = newBody;
        isJsonBody = newIsJson;
        readBody = undefined;
        return use(lent);
      };
    }

    // ---- what lies here ----------------------------------------------------------------------------------------------

    let state, shared;
    let isShared = false;
    // The texts, where they were made behind the last event.
    let kept, keptShared;
    // Whether what lies here may be more than its text says.
    let isStale = false, isSharedStale = false;
    // Whether nobody else holds a part of the state, and it is nothing besides what its text says.
    let isClean = false;
    // Whether all that it has are numbers, texts, booleans and nulls.
    let isFlat = false;
    let isLarge = false, isLong = false;
    // What was changed since the host was told last.
    const changes = changesOf();
    // Is shown what a handler left, before that is made what its JSON says.
    let watcher = null;

    function read(text) {
      return text === null ? null : parse(text);
    }

    // What lies here is what its text says.
    function lie() {
      if (isStale) {
        isStale = false;
        state = read(kept);
        isClean = state !== null && typeof state === "object";
      }
      if (isSharedStale) {
        isSharedStale = false;
        shared = read(keptShared);
      }
    }

    function keep(text) {
      kept = text;
      state = undefined;
      isStale = true;
      isClean = false;
      changes.forget();
      isLarge = text !== null && text.length > LARGE;
      isLong = text !== null && text.length > LONG;
      // Brackets in a text only make it slower.
      isFlat = !isShared && text !== null && text.length <= TOLD && text[0] === "{" && !includes(text, "{", 1) && !includes(text, "[");
    }

    function keepShared(text) {
      keptShared = text;
      shared = undefined;
      isSharedStale = true;
    }

    // A text that is JSON is taken for the state that it spells.
    function settle() {
      if (state === null || state === undefined) keep(null);
      else keep(typeof state === "string" && isJson(state) ? spelled(state) : stateText(state, "the state"));
      if (isShared && !isSharedStale) settleShared();
    }

    // The host puts what is changed of a long one into what it has read of it, which is to have its fields in the order and
    // its numbers in the spelling that they have here.
    function spelled(given) {
      if (given.length <= TOLD) return given;
      if (isBare(null)) long();
      return stringify(parse(given));
    }

    function settleShared() {
      keepShared(shared === null || shared === undefined ? null : stateText(shared, "the shared state"));
    }

    function hand() {
      lie();
      kept = undefined;
      isClean = false;
    }

    // Something is about to work on the state itself.
    function open() {
      hand();
      changes.forget();
    }

    // The host has the text, and is told from now on what comes to differ from it.
    function isTold() {
      if (kept === null || kept === undefined || kept.length <= TOLD || isShared || watcher !== null) return;
      isFlat = false;
      changes.begin();
    }

    function note(target, key, went) {
      if (changes.areKnown()) changes.note(target, key, went, known, state);
    }

    function show() {
      if (watcher !== null) watcher(isShared ? [state, shared] : state);
    }

    function current() {
      lie();
      return isShared ? [state, shared] : state;
    }

    function isPlain(value) {
      switch (typeof value) {
        case "number": return value - value === 0 && (value !== 0 || 1 / value > 0);
        case "string": return value.isWellFormed();
        case "boolean": return true;
        default: return value === null;
      }
    }

    // A field of such a name is found at once. By nothing that a projection could have made another by now.
    function isWord(name) {
      for (let i = 0; i < name.length; i++) {
        const letter = name[i];
        const isLetter = (letter >= "a" && letter <= "z") || (letter >= "A" && letter <= "Z") || letter === "_";
        if (!isLetter && !(i > 0 && letter >= "0" && letter <= "9")) return false;
      }
      return name !== "";
    }

    // Tells whether a state that was flat still is, behind a handler that can get at these fields of it and at no others.
    // Made for these fields: it runs with every event.
    function keeper(fields) {
      const looks = fields.map((field) => {
        const name = stringify(field);
        return `value = state${isWord(field) ? `.${field}` : `[${name}]`}; if (typeof value === "number" ? value - value !== 0 || (value === 0 && 1 / value < 0) : !isPlain(value) && (value !== undefined || ${name} in state)) return false;`;
      });
      return new Maker("isPlain", `"use strict"; return (state) => { let value; ${looks.join(" ")} return true; }`)(isPlain);
    }

    // ---- proxies -----------------------------------------------------------------------------------------------------

    // Whether more was done than setting fields to what JSON can hold.
    let isOdd = false;

    function isName(key) {
      return typeof key === "string" && key !== "__proto__" && key.isWellFormed();
    }

    const odd = {
      defineProperty(target, key, given) {
        isOdd = true;
        return defineProperty(target, key, given);
      },
      setPrototypeOf(target, given) {
        isOdd = true;
        return setPrototypeOf(target, given);
      },
      preventExtensions(target) {
        isOdd = true;
        return preventExtensions(target);
      },
    };

    // The flat state that is handed over.
    let flatProxy;
    // What is alive for as long as anybody has a part of the state that was handed over in this event.
    let atWork, alive;
    // How many events are to pass before what seems to be held is collected again, and how many the last time.
    let passes = 0, passed = 0;

    const flatTraps = {
      ...odd,
      set(target, key, value, receiver) {
        if (receiver !== flatProxy) return setIn(target, key, value, receiver);
        if (!isPlain(value) || !isName(key)) isOdd = true;
        return setIn(target, key, value);
      },
    };

    // Of each object that was handed over in this event: its proxy, and how deep it lies.
    const known = new Map();
    // The other way round, for as long as anybody has it.
    const targets = new WeakMap();
    // Objects that were put into the state in this event, and where: an object, its key and how deep that lies.
    const fresh = new Set();
    let slots = [];

    function handed(target, depth, parent, key) {
      let found = known.get(target);
      if (found === undefined) {
        found = { proxy: new OwnProxy(target, atWork), depth, parent, key };
        known.set(target, found);
        targets.set(found.proxy, target);
      }
      return found.proxy;
    }

    const traps = {
      ...odd,
      get(target, key) {
        const value = target[key];
        if (typeof value !== "object" || value === null || isOdd || typeof key === "symbol") return value;
        // What all objects inherit, unless JSON had a field of that name.
        if (key === "__proto__" && !hasOwn(target, key)) return value;
        if (fresh.has(value) || targets.has(value)) return value;
        return handed(value, (known.get(target)?.depth ?? 0) + 1, target, key);
      },
      set(target, key, value, receiver) {
        if (targets.get(receiver) !== target) return setIn(target, key, value, receiver);
        if (!isName(key)) isOdd = true;
        else if (isArray(target)) {
          const place = key >>> 0;
          if (key === "length" ? value > target.length : String(place) !== key || place > target.length) isOdd = true;
        }
        if (!isPlain(value)) {
          if (value === undefined) slots.push(target, key, 0);
          else if (typeof value !== "object") isOdd = true;
          else {
            if (!targets.has(value)) fresh.add(value);
            slots.push(target, key, (known.get(target)?.depth ?? 0) + 1);
          }
        }
        note(target, key, false);
        return setIn(target, key, value);
      },
      deleteProperty(target, key) {
        if (isArray(target)) {
          const place = key >>> 0;
          // A place that is empty at the end of the event is null there.
          if (String(place) !== key) isOdd = true;
          else slots.push(target, key, 0);
        }
        note(target, key, true);
        return deleteProperty(target, key);
      },
    };

    // What these give is no proxy.
    for (const [owner, name] of [[Object, "getOwnPropertyDescriptor"], [Object, "getOwnPropertyDescriptors"], [Reflect, "getOwnPropertyDescriptor"]]) {
      const own = owner[name];
      owner[name] = { [name](...given) { isOdd = true; return own(...given); } }[name];
    }

    // The state as it is handed to a handler of which it is not known which fields it can get at.
    function watched() {
      isOdd = false;
      if (slots.length > 0) slots = [];
      if (!isFlat) {
        fresh.clear();
        known.clear();
        atWork = { __proto__: traps };
        alive = new OwnWeakRef(atWork);
        return handed(state, 0, null, "");
      }
      flatProxy = new OwnProxy(state, flatTraps);
      alive = new OwnWeakRef(flatProxy);
      return flatProxy;
    }

    // Whether the source kept a part of what it was handed: behind the event that is a state of its own.
    function isHeld() {
      atWork = flatProxy = undefined;
      known.clear();
      if (alive.deref() === undefined) return false;
      if (passes > 0) passes--;
      else {
        collect();
        if (alive.deref() === undefined) {
          passed = 0;
          return false;
        }
        passes = passed = passed < MOST_PASSED ? passed * 2 + 1 : passed;
      }
      return true;
    }

    const answered = answersOf(json, { targets, known, isPlain, isName });

    // Makes what was set what its JSON says. False where the whole state has to be looked at.
    function isSettled() {
      if (isOdd) return false;
      for (let i = 0; i < slots.length; i += 3) {
        const target = slots[i], key = slots[i + 1];
        const value = target[key];
        if (value !== undefined && (typeof value !== "object" || value === null)) continue;
        let made;
        if (value !== undefined) {
          try {
            check(value, "", new Array(slots[i + 2]).fill(null));
            made = written(value, "");
          } catch {
            // It is said with the whole way to it, if it is part of the state at all.
            return false;
          }
        }
        if (made !== undefined) target[key] = parse(made);
        else if (isArray(target)) {
          if (key < target.length) target[key] = null;
        } else {
          // Where it comes again, it stands behind the others.
          note(target, key, true);
          delete target[key];
        }
      }
      return true;
    }

    // The same where a handler answered another object than the one that it was handed.
    function isAnswered(next, before) {
      if (!isLong || isFlat || isOdd || slots.length > 0 || typeof next !== "object" || next === null || targets.has(next)) return false;
      state = before;
      const made = isBare(null) ? answered(next, before, note) : null;
      state = made ?? next;
      return made !== null;
    }

    // Lets a handler take events, and answers whether there is output. Of one that can get at some fields alone, `keeps` looks at these.
    function taker(run, keeps) {
      return (event) => {
        if (isStale) lie();
        if (isClean && isFlat && keeps !== null) {
          kept = undefined;
          isClean = false;
          const next = run(state, event);
          if ((next === undefined || next === state) && keeps(state)) {
            isClean = true;
            return hasOutput;
          }
          if (next !== undefined) state = next;
          settle();
          return hasOutput;
        }
        const isWatched = isClean && (isFlat || isLarge) && !isShared;
        if (isWatched) hand();
        else open();
        if (isShared) {
          const next = run([state, shared], event);
          if (isArray(next)) [state, shared] = next;
          else if (next !== undefined) state = next;
          show();
          settle();
          return hasOutput;
        }
        const before = state;
        let given = isWatched ? watched() : state;
        let next = run(given, event);
        const isAnother = next !== undefined && next !== given;
        if (isAnother) state = next;
        show();
        if (isWatched && (isAnother ? isAnswered(next, before) : isSettled())) {
          given = next = undefined;
          isClean = true;
          if (!isHeld()) return hasOutput;
        }
        settle();
        return hasOutput;
      };
    }

    // ---- what is done with it ----------------------------------------------------------------------------------------

    return {
      told() {
        if (!isClean || isStale || !isBare(null)) return null;
        long();
        return changes.told(state);
      },
      describe: getOwnPropertyDescriptor,
      hasOutput: () => hasOutput,
      setOutput(has) { hasOutput = has; },
      watch(given) { watcher = given; },
      isWatched: () => watcher !== null,
      show,
      keeper,
      current,
      settle,
      open,
      share() { isShared = true; },
      begin(value) {
        isStale = false;
        state = value;
        settle();
      },
      beginShared(value) {
        isSharedStale = false;
        shared = value;
        settleShared();
      },
      load(text) {
        keep(text);
        isTold();
      },
      loadShared: keepShared,
      letGo() {
        keep(null);
        if (isShared) keepShared(null);
        atWork = flatProxy = undefined;
        slots = [];
        fresh.clear();
        known.clear();
      },
      taker,
      lending,
      // The same of an event that a handler is lent.
      lendingTo(run, asks, keeps) {
        const take = taker(run, keeps);
        if (!asks.few || keeps === null || isShared) return lending(take, asks);
        // Most projections consist of such handlers: all that is done for an event, in one function.
        const { body: asksBody } = asks;
        return (newBody, newIsJson) => {
          if (asksBody) {
            body = newBody;
            isJsonBody = newIsJson;
            readBody = undefined;
          }
          if (isStale || !isClean || !isFlat) return take(lent);
          kept = undefined;
          isClean = false;
          const next = run(state, lent);
          if ((next === undefined || next === state) && keeps(state)) {
            isClean = true;
            return hasOutput;
          }
          if (next !== undefined) state = next;
          settle();
          return hasOutput;
        };
      },
      // Nothing goes on with it: it stays as it is spelled.
      set(value) {
        isStale = false;
        state = value;
        if (!isShared && typeof value === "string" && isJson(value)) keep(value);
        else settle();
      },
      state() {
        if (kept === undefined) {
          if (isClean) {
            // What is clean holds nothing of the source's, unless it put that into what all objects inherit.
            if (isLarge && isBare(null)) long();
            kept = stringify(state);
          }
          else settle();
        }
        isTold();
        return kept;
      },
      shared() {
        if (kept === undefined) settle();
        return keptShared;
      },
      // For what works on the state and has no say in the next event.
      lent() {
        if (kept === undefined) settle();
        const lent = current();
        isStale = true;
        isSharedStale = isShared;
        return lent;
      },
    };
  };
})()
