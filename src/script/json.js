// Values as JSON, and what is said of those that JSON cannot hold. Evaluated before the prelude, which calls the function that
// this gives.
(function () {
  "use strict";
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const { isFinite } = Number;
  const { getPrototypeOf, getOwnPropertyDescriptor, hasOwn, prototype: ofObjects } = Object;
  const { ownKeys } = Reflect;
  const { prototype: ofLists } = Array;
  const inherited = ownKeys(ofObjects).length + ownKeys(ofLists).length;
  // The engine's own, which pays for nothing.
  const includes = Function.prototype.call.bind(String.prototype.includes);
  const { keys } = Object;

  const MOST_NESTED = 64;

  // So many values are gone through between two extensions of the time.
  const PACE = 4096;
  // What has less needs none.
  const MANY_LETTERS = 100000;

  // `shown` gives what an event shows of itself in JSON, and any other value as it is. `again` gives as much time as a
  // handler has, from now on, `long` what the text of a large state may take, and `isProxy` knows those of the source.
  return function json(shown, { again, long, isProxy }) {
    let values = 0, letters = 0;
    // Whether what goes through values is given more time as it goes: each function of the source that runs on the way has
    // only that of a handler.
    let isPaced = false;

    function at(path) {
      return path.length === 0 ? "" : ` at ${path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("").replace(/^\./, "")}`;
    }

    // JSON would pass over in silence what it cannot hold.
    function check(value, what, path) {
      if (++values % PACE === 0 && isPaced) again();
      switch (typeof value) {
        case "object": break;
        case "string":
          letters += value.length;
          return;
        case "number":
          if (isFinite(value)) return;
          throw new TypeError(`${what} holds ${value}${at(path)}, which is no number in JSON`);
        case "function": throw new TypeError(`${what} holds a function${at(path)}, which JSON cannot hold`);
        case "bigint": throw new TypeError(`${what} holds a BigInt${at(path)}, which JSON cannot hold; keep its text`);
        case "symbol": throw new TypeError(`${what} holds a symbol${at(path)}, which JSON cannot hold`);
        default: return;
      }
      if (value === null) return;
      if (path.length >= MOST_NESTED) throw new RangeError(`${what} is nested deeper than ${MOST_NESTED}, or holds itself`);
      value = shown(value);
      if (typeof value.then === "function" && typeof value.catch === "function") {
        throw new TypeError(path.length === 0 ? `${what} is a promise; a handler must not be async` : `${what} holds a promise${at(path)}; a handler must not be async`);
      }
      path.push(null);
      const last = path.length - 1;
      if (isArray(value)) {
        for (let i = 0; i < value.length; i++) {
          path[last] = i;
          check(value[i], what, path);
        }
      } else {
        // What it inherits is no part of it, in JSON either.
        const names = keys(value);
        for (let i = 0; i < names.length; i++) {
          const name = names[i];
          path[last] = name;
          check(value[name], what, path);
        }
      }
      path.pop();
    }

    function isJson(given) {
      try {
        parse(given);
        return true;
      } catch {
        return false;
      }
    }

    // Half of a pair of surrogates, which JSON spells as an escape and few others read.
    const HALF = /(?:^|[^\\])(?:\\\\)*\\ud[89a-f]/;

    function written(value, what) {
      const made = stringify(value);
      if (made !== undefined && includes(made, "\\ud") && HALF.test(made)) throw new TypeError(`${what} holds half of a surrogate pair, which is no letter`);
      return made;
    }

    function text(value, what) {
      check(value, what, []);
      return written(value, what);
    }

    // Whether nothing of the source can run where this is made text.
    function isBare(value) {
      return ownKeys(ofObjects).length + ownKeys(ofLists).length === inherited && isBareInside(value);
    }

    function isBareInside(value) {
      if (typeof value !== "object" || value === null) return true;
      if (isProxy(value)) return false;
      const kind = getPrototypeOf(value);
      if (kind !== ofObjects && kind !== ofLists && kind !== null) return false;
      const names = ownKeys(value);
      for (let i = 0; i < names.length; i++) {
        if (++values % PACE === 0) again();
        const field = getOwnPropertyDescriptor(value, names[i]);
        if (!hasOwn(field, "value") || typeof field.value === "function" || !isBareInside(field.value)) return false;
      }
      return true;
    }

    // The text of a state, which may take long where the state is large. What of the source runs meanwhile may not.
    function stateText(value, what) {
      values = letters = 0;
      isPaced = true;
      again();
      try {
        check(value, what, []);
        if (values >= PACE || letters >= MANY_LETTERS) {
          again();
          if (isBare(value)) long();
        }
        return written(value, what);
      } finally {
        isPaced = false;
      }
    }

    return { check, written, text, stateText, isJson, isBare, again, isProxy };
  };
})()
