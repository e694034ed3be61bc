// What the marks in a source call: notes which steps run, and what each changes in the state. Evaluated behind the prelude,
// whose functions it is given, and before the source. It reads the state and never touches it: no getter of it runs, and no
// object of it is wrapped. `noMore` is called when no more steps are told.
(function (host, name, marks, MOST_STEPS, noMore) {
  "use strict";
  const { stringify } = JSON;
  const { isArray } = Array;
  const { is, keys, defineProperty } = Object;
  const getOwnPropertyDescriptor = host.describe;

  // Changes that one step tells, and all of them.
  const MOST_OF_STEP = 200, MOST_CHANGES = 20000;
  // A state of more values is compared by its uppermost fields alone, and so is any once so many values were looked at.
  const MOST_VALUES = 20000, MOST_LOOKS = 300000;
  const MOST_NESTED = 64;
  const MOST_LETTERS = 4000;

  // ---- the state as it was when it was last looked at ---------------------------------------------------------------

  // A copy of an object or a list: what stood at each of its keys.
  class Copy {
    constructor(isList) {
      this.isList = isList;
      this.kept = new Map();
    }
  }

  const ABSENT = { absent: true };
  let looks = 0;
  let isCoarse = false;

  function opened(value) {
    return host.isEvent(value) ? value.toJSON() : value;
  }

  // Each value of an object or a list that JSON would show, without running anything of it.
  function each(value, visit) {
    if (isArray(value)) {
      for (let i = 0; i < value.length && looks <= MOST_LOOKS; i++) visit(i, own(value, i) ?? null);
      return;
    }
    for (const key of keys(value)) {
      const item = own(value, key);
      if (item !== undefined) visit(key, item);
    }
  }

  function own(value, key) {
    const found = getOwnPropertyDescriptor(value, key);
    return found === undefined ? undefined : found.value;
  }

  function isObject(value) {
    return value !== null && typeof value === "object";
  }

  // Whether there are more values in it than are compared one by one.
  function isLarge(value) {
    let seen = 0;
    const count = (item, depth) => {
      seen++;
      if (seen <= MOST_VALUES && depth < MOST_NESTED && isObject(item)) each(item, (_, inner) => count(inner, depth + 1));
    };
    count(value, 0);
    return seen > MOST_VALUES;
  }

  function copied(value, depth) {
    looks++;
    if (value === undefined) return ABSENT;
    if (!isObject(value)) return value;
    if (depth > 0 && (isCoarse || looks > MOST_LOOKS)) return value;
    value = opened(value);
    const copy = new Copy(isArray(value));
    if (depth < MOST_NESTED) each(value, (key, item) => copy.kept.set(key, copied(item, depth + 1)));
    return copy;
  }

  // Tells what differs, and gives back what stands there now.
  function compared(was, value, path) {
    looks++;
    if (value === undefined) value = ABSENT;
    else if (isObject(value) && !(isCoarse && path.length > 0)) {
      value = opened(value);
      const isList = isArray(value);
      if (was instanceof Copy && was.isList === isList) {
        comparedInside(was, value, path);
        return was;
      }
      const copy = copied(value, path.length);
      // The first state of all is told field by field.
      if (path.length === 0 && !isList && (was === ABSENT || was === null)) {
        for (const [key, item] of copy.kept) change([key], ABSENT, item);
        if (copy.kept.size === 0) change([], was, copy);
      } else {
        change(path, was, copy);
      }
      return copy;
    }
    if (!is(was, value) && was !== value) change(path, was, value);
    return value;
  }

  function comparedInside(was, value, path) {
    if (path.length >= MOST_NESTED) return;
    const { kept } = was;
    let known = 0;
    const place = path.length;
    each(value, (key, item) => {
      path.length = place;
      path.push(key);
      if (kept.has(key)) {
        known++;
        kept.set(key, compared(kept.get(key), item, path));
      } else {
        known++;
        const copy = copied(item, path.length);
        kept.set(key, copy);
        change(path, ABSENT, copy);
      }
    });
    path.length = place;
    if (known === kept.size) return;
    const there = new Set();
    each(value, (key) => there.add(key));
    for (const [key, item] of kept) {
      if (there.has(key)) continue;
      kept.delete(key);
      path.push(key);
      change(path, item, ABSENT);
      path.pop();
    }
  }

  // ---- values as they are told --------------------------------------------------------------------------------------

  class TooLong extends Error {}

  function told(value) {
    if (value === ABSENT) return null;
    const written = { text: "" };
    try {
      write(value, written);
    } catch (error) {
      if (!(error instanceof TooLong)) throw error;
      return `${written.text.slice(0, MOST_LETTERS)}…`;
    }
    return written.text;
  }

  function put(written, text) {
    written.text += text;
    if (written.text.length > MOST_LETTERS) throw new TooLong();
  }

  function write(value, written) {
    if (value instanceof Copy) {
      let isFirst = true;
      put(written, value.isList ? "[" : "{");
      for (const [key, item] of value.kept) {
        if (!isFirst) put(written, ",");
        isFirst = false;
        if (!value.isList) put(written, `${stringify(key)}:`);
        write(item, written);
      }
      put(written, value.isList ? "]" : "}");
      return;
    }
    switch (typeof value) {
      case "string": put(written, stringify(value.length > MOST_LETTERS ? value.slice(0, MOST_LETTERS) : value)); break;
      case "function": put(written, "function"); break;
      case "bigint": put(written, `${value}n`); break;
      case "symbol": put(written, "symbol"); break;
      // In a state that is compared by its uppermost fields.
      case "object": put(written, value === null ? "null" : isArray(value) ? "[…]" : "{…}"); break;
      default: put(written, String(value));
    }
  }

  // ---- steps --------------------------------------------------------------------------------------------------------

  let phase = null;
  let isOver = false;
  let root, shadow;
  const ran = [];
  // The steps that have begun and not ended, the innermost last.
  let open = [];
  // The one that ended last.
  let last = null;
  let changes = 0;
  let target = null;

  function change(path, was, now) {
    if (target === null) return;
    if (target.changes.length >= MOST_OF_STEP || changes >= MOST_CHANGES) {
      target.more++;
      return;
    }
    changes++;
    target.changes.push([path.slice(), told(was), told(now)]);
  }

  // Whoever is at work has made what is new since the last look.
  function look() {
    target = open.length > 0 ? open[open.length - 1] : last;
    if (target === null) return;
    shadow = compared(shadow, root, []);
    if (!isCoarse && looks > MOST_LOOKS) coarsen();
  }

  function coarsen() {
    isCoarse = true;
    shadow = copied(root, 0);
  }

  function begins(mark) {
    if (phase === null || isOver) return mark;
    look();
    const latest = ran[ran.length - 1];
    // The head of a loop that is come by again before anything else ran is still the same step.
    if (latest !== undefined && latest === last && latest.mark === mark && latest.phase === phase && marks[mark].head) {
      open.push(latest);
      return mark;
    }
    if (ran.length >= MOST_STEPS) {
      isOver = true;
      noMore();
      return mark;
    }
    const step = { mark, phase, changes: [], more: 0, logged: 0 };
    ran.push(step);
    open.push(step);
    return mark;
  }

  function ends(mark, value) {
    if (phase === null || isOver) return value;
    let place = open.length - 1;
    while (place >= 0 && open[place].mark !== mark) place--;
    if (place < 0) return value;
    const step = open[place];
    open.length = place + 1;
    look();
    for (const path of marks[mark].sets) noteSet(step, path);
    open.length = place;
    last = step;
    return value;
  }

  // A field that was set to what it was is told as well.
  function noteSet(step, path) {
    if (step.changes.length >= MOST_OF_STEP) return;
    let at = shadow;
    for (const key of path) {
      if (!(at instanceof Copy) || !at.kept.has(key)) return;
      at = at.kept.get(key);
    }
    const isTold = ([known]) => known.every((key, place) => place >= path.length || key === path[place]);
    if (step.changes.some(isTold)) return;
    const text = told(at);
    step.changes.push([path, text, text]);
  }

  const functions = {
    b: begins,
    e: ends,
    p(mark) { ends(begins(mark)); },
  };
  for (const end of keys(functions)) defineProperty(globalThis, name + end, { value: functions[end] });

  const { log } = globalThis;
  globalThis.log = function (...given) {
    log(...given);
    const step = open.length > 0 ? open[open.length - 1] : last;
    if (given.length > 0 && phase !== null && !isOver && step !== null) step.logged++;
  };

  // What a handler leaves is looked at before it is made what its JSON says.
  let isLeft = false;
  host.watch((left) => {
    if (phase === null || isOver) return;
    isLeft = true;
    open = [];
    root = left;
    look();
  });

  return {
    enter(entered) {
      isLeft = false;
      phase = entered;
      open = [];
      last = null;
      root = entered === "init" ? undefined : host.current();
      isCoarse ||= isLarge(root);
      shadow = copied(root, 0);
    },
    leave() {
      if (!isOver && !isLeft) {
        open = [];
        root = host.current();
        look();
      }
      phase = null;
    },
    told() {
      // A fault came before the end.
      if (phase !== null && !isOver && !isLeft) look();
      return stringify({ ran, isOver, isCoarse });
    },
  };
})
