// What one step of the engine itself costs that goes through much. Evaluated before the prelude, which calls the function that
// this gives.
//
// The engine looks at the clock once in 10,000 steps, and a step may be a search through megabytes. What takes memory as
// it goes is ended by that; the functions that do not are replaced by ones that pay for what the step costs, in letters and
// places, and look at the clock themselves. Those whose cost is that of two lengths multiplied go through the same
// beforehand, piece by piece, where that might be much. What any of them answers comes from the engine's own.
(function () {
  "use strict";
  const { apply, construct, get, ownKeys } = Reflect;
  const OwnProxy = Proxy;
  const { isArray } = Array;
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { max, min, log2 } = Math;
  const { match, split, replace, iterator, isConcatSpreadable, toPrimitive } = Symbol;
  const call = Function.prototype.call;
  const uncurried = (own) => (...given) => apply(call, own, given);
  const { slice, indexOf, lastIndexOf, startsWith } = String.prototype;
  const note = uncurried(WeakSet.prototype.add), isNoted = uncurried(WeakSet.prototype.has);
  const { at } = Array.prototype;
  const noteOwn = uncurried(WeakMap.prototype.set), ownOf = uncurried(WeakMap.prototype.get);
  const inDateOrder = uncurried(Date.prototype[Symbol.toPrimitive]);

  // No step through less is worth a look.
  const SMALL = 256;
  // So many letters or places are gone through between two looks.
  const BETWEEN_LOOKS = 1000000;
  // Two lengths that multiplied come to more than this are gone through piece by piece.
  const MOST_AT_ONCE = 2000000;
  // So many letters are put in order in one step, which takes a tenth of what it takes to call for each two.
  const MOST_IN_ORDER = 200000000;
  // How much of a long text is looked for at first, and in how much at once.
  const HEAD = 64, WINDOW = 65536;
  // More have no room, unless most of them are empty; and those are gone through all the same.
  const MOST_PLACES = 4000000;
  // So often is a place looked for in one step at most, in a list and in what it inherits from.
  const MOST_LOOKS = 64000000;

  // `isOver` tells whether the time of the handler is.
  return function toll(isOver) {
    let unpaid = 0;

    function pay(cost) {
      unpaid += cost;
      if (unpaid < BETWEEN_LOOKS) return;
      unpaid = 0;
      // Nothing catches what ends a loop.
      if (isOver()) for (;;);
    }

    // The engine's own of what stands in its place.
    const owns = new WeakMap();

    // Puts what `make` gives of a function in its place, under its name.
    function replaced(owner, name, make) {
      const described = getOwnPropertyDescriptor(owner, name);
      if (described === undefined || typeof described.value !== "function") return;
      const own = described.value;
      const made = make(own, name);
      defineProperty(made, "name", { value: own.name, configurable: true });
      defineProperty(made, "length", { value: own.length, configurable: true });
      noteOwn(owns, made, own);
      described.value = made;
      defineProperty(owner, name, described);
    }

    replaced(Function.prototype, "toString", (own) => ({ method() {
      return apply(own, (typeof this === "function" && ownOf(owns, this)) || this, []);
    } }.method));

    // What a number is asked for, asked once. What that comes to is for the engine to refuse.
    function plain(given) {
      if ((typeof given !== "object" || given === null) && typeof given !== "function") return given;
      const own = given[toPrimitive];
      if (own === undefined || own === null) return inDateOrder(given, "number");
      const made = apply(own, given, ["number"]);
      if ((typeof made === "object" && made !== null) || typeof made === "function") throw new TypeError("toPrimitive");
      return made;
    }

    // ---- texts -----------------------------------------------------------------------------------------------------

    // Each place at which a long text may begin is paid for as if it were compared to its end.
    function first(text, sought, from) {
      const head = apply(slice, sought, [0, HEAD]);
      const last = text.length - sought.length;
      while (from <= last) {
        const window = apply(slice, text, [from, from + WINDOW + HEAD]);
        pay(window.length);
        let at = -1;
        while ((at = apply(indexOf, window, [head, at + 1])) >= 0 && at < WINDOW) {
          if (from + at > last) return -1;
          pay(sought.length);
          if (apply(startsWith, text, [sought, from + at])) return from + at;
        }
        from += WINDOW;
      }
      return -1;
    }

    function final(text, sought, from) {
      const head = apply(slice, sought, [0, HEAD]);
      let end = min(from, text.length - sought.length);
      while (end >= 0) {
        const begin = max(0, end - WINDOW + 1);
        const window = apply(slice, text, [begin, end + HEAD]);
        pay(window.length);
        let at = end - begin;
        while (at >= 0 && (at = apply(lastIndexOf, window, [head, at])) >= 0) {
          pay(sought.length);
          if (apply(startsWith, text, [sought, begin + at])) return begin + at;
          at--;
        }
        end = begin - 1;
      }
      return -1;
    }

    function isMuch(text, sought) {
      if (text.length <= SMALL) return false;
      const cost = text.length * min(sought.length, text.length);
      if (cost > MOST_AT_ONCE && sought.length > 1) return true;
      pay(max(text.length, cost / 8));
      return false;
    }

    function asText(given) {
      return (typeof given === "object" && given !== null) || typeof given === "function" ? `${given}` : given;
    }

    // What says itself how it is looked for, asked for that as the engine does.
    const asked = { __proto__: null, includes: [match], replace: [replace], replaceAll: [match, replace], split: [split] };

    function isPattern(sought, name) {
      if (asked[name] === undefined || (typeof sought !== "object" && typeof sought !== "function")) return false;
      for (let i = 0; i < asked[name].length; i++) {
        const own = sought[asked[name][i]];
        if (own !== undefined && own !== null && (own || asked[name][i] !== match)) return true;
      }
      return false;
    }

    const searches = {
      indexOf: (text, sought, from) => first(text, sought, max(0, from)),
      includes: (text, sought, from) => first(text, sought, max(0, from)),
      lastIndexOf: (text, sought, from) => final(text, sought, from === 0 ? text.length : from),
      replace: (text, sought) => first(text, sought, 0),
      split: all,
      replaceAll: all,
    };

    function all(text, sought) {
      let at = -sought.length;
      while ((at = first(text, sought, at + sought.length)) >= 0);
    }

    for (const name of ownKeys(searches)) {
      const search = searches[name];
      replaced(String.prototype, name, (own) => {
        const run = uncurried(own);
        return { method(sought, other) {
          let text = this;
          if (typeof text !== "string" || typeof sought !== "string") {
            if (text === null || text === undefined || sought === null || sought === undefined || isPattern(sought, name)) {
              if (typeof text === "string" && text.length > SMALL) pay(text.length);
              return run(text, sought, other);
            }
            // What is no text yet is made one here: the engine would do so in its one step.
            text = `${text}`;
            sought = `${sought}`;
          }
          if (isMuch(text, sought)) search(text, sought, typeof other === "number" && other === other ? other : 0);
          return run(text, sought, other);
        } }.method;
      });
    }

    for (const name of ["startsWith", "endsWith", "trim", "trimStart", "trimEnd", "isWellFormed", "toWellFormed", "localeCompare", "normalize"]) {
      replaced(String.prototype, name, (own) => {
        const run = uncurried(own);
        return { method(given, other) {
          if (typeof this === "string" && this.length > SMALL) pay(this.length);
          else if (typeof this === "object" && this !== null) return run(`${this}`, given, other);
          return run(this, given, other);
        } }.method;
      });
    }
    for (const [name, same] of [["trimLeft", "trimStart"], ["trimRight", "trimEnd"]]) String.prototype[name] = String.prototype[same];

    replaced(String, "raw", (own) => (...given) => {
      if (given[0] !== null && given[0] !== undefined) {
        let { raw } = given[0];
        if (tellsOneLength(raw)) places(raw.length, "raw");
        else if (raw !== null && raw !== undefined) raw = withLength(Object(raw), "raw");
        given[0] = { raw };
      }
      return apply(own, String, given);
    });

    for (const name of ["isNaN", "isFinite", "parseInt", "parseFloat"]) {
      replaced(globalThis, name, (own) => (given, other) => {
        if (name === "parseInt" || name === "parseFloat") given = asText(given);
        if (typeof given === "string" && given.length > SMALL) pay(given.length);
        return own(given, other);
      });
    }
    Number.parseInt = parseInt;
    Number.parseFloat = parseFloat;

    replaced(Math, "sumPrecise", (own) => (list) => {
      if (isArray(list) && tellsOneLength(list)) places(list.length, "sumPrecise");
      // Others tell of their length only by being gone through.
      else if (typeof list === "object" && list !== null) {
        const over = list, steps = list[iterator];
        list = { [iterator]: typeof steps === "function" ? () => paidFor({ [iterator]: () => apply(steps, over, []) }) : steps };
      }
      return own(list);
    });

    replaced(JSON, "parse", (own) => {
      const run = uncurried(own);
      return (text, reviver) => {
        text = asText(text);
        if (typeof text === "string" && text.length > SMALL) pay(text.length);
        return run(JSON, text, reviver);
      };
    });

    // ---- places ----------------------------------------------------------------------------------------------------

    function places(length, name, list) {
      if (typeof length === "string") length = +length;
      if (typeof length !== "number" || !(length > SMALL)) return;
      if (length > MOST_PLACES) throw new RangeError(`${name} on an array of more than ${MOST_PLACES} places`);
      pay(length);
      if (list === undefined) return;
      // A place that is not there is looked for in every prototype. Where one is a proxy, that calls.
      let looks = length;
      for (let one = list; !(hasProxies && isNoted(proxies, one)) && (one = getPrototypeOf(one)) !== null; ) {
        looks += length;
        if (looks > MOST_LOOKS) throw new RangeError(`${name} looks for too many places in prototypes`);
      }
    }

    function* paidFor(list) {
      for (const value of list) {
        pay(1);
        yield value;
      }
    }

    // Proxies of the source's own, which may tell another length each time that they are asked.
    const proxies = new WeakSet();
    let hasProxies = false;

    function noted(proxy) {
      note(proxies, proxy);
      hasProxies = true;
      return proxy;
    }

    // Where the traps of a proxy are a proxy, each is looked for in there, and what has no trap is done to the target: all in
    // one step, which so may double with each proxy. Here to look for a trap is a call, at which the engine asks whether to go
    // on.
    const traps = ownKeys(Reflect);

    function withTraps(given) {
      if ((typeof given !== "object" && typeof given !== "function") || given === null) return given;
      const all = { __proto__: null };
      for (let i = 0; i < traps.length; i++) {
        const name = traps[i];
        const get = () => {
          const own = given[name];
          return typeof own === "function" ? (...told) => apply(own, given, told) : own;
        };
        defineProperty(all, name, { __proto__: null, get });
      }
      return all;
    }

    replaced(OwnProxy, "revocable", (own) => (target, given) => {
      const made = own(target, withTraps(given));
      noted(made.proxy);
      return made;
    });
    defineProperty(globalThis, "Proxy", {
      value: new OwnProxy(OwnProxy, {
        construct(own, given, by) {
          if (given.length > 1) given[1] = withTraps(given[1]);
          return noted(construct(own, given, by));
        },
      }),
    });

    function tellsOneLength(list) {
      return (isArray(list) && !(hasProxies && isNoted(proxies, list))) || typeof list === "string";
    }

    // The same list, which from now on tells the length that was paid for. What cannot be done with it is said by the
    // engine, as of the list itself.
    function withLength(list, name) {
      const length = plain(list.length);
      if (typeof length === "bigint" || typeof length === "symbol") apply(at, { length }, []);
      places(length, name, list);
      const isAsked = name !== "concat";
      return new OwnProxy(list, {
        get: (target, key) => (key === "length" ? length : key !== isConcatSpreadable || isAsked ? get(target, key) : true),
        set(target, key, value) {
          target[key] = value;
          return true;
        },
        deleteProperty(target, key) {
          delete target[key];
          return true;
        },
      });
    }

    function lettersIn(list) {
      let letters = 0;
      for (let i = 0; i < list.length; i++) letters += typeof list[i] === "string" ? list[i].length : 1;
      return letters;
    }

    function inOrder(one, other) {
      one = `${one}`;
      other = `${other}`;
      pay(min(one.length, other.length));
      return one < other ? -1 : one > other ? 1 : 0;
    }

    // Looks for a long text among many, as the engine does.
    function among(list, sought) {
      if (typeof sought !== "string" || sought.length <= SMALL || !isArray(list) || list.length * sought.length <= MOST_AT_ONCE) return;
      for (let i = 0; i < list.length; i++) {
        const value = list[i];
        if (typeof value !== "string" || value.length !== sought.length) continue;
        pay(value.length);
        if (value === sought) return;
      }
    }

    const special = {
      __proto__: null,
      indexOf(list, given) { among(list, given[0]); },
      includes(list, given) { among(list, given[0]); },
      lastIndexOf(list, given) { among(list, given[0]); },
      sort: inSteps,
      toSorted: inSteps,
      concat(list, given) {
        for (let i = 0; i < given.length; i++) {
          const value = given[i];
          if (typeof value !== "object" || value === null) continue;
          if (tellsOneLength(value)) places(value.length, "concat", value);
          else if (isSpread(value)) given[i] = withLength(value, "concat");
        }
      },
      flat(list, given, name) {
        const depth = given.length === 0 ? undefined : (given[0] = plain(given[0]));
        // The engine has its own words for what is no number.
        if (typeof depth !== "bigint" && typeof depth !== "symbol") inside(list, depth === undefined ? 1 : +depth, name);
      },
      flatMap(list, given, name) {
        const map = given[0];
        if (typeof map !== "function") return;
        given[0] = function (...told) {
          const value = apply(map, this, told);
          if (isArray(value)) places(value.length, name);
          return value;
        };
      },
    };

    function inSteps(list, given) {
      if (given.length > 0 && given[0] !== undefined) return;
      if (!isArray(list) || list.length < 2) return;
      const cost = lettersIn(list) * log2(list.length);
      if (cost > MOST_IN_ORDER) given[0] = inOrder;
      else pay(cost / 16);
    }

    function inside(list, depth, name) {
      if (!isArray(list) || !(depth >= 1)) return;
      for (let i = 0; i < list.length; i++) {
        const within = list[i];
        if (!isArray(within)) continue;
        places(within.length, name, within);
        inside(within, depth - 1, name);
      }
    }

    function isSpread(list) {
      const told = list[isConcatSpreadable];
      return told === undefined ? isArray(list) : Boolean(told);
    }

    // What goes through nothing, or has others do so.
    const isCheap = { __proto__: null, constructor: true, push: true, pop: true, at: true, keys: true, values: true, entries: true, toString: true };

    // What is told of the list that it stands in.
    const callsBack = { __proto__: null };
    for (const name of ["forEach", "map", "filter", "some", "every", "find", "findIndex", "findLast", "findLastIndex", "reduce", "reduceRight", "flatMap"]) callsBack[name] = true;

    for (const name of ownKeys(Array.prototype)) {
      if (typeof name !== "string" || isCheap[name] === true) continue;
      const before = special[name];
      replaced(Array.prototype, name, (own) => ({ method(...given) {
        if (this === null || this === undefined || (before === inSteps && given[0] !== undefined && typeof given[0] !== "function")) return apply(own, this, given);
        if (tellsOneLength(this)) {
          places(this.length, name, this);
          if (before !== undefined) before(this, given, name);
          return apply(own, this, given);
        }
        const whole = Object(this);
        if (name === "concat") {
          before(whole, given, name);
          return apply(own, isSpread(whole) ? withLength(whole, name) : whole, given);
        }
        const list = withLength(whole, name);
        if (before !== undefined) before(list, given, name);
        const callback = given[0];
        if (callsBack[name] === true && typeof callback === "function") {
          // It is told of the list itself.
          given[0] = function (...told) {
            const last = told.length - 1;
            if (told[last] === list) told[last] = whole;
            return apply(callback, this, told);
          };
        }
        const answer = apply(own, list, given);
        return answer === list ? whole : answer;
      } }.method));
    }

    const Typed = getPrototypeOf(Uint8Array.prototype);
    const lengthOf = getOwnPropertyDescriptor(Typed, "length").get;
    for (const name of ["fill", "indexOf", "lastIndexOf", "includes", "reverse", "toReversed", "copyWithin", "set", "sort", "toSorted", "with", "slice", "join"]) {
      replaced(Typed, name, (own) => ({ method(...given) {
        let length = 0;
        try {
          length = apply(lengthOf, this, []);
        } catch {}
        if (length > SMALL) {
          pay(length);
          if ((name === "sort" || name === "toSorted") && given[0] === undefined && length > MOST_PLACES / 4) given[0] = inNumbers;
        }
        return apply(own, this, given);
      } }.method));
    }

    for (const name of ["setFromBase64", "setFromHex"]) {
      replaced(Uint8Array.prototype, name, (own) => ({ method(...given) {
        if (typeof given[0] === "string") pay(given[0].length);
        return apply(own, this, given);
      } }.method));
    }

    // As they are in order without being told: what is no number stands last, and -0 before 0.
    function inNumbers(one, other) {
      if (one < other) return -1;
      if (one > other) return 1;
      if (one !== one) return other !== other ? 0 : 1;
      if (other !== other) return -1;
      return one === 0 && other === 0 && typeof one === "number" ? 1 / one - 1 / other || 0 : 0;
    }

    for (const [owner, names] of [[Map.prototype, ["get", "has", "set", "delete"]], [Set.prototype, ["has", "add", "delete"]]]) {
      for (const name of names) {
        replaced(owner, name, (own) => {
          const run = uncurried(own);
          return { method(key, value) {
            if (typeof key === "string" && key.length > SMALL) pay(key.length);
            return run(this, key, value);
          } }.method;
        });
      }
    }

    // The engine looks at the clock with each call of a function that is none of its own.
    function called(steps) {
      const { next } = steps;
      return {
        next: typeof next === "function" ? (...given) => apply(next, steps, given) : next,
        get return() {
          const own = steps.return;
          return typeof own === "function" ? (...given) => apply(own, steps, given) : own;
        },
      };
    }

    replaced(getPrototypeOf(getPrototypeOf([].values())), "drop", (own) => ({ method(...given) {
      if ((typeof this !== "object" && typeof this !== "function") || this === null) return apply(own, this, given);
      const [most] = given;
      const isMuch = typeof most === "number" || typeof most === "string" ? +most > SMALL : typeof most === "object" || typeof most === "function";
      return apply(own, isMuch ? called(this) : this, given);
    } }.method));

    for (const name of ["isSupersetOf", "isDisjointFrom"]) {
      replaced(Set.prototype, name, (own) => ({ method(...given) {
        const other = given[0];
        if (typeof other === "object" && other !== null) {
          given[0] = {
            get size() { return other.size; },
            get has() {
              const has = other.has;
              return typeof has === "function" ? (key) => apply(has, other, [key]) : has;
            },
            get keys() {
              const keys = other.keys;
              return typeof keys === "function" ? () => steps(apply(keys, other, [])) : keys;
            },
          };
        }
        return apply(own, this, given);
      } }.method));
    }

    function steps(given) {
      return (typeof given === "object" && given !== null) || typeof given === "function" ? called(given) : given;
    }

    return { isProxy: (value) => hasProxies && isNoted(proxies, value) };
  };
})()
