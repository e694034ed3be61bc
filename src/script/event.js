// An event as handlers are given it, and what follows from it alone: the time of day, which is the event's, and chance,
// which always falls the same way. Evaluated before the prelude, which calls the function that this gives.
(function () {
  "use strict";
  const { parse } = JSON;
  const { defineProperty, getOwnPropertyDescriptor, getOwnPropertyNames } = Object;
  const SystemDate = Date;

  // `asked` is told of whatever is asked for that is no part of the event; `head` knows of the one at hand when it was recorded.
  return function events(asked, head) {
    // What the host hands over of an event, by its place in the list.
    const BODY = 0, IS_JSON = 1, TYPE = 2, STREAM = 3, CATEGORY = 4, PARTITION = 5, REST = 6;
    // Behind it, what it is asked for, and what was read of all that once.
    const NUMBER = 7, MICROS = 8;
    const READ_BODY = 9, READ_METADATA = 10;

    function idIn(rest) {
      return rest.slice(0, rest.indexOf("\n"));
    }

    function metadataIn(rest) {
      const text = rest.slice(rest.indexOf("\n") + 1);
      return text === "" ? null : text;
    }

    // Nothing of it is made before a handler asks: most handlers ask for little.
    class Event {
      #given;
      constructor(given) {
        this.#given = given;
      }
      get streamId() { return this.#given[STREAM]; }
      get sequenceNumber() { return this.#given[NUMBER]; }
      get eventType() { return this.#given[TYPE]; }
      get isJson() { return this.#given[IS_JSON]; }
      get bodyRaw() { return this.#given[BODY]; }
      get partition() { return this.#given[PARTITION]; }
      get category() { return this.#given[CATEGORY]; }
      get body() {
        const given = this.#given;
        if (given[READ_BODY] === undefined && given[IS_JSON] && given[BODY] !== null) given[READ_BODY] = parse(given[BODY]);
        return given[READ_BODY];
      }
      get data() { return this.body; }
      get created() { return timeText(this.#given[MICROS]); }
      get eventId() { return idIn(this.#given[REST]); }
      get metadataRaw() { return metadataIn(this.#given[REST]); }
      get metadata() {
        const given = this.#given;
        if (given[READ_METADATA] === undefined) {
          const text = this.metadataRaw;
          given[READ_METADATA] = text === null ? null : parse(text);
        }
        return given[READ_METADATA];
      }
      get linkMetadata() { return null; }
      get linkMetadataRaw() { return null; }
      // Whole, in the order in which KurrentDB has it.
      toJSON() {
        const { partition, created, bodyRaw, metadataRaw, streamId, eventId, eventType, isJson, category, sequenceNumber, body, metadata } = this;
        return {
          partition, created, bodyRaw, metadataRaw, streamId, eventId, eventType, isJson, linkMetadataRaw: null, category, sequenceNumber,
          body, data: body, metadata, linkMetadata: null,
        };
      }
    }
    for (const name of getOwnPropertyNames(Event.prototype)) {
      const own = getOwnPropertyDescriptor(Event.prototype, name);
      if (own.get !== undefined) defineProperty(Event.prototype, name, { ...own, enumerable: true });
    }

    // What the host calls to let `use` have an event that may be kept: with all that it has.
    function handing(use) {
      return (...given) => {
        given[NUMBER] = head.number();
        given[MICROS] = head.micros();
        return use(new Event(given));
      };
    }

    // ---- no clock, no chance -----------------------------------------------------------------------------------------

    // What a call asks of chance follows from its event alone, whatever ran before it.
    let seed = 0, drawnIn = -1;

    const systemISO = SystemDate.prototype.toISOString;
    function timeText(micros) {
      if (micros !== micros) return null;
      const whole = systemISO.call(new SystemDate(Math.floor(micros / 1000)));
      const beyond = micros - Math.floor(micros / 1000) * 1000;
      return beyond === 0 ? whole : whole.replace("Z", `${String(beyond).padStart(3, "0")}Z`);
    }

    function eventTime(name) {
      asked(name);
      const micros = head.micros();
      return micros === micros ? Math.floor(micros / 1000) : 0;
    }

    const dateParse = SystemDate.parse;
    const shift = SystemDate.prototype.getTimezoneOffset;
    const HAS_ZONE = /(?:[zZ]|[+-]\d\d:?\d\d|GMT|UTC)\s*\)?\s*$/;
    const DAY_ONLY = /^[+-]?\d{4,6}(?:-\d\d(?:-\d\d)?)?$/;

    // A time without a zone is one in UTC, wherever the program runs.
    function parsed(given) {
      const time = dateParse(given);
      if (time !== time || HAS_ZONE.test(given) || DAY_ONLY.test(given.trim())) return time;
      return time - shift.call(new SystemDate(time)) * 60000;
    }

    function EventDate(...given) {
      if (new.target === undefined) return new EventDate().toString();
      let time;
      if (given.length === 0) time = eventTime("new Date()");
      else if (given.length > 1) time = SystemDate.UTC(...given);
      else {
        const value = given[0] instanceof SystemDate ? given[0].getTime() : given[0];
        time = typeof value === "string" ? parsed(value) : value;
      }
      return Reflect.construct(SystemDate, [time], new.target);
    }
    defineProperty(EventDate, "name", { value: "Date", configurable: true });
    defineProperty(EventDate, "length", { value: 7, configurable: true });
    EventDate.prototype = SystemDate.prototype;
    EventDate.UTC = SystemDate.UTC;
    EventDate.parse = (given) => parsed(String(given));
    EventDate.now = () => eventTime("Date.now()");
    defineProperty(SystemDate.prototype, "constructor", { value: EventDate, writable: true, configurable: true });
    const ofDates = SystemDate.prototype;
    for (const part of ["FullYear", "Month", "Date", "Day", "Hours", "Minutes", "Seconds", "Milliseconds"]) {
      ofDates[`get${part}`] = ofDates[`getUTC${part}`];
      if (part !== "Day") ofDates[`set${part}`] = ofDates[`setUTC${part}`];
    }
    ofDates.getTimezoneOffset = function () { return 0; };
    ofDates.toString = ofDates.toUTCString;
    // A date in a state is an object without fields, as it is where projections run.
    delete ofDates.toJSON;
    globalThis.Date = EventDate;

    Math.random = function () {
      asked("Math.random()");
      // The same numbers in every run.
      const calls = head.calls();
      if (calls !== drawnIn) {
        drawnIn = calls;
        seed = head.micros() | 0;
      }
      seed = (seed + 0x6d2b79f5) | 0;
      let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };

    return { Event, handing, texts: { idIn, metadataIn, timeText } };
  };
})()
