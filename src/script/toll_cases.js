// Calls of what the toll replaces, with inputs at its borders. `outcomes(group)` gives what each of a group comes to, as a list
// of texts, and `groups` how many there are; the same is asked of the engine with the toll and of the engine without.
const { groups, outcomes } = (() => {
  "use strict";
  const ownKeys = Reflect.ownKeys, isArray = Array.isArray, hasOwn = Object.hasOwn, prototypeOf = Object.getPrototypeOf;
  let told = [];

  function tell(what) {
    if (told.length < 40) told.push(what);
  }

  function show(value, depth = 0) {
    switch (typeof value) {
      case "string": return `'${value.length > 60 ? `${value.length}:${value.slice(0, 20)}` : value}'`;
      case "symbol": return `symbol ${value.description}`;
      case "bigint": return `${value}n`;
      case "function": return `function ${value.name}/${value.length}`;
      case "number": return Object.is(value, -0) ? "-0" : `${value}`;
      case "object": break;
      default: return `${value}`;
    }
    if (value === null) return "null";
    if (depth > 3) return "…";
    const kind = value.constructor?.name ?? "?";
    const parts = [];
    const names = ownKeys(value);
    for (let i = 0; i < names.length && i < 12; i++) {
      const name = names[i], key = typeof name === "symbol" ? name.description : name;
      const field = Object.getOwnPropertyDescriptor(value, name);
      if (field === undefined) continue;
      parts.push(`${key}${field.writable === false ? "!" : ""}${field.enumerable ? "" : "~"}=${hasOwn(field, "value") ? show(field.value, depth + 1) : "accessor"}`);
    }
    return `${isArray(value) ? "[" : "{"}${kind} ${parts.join(",")}${isArray(value) ? "]" : "}"}`;
  }

  function first(steps) {
    const came = [];
    for (let i = 0; i < 8; i++) {
      const { value, done } = steps.next();
      came.push(done ? "end" : value);
    }
    return came;
  }

  function outcome(run) {
    told = [];
    let came;
    try {
      came = show(run());
    } catch (error) {
      came = error instanceof Error ? `throws ${prototypeOf(error).name}: ${error.message}` : `throws ${show(error)}`;
    }
    return told.length === 0 ? came : `${came} telling ${told.join(" ")}`;
  }

  const spy = (target) => new Proxy(target, {
    get(on, key, by) { tell(`get:${String(key)}`); return Reflect.get(on, key, by); },
    has(on, key) { tell(`has:${String(key)}`); return key in on; },
    set(on, key, value, by) { tell(`set:${String(key)}`); return Reflect.set(on, key, value, by); },
    deleteProperty(on, key) { tell(`delete:${String(key)}`); return delete on[key]; },
  });

  class Sub extends Array {}
  class Other extends Array {
    static get [Symbol.species]() { return Array; }
  }
  const lists = [
    () => [3, 1, 2], () => [1, , 3], () => [], () => Object.freeze([1, 2]), () => Object.seal([2, 1]), () => ["b", undefined, "a", , null],
    () => [[1, [2, [3]]], [4]], () => Array(300).fill(7), () => [Symbol("one"), Symbol("two")], () => [1n, 2, "3", NaN, -0],
    () => Sub.of(2, 1), () => Other.of(2, 1), () => Object.defineProperty([1, 2], "length", { writable: false }),
    () => Object.defineProperty([1, 2], 0, { get() { tell("getter"); return 9; }, configurable: true }),
    () => Object.assign([1, 2], { constructor: undefined }), () => Object.assign([1, 2], { constructor: 5 }), () => Object.assign([1, 2], { constructor: { [Symbol.species]: function (n) { tell(`made of ${n}`); return { n }; } } }),
    () => ({ length: 2, 0: "b", 1: "a" }), () => ({ length: "2", 0: 1, 1: 2 }), () => ({ length: -1, 0: 1 }), () => ({ length: NaN, 0: 1 }), () => ({ length: 1.7, 0: 4, 1: 5 }), () => ({}),
    () => ({ length: { valueOf() { tell("length"); return 2; } }, 0: "x" }), () => ({ length: { toString: () => "1", valueOf: () => ({}) }, 0: "y" }), () => ({ length: 1n, 0: 1 }), () => ({ length: 300n }), () => ({ length: Symbol("l") }),
    () => ({ length: { [Symbol.toPrimitive]: (hint) => (tell(hint), 1) }, 0: 1 }), () => ({ length: { [Symbol.toPrimitive]: () => ({}) } }),
    () => ({ get length() { tell("length"); return 2; }, get 0() { tell("zero"); return 5; }, 1: 6 }), () => ({ get length() { throw new SyntaxError("no length"); } }),
    () => Object.freeze({ length: 2, 0: 2, 1: 1 }), () => Object.freeze({ length: "300" }), () => ({ length: 2, 0: 1, 1: 2, get 2() { return 3; } }), () => ({ length: 3, 2: "last", __proto__: { 0: "inherited" } }),
    () => ({ length: 2, 0: [1], 1: [2], [Symbol.isConcatSpreadable]: true }), () => Object.assign([1, 2], { [Symbol.isConcatSpreadable]: false }), () => ({ length: 1, 0: 1, [Symbol.isConcatSpreadable]: 0 }),
    () => "bac", () => "", () => 5, () => true, () => 7n, () => Symbol("s"), () => undefined, () => null, () => function of(a, b) {}, () => (function () { return arguments; })(3, 1, 2),
    () => new Proxy([3, 1, 2], {}), () => spy([3, 1, 2]), () => spy({ length: 2, 0: "b", 1: "a" }), () => { const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return proxy; },
    () => Object.create([4, 5]), () => new Uint8Array([3, 1, 2]), () => new String("cab"), () => new Map([[1, 2]]), () => new Date(0),
  ];

  // As numbers and as values.
  const given = [
    () => [], () => [undefined], () => [null], () => [0], () => [1], () => [-1, 9], () => [NaN], () => [Infinity], () => [-Infinity, 1], () => [1.5, 2.5], () => [2 ** 53], () => [-1e9, 1e9], () => [1n], () => ["1"], () => ["x", 1],
    () => [Symbol("t")], () => [{ valueOf() { tell("value"); return 1; }, toString() { tell("text"); return "a"; } }], () => [{ [Symbol.toPrimitive](hint) { tell(hint); return 1; } }, 1], () => [Object.create(null)],
    () => [1, 1, "new", , 5], () => [[8, , 9], { length: 1, 0: "in", [Symbol.isConcatSpreadable]: true }, spy([6])], () => [() => 1], () => [/x/], () => [{ length: 2, 0: 1, 1: 2 }],
  ];

  // Each call tells what it was given, and whether its last is the list that was called on.
  const backs = [
    () => [function (...all) { tell(`${show(this)}(${all.map((one) => show(one, 3)).join()})`); return all[0]; }, "it"],
    () => [(...all) => all.length], () => [(one, other) => (one > other ? -1 : 1)], () => [(one) => [one, [one]]], () => [() => true, undefined], () => [(sum, one) => `${String(sum)}${String(one)}`, "from"],
    () => [() => { throw new RangeError("back"); }], () => [function (...all) { const list = all[all.length - 1]; tell(`${typeof list} ${list === seen}`); return true; }], () => [class {}], () => [function () { tell(show(new.target)); return this === undefined; }],
    () => [(...all) => { const list = all[all.length - 1]; if (isArray(list)) list.length = 1; return true; }],
  ];
  // What was called on.
  let seen;

  const texts = [
    () => "abcabc", () => "", () => " \u00a0 x \ufeff", () => "ab".repeat(300), () => "б".repeat(300) + "я", () => "\ud800x", () => "\u0041\u030a", () => 12345, () => true, () => undefined, () => null, () => Symbol("s"), () => 7n, () => new String("cab"),
    () => ({ toString() { tell("this"); return "told"; } }), () => ({ toString: () => ({}), valueOf: () => 8 }), () => Object.create(null), () => ({ [Symbol.toPrimitive]: (hint) => hint }), () => ["b", "c"], () => function of() {},
  ];
  const sought = [
    () => [], () => [undefined], () => ["b"], () => ["b", 2], () => ["", 3], () => ["abab", -5], () => ["x".repeat(300)], () => ["ab".repeat(200)], () => ["ba", NaN], () => ["ab", Infinity], () => ["a", 1.9], () => ["a", "2"], () => ["b", 1n], () => ["b", Symbol("at")], () => ["a", { valueOf() { tell("at"); return 1; } }],
    () => [null], () => [4], () => [Symbol("t")], () => [/b/], () => [/b/g, "[$&]"], () => [/b/g, (all) => all + all], () => [Object.assign(/b/, { [Symbol.match]: false })], () => [{ toString() { tell("sought"); return "b"; } }, { toString() { tell("other"); return "$&$&"; }, valueOf: () => 1 }],
    () => [{ [Symbol.split]: (text, most) => `split ${text} ${most}`, [Symbol.replace]: (text, by) => `replace ${text} ${by}` }, 3], () => [{ get [Symbol.match]() { tell("match"); return undefined; }, get [Symbol.replace]() { tell("replace"); return undefined; }, get [Symbol.split]() { tell("split"); return undefined; }, toString: () => "c" }],
    () => ["b", "$`|$'|$$"], () => ["b", (...all) => all.join()], () => ["a", undefined], () => ["b", null], () => ["NFD"], () => ["nothing"], () => ["a", -1], () => ["ab", 4294967297], () => [["b"]], () => ["a", Object.create(null)],
  ];

  const array = ownKeys(Array.prototype).filter((name) => typeof Array.prototype[name] === "function" && name !== "constructor");
  const text = ["indexOf", "includes", "lastIndexOf", "replace", "replaceAll", "split", "startsWith", "endsWith", "trim", "trimStart", "trimEnd", "trimLeft", "trimRight", "isWellFormed", "toWellFormed", "localeCompare", "normalize"];
  const Typed = prototypeOf(Uint8Array.prototype);
  const typed = ["fill", "indexOf", "lastIndexOf", "includes", "reverse", "toReversed", "copyWithin", "set", "sort", "toSorted", "with", "slice", "join"];
  const typedLists = [() => new Uint8Array([3, 1, 2]), () => new Float64Array([0, -0, NaN, 5]), () => new BigInt64Array([2n, 1n]), () => new Uint8Array(300), () => [1], () => undefined, () => 5, () => spy(new Uint8Array(2)), () => new (class Mine extends Uint8Array {})(2)];
  const typedGiven = [...given, () => [new Uint8Array([9])], () => [[1, 2], 1], () => [[1n]], () => [(one, other) => (one < other ? 1 : -1)], () => [5, () => 1], () => [1n, 0, 1]];

  // What is looked for, beside the values of `given`, where nothing is taken apart.
  const others = [
    [globalThis, ["isNaN", "isFinite", "parseInt", "parseFloat"], [() => undefined], [...sought, () => [" 12px", 8], () => ["0x1f", 16], () => ["1e3"], () => [new String("77"), 8], () => ["9".repeat(400)], () => [-0], () => [Object.create(null)]]],
    [Number, ["parseInt", "parseFloat", "isNaN"], [() => undefined], given],
    [Math, ["sumPrecise"], [() => Math], [...given, () => [[0.1, 0.2, -0]], () => [[]], () => [["1"]], () => [new Set([1, 2])], () => ["12"], () => [{ [Symbol.iterator]: () => ({ next: () => ({ done: true }) }) }], () => [{ [Symbol.iterator]: () => 5 }], () => [{ [Symbol.iterator]: 5 }], () => [{ [Symbol.iterator]: () => ({ next: () => ({ value: "x" }), return: () => (tell("closed"), {}) }) }], () => [spy([1, 2])], () => [Array(300).fill(0.1)]]],
    [JSON, ["parse"], [() => JSON, () => undefined], [...given, () => ["{"], () => ["[1,{\"a\":2}]", (key, value) => (tell(key), value)], () => [`"${"x".repeat(400)}"`], () => [`[${"1,".repeat(400)}`], () => [{ toString: () => "[1]" }], () => ["{\"__proto__\":1}"], () => ["1", 5]]],
    [String, ["raw"], [() => String, () => undefined], [...given, () => [{ raw: "abc" }, 1, 2, 3], () => [{ raw: ["a", "b"] }, "-"], () => [{ raw: { length: "2", 0: "x", 1: "y" } }, 0], () => [{ raw: null }], () => [{ raw: 5 }], () => [{ get raw() { tell("raw"); return ["q"]; } }], () => [{ raw: spy(["a", "b"]) }], () => [{ raw: { length: { valueOf: () => 1 }, 0: "z" } }], () => [{ raw: [Symbol("in")] }], () => ["ab"], () => [{ raw: { length: 1n } }]]],
    [Map.prototype, ["get", "has", "set", "delete"], [() => new Map([["k".repeat(300), 1], [NaN, 2], [undefined, 3]]), () => new Set(), () => undefined, () => ({})], [...given, () => ["k".repeat(300), 5], () => [NaN]]],
    [Set.prototype, ["isSupersetOf", "isDisjointFrom"], [() => new Set([1, 2, "a"]), () => new Set(), () => ({})], [...given, () => [new Set([1])], () => [new Set([5])], () => [new Map([[1, 2]])], () => [{ size: 1, has: (key) => (tell(key), key === 2), keys: () => [2].values() }], () => [{ size: 9, has: (key) => key === 2, keys: () => [7, 1].values() }], () => [{ size: 1, has: 5 }], () => [{ size: 1, has() {}, keys: 5 }], () => [{ size: 1, has() {}, keys: () => 5 }], () => [{ size: NaN, has() {}, keys() {} }], () => [{ size: -1, has() {}, keys() {} }], () => [{ size: 9, has: () => false, keys: () => ({ next: 5 }) }], () => [{ size: 2, has: () => false, keys: () => ({ n: 0, next() { return this.n++ < 3 ? { value: "z" } : { done: true }; }, return: () => (tell("closed"), {}) }) }], () => [{ size: 2, has: () => false, keys: () => ({ n: 0, next() { return this.n++ < 2 ? { value: "a" } : { done: true }; } }) }]]],
    [Set.prototype, ["has", "add", "delete"], [() => new Set(["k".repeat(300), NaN]), () => new Map(), () => undefined], [...given, () => ["k".repeat(300)]]],
    [prototypeOf(prototypeOf([].values())), ["drop"], [() => [1, 2, 3].values(), () => undefined, () => ({}), () => ({ next: () => ({ done: true, value: 5 }), return: () => (tell("closed"), {}) })], given],
    [Function.prototype, ["toString"], [() => "".indexOf, () => [].map, () => JSON.parse, () => parseInt, () => Proxy, () => String.raw, () => Function.prototype.toString, () => (a) => a + 1, () => undefined, () => ({}), () => 5], [() => []]],
    [globalThis, ["Proxy"], [() => undefined], [() => [], () => [{}, {}]]],
    [Proxy, ["revocable"], [() => Proxy, () => undefined], [() => [], () => [{}, {}], () => [1, {}], () => [[], null]]],
  ];

  // What is called on in one group, so that each is done in the time of a handler.
  const FEW = 4;

  function calls(owner, names, ons, allGiven) {
    const few = ons.map((_, at) => at).filter((at) => at % FEW === 0);
    return names.flatMap((name) => few.map((from) => () => {
      const came = [];
      const own = owner[name];
      for (let at = from; at < ons.length && at < from + FEW; at++) {
        const on = ons[at];
        for (const [place, args] of allGiven.entries()) {
          came.push(`${String(name)} ${at} ${place}: ${outcome(() => {
            seen = on();
            const list = args();
            const answer = Reflect.apply(own, seen, list);
            if (answer === seen) tell("itself");
            const after = show(answer !== null && typeof answer === "object" && typeof answer.next === "function" && !isArray(answer) ? first(answer) : answer);
            tell(`leaving ${show(seen)}`);
            return after;
          })}`);
        }
      }
      return came;
    }));
  }

  // What each is, and what it is not.
  function shapes() {
    const came = [];
    const of = (path, owner, name) => {
      const field = Object.getOwnPropertyDescriptor(owner, name);
      const its = field?.value;
      if (typeof its !== "function") return;
      came.push(`${path}.${String(name)}: ${show(field)} ${ownKeys(its).map(String).join()} ${show(Object.getOwnPropertyDescriptor(its, "name"))} ${show(Object.getOwnPropertyDescriptor(its, "length"))} ${"prototype" in its} ${outcome(() => new its())} ${its}`);
    };
    for (const [path, owner] of [["Array", Array.prototype], ["String", String.prototype], ["Typed", Typed], ["Map", Map.prototype], ["Set", Set.prototype], ["Iterator", prototypeOf(prototypeOf([].values()))], ["JSON", JSON], ["Uint8Array", Uint8Array.prototype]]) {
      for (const name of ownKeys(owner)) if (name !== "constructor") of(path, owner, name);
    }
    for (const name of ["isNaN", "isFinite", "parseInt", "parseFloat"]) of("global", globalThis, name);
    of("String", String, "raw");
    of("Math", Math, "sumPrecise");
    of("Proxy", Proxy, "revocable");
    came.push([Array.prototype[Symbol.iterator] === Array.prototype.values, "".trimLeft === "".trimStart, Number.parseInt === parseInt, Number.parseFloat === parseFloat, Set.prototype.keys === Set.prototype.values, Typed.toString === Array.prototype.toString].join());
    came.push(outcome(() => Proxy({}, {})), outcome(() => new Proxy(1, {})), outcome(() => new Proxy({})), outcome(() => new (class extends Proxy {})({}, { get: () => 5 }).x), `${Proxy.name} ${Proxy.length} ${"prototype" in Proxy}`);
    return came;
  }

  const all = [
    shapes,
    ...calls(Array.prototype, array, lists, given),
    ...calls(Array.prototype, array, lists, backs),
    ...calls(String.prototype, text, texts, sought),
    ...calls(Typed, typed, typedLists, typedGiven),
    ...others.flatMap(([owner, names, ons, list]) => calls(owner, names, ons, list)),
  ];
  return { groups: all.length, outcomes: (group) => all[group]() };
})();
