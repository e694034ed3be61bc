// What handlers answer in the place of a large state, `{ ...s, paid: true }`: the same object with some fields others is not made
// text, but what differs is put into the state that there was. Evaluated before the prelude, which calls the function that
// this gives.
(function () {
  "use strict";
  const { parse } = JSON;
  const { isArray, prototype: ofLists } = Array;
  const { keys, hasOwn, getPrototypeOf, getOwnPropertyDescriptor, prototype: ofObjects } = Object;

  // What went.
  const GONE = {};
  // Between two extensions of the time.
  const PACE = 4096;

  function isIndex(key) {
    return String(key >>> 0) === key && key !== "4294967295";
  }

  // `targets` has of each proxy what it stands for, and `known` what was handed over in this event. `isPlain` tells of a value
  // that it is nothing but what JSON says of it, `isName` the same of a key.
  return function answers({ check, written, again, isProxy }, { targets, known, isPlain, isName }) {
    let looked = 0;

    // Adds `target, key, value` for each field that is to become another, so that `target` says what the JSON of `next` does. False
    // where that is not known. Nothing is changed yet: what is put elsewhere is still what it was.
    function differs(next, target, depth, list) {
      if (isProxy(next)) return false;
      const kind = getPrototypeOf(next);
      if (isArray(target)) {
        if (!isArray(next) || kind !== ofLists) return false;
        const { length } = next;
        for (let i = 0; i < length; i++) {
          if (!fieldDiffers(next, String(i), target, i < target.length, depth, list)) return false;
        }
        if (length < target.length) list.push(target, "length", length);
        return true;
      }
      if (isArray(next) || kind !== ofObjects) return false;
      const before = keys(target), now = keys(next);
      let at = 0;
      for (let i = 0; i < now.length; i++) {
        const key = now[i];
        while (at < before.length && before[at] !== key && !hasOwn(next, before[at])) list.push(target, before[at++], GONE);
        const isThere = at < before.length && before[at] === key;
        if (isThere) at++;
        // In another order it is another text.
        else if (!isName(key) || hasOwn(target, key) || (at < before.length && !isIndex(key))) return false;
        if (!fieldDiffers(next, key, target, isThere, depth, list)) return false;
      }
      while (at < before.length) list.push(target, before[at++], GONE);
      return true;
    }

    function fieldDiffers(next, key, target, isThere, depth, list) {
      if (++looked % PACE === 0) again();
      const field = getOwnPropertyDescriptor(next, key);
      if (field === undefined || !hasOwn(field, "value") || key === "__proto__") return false;
      const { value } = field;
      if (typeof value !== "object" || value === null) {
        if (!isPlain(value)) return false;
        if (!isThere || target[key] !== value) list.push(target, key, value);
        return true;
      }
      const there = isThere ? target[key] : null;
      const own = targets.get(value);
      if (own !== undefined) {
        if (own === there) return true;
      } else if (known.has(there)) {
        const { length } = list;
        if (differs(value, there, depth + 1, list)) return true;
        list.length = length;
      }
      // It is new, or stood elsewhere.
      check(value, "", new Array(depth + 1).fill(null));
      const made = written(value, "");
      if (made === undefined) return false;
      list.push(target, key, parse(made));
      return true;
    }

    // Whoever kept the state that there was has it as it was.
    function copyOf(target, copies) {
      let copy = copies.get(target);
      if (copy !== undefined) return copy;
      if (isArray(target)) {
        copy = [];
        for (let i = 0; i < target.length; i++) copy[i] = target[i];
      } else {
        copy = { ...target };
      }
      copies.set(target, copy);
      const { parent, key } = known.get(target);
      if (parent !== null) copyOf(parent, copies)[key] = copy;
      return copy;
    }

    // The state that `next` says, of which what is as it was is shared with the one that there was. Null where the whole of it has
    // to be looked at. Tells `note` of each field.
    return function answered(next, state, note) {
      const list = [];
      looked = 0;
      again();
      try {
        if (!differs(next, state, 0, list)) return null;
      } catch {
        // It is said with the whole way to it.
        return null;
      }
      const copies = new Map();
      for (let i = 0; i < list.length; i += 3) {
        const target = list[i], key = list[i + 1], value = list[i + 2];
        note(target, key, value === GONE);
        if (value === GONE) delete copyOf(target, copies)[key];
        else copyOf(target, copies)[key] = value;
      }
      return copyOf(state, copies);
    };
  };
})()
