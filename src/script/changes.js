// What handlers changed of a large state since the host was told of it, so that no text need be made of the whole. Evaluated
// before the prelude, which calls the function that this gives.
(function () {
  "use strict";
  const { stringify } = JSON;
  const { isArray } = Array;
  const { hasOwn } = Object;

  // More are not told one by one.
  const MOST = 256;

  return function changes() {
    // The ways to what was changed, in the order of the changes; null where they are not known.
    let ways = null;
    let lastTarget, lastKey;

    // What stands around the end of a way.
    function follow(state, path) {
      let inside = state;
      for (let i = 0; i < path.length - 1; i++) {
        if (typeof inside !== "object" || inside === null || !hasOwn(inside, path[i])) return null;
        inside = inside[path[i]];
      }
      return typeof inside === "object" && inside !== null ? inside : null;
    }

    return {
      areKnown: () => ways !== null,
      forget() { ways = null; },
      begin() {
        ways = [];
        lastTarget = lastKey = undefined;
      },
      // A field of `target` was set, or `went`. `known` has of each object that was handed over in this event where it lies.
      note(target, key, went, known, state) {
        if (target === lastTarget && key === lastKey && !went) return;
        lastTarget = target;
        lastKey = key;
        const path = [key];
        for (let at = known.get(target); at !== undefined && at.parent !== null; at = known.get(at.parent)) path.push(at.key);
        if (ways.length >= MOST || (path.length === 1 && target !== state)) ways = null;
        else ways.push({ path: path.reverse(), went });
      },
      // `[way, value]` for each, or `[way]` where nothing stands there now. Null where that would not give the same state in
      // the same order.
      told(state) {
        if (ways === null) return null;
        const list = [], spelled = new Set();
        for (const { path, went } of ways) {
          const inside = follow(state, path);
          if (inside === null) continue;
          const key = path[path.length - 1];
          if (isArray(inside)) {
            if (!hasOwn(inside, key)) continue;
          } else if (!hasOwn(inside, key)) {
            list.push([path]);
            continue;
          } else if (went) {
            // What went and came again stands behind what came meanwhile.
            return null;
          }
          const name = stringify(path);
          if (spelled.has(name)) continue;
          spelled.add(name);
          list.push([path, inside[key]]);
        }
        this.begin();
        return stringify(list);
      },
    };
  };
})()
