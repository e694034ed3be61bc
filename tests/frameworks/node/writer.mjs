// What the writers of this folder share: commands come in as JSON, one a line, and each gets one line of answer.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

/** The packages live where the install script put them, not beside this file. */
export const packagesIn = (folder) => createRequire(`${folder}/here.js`);

// emmett notes what went wrong with console.log; standard output is for answers alone.
console.log = console.error;

const big = (_, value) => (value !== null && typeof value === 'object' && '$big' in value ? BigInt(value.$big) : value);
const plain = (_, value) => (typeof value === 'bigint' ? value.toString() : value);

export const pascal = (name) => name.replace(/(^|-)(.)/g, (_, _dash, letter) => letter.toUpperCase());
const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
export const camelKeys = (object) => Object.fromEntries(Object.entries(object).map(([key, value]) => [camel(key), value]));

/** A lead or a ticket as the application sees it. */
export const evolve = (state, { type, data }) => {
  switch (type) {
    case 'LeadInitialized':
      return { ...data, status: 'NEW_LEAD', contacts: 0, followups: 0 };
    case 'Contacted':
      return { ...state, contacts: state.contacts + 1 };
    case 'ContactRetracted':
      return { ...state, contacts: state.contacts - 1 };
    case 'ContactDetailsUpdated':
      return { ...state, name: data.name ?? state.name, phone: data.phone ?? state.phone };
    case 'FollowupSet':
      return { ...state, status: 'FOLLOWUP_SET', followups: state.followups + 1 };
    case 'OrderSubmitted':
      return { ...state, status: 'PENDING_PAYMENT', order: data.order ?? null };
    case 'PaymentConfirmed':
      return { ...state, status: 'CONVERTED' };
    case 'PaymentFailed':
      return { ...state, status: 'PAYMENT_FAILED' };
    case 'LeadClosed':
    case 'TicketClosed':
      return { ...state, status: 'CLOSED', statusBefore: state.status };
    case 'LeadReopened':
    case 'TicketReopened':
      return { ...state, status: state.statusBefore };
    case 'TicketInitialized':
      return { ...data, status: 'OPEN', agent: null, escalated: false, messages: [] };
    case 'AgentAssigned':
      return { ...state, agent: data.agent };
    case 'MessagePosted':
      return { ...state, messages: [...state.messages, data] };
    case 'PriorityChanged':
      return { ...state, priority: data.priority };
    case 'TicketEscalated':
      return { ...state, escalated: true };
    default:
      return state;
  }
};

/** `store` appends events in order and lists, loads and appends; see the writers. */
export const serve = async (store) => {
  const actions = {
    write: async ({ scenario }) => {
      const steps = JSON.parse(readFileSync(scenario, 'utf8'), big);
      for (const step of steps) await store.append(step);
      return steps.length;
    },
    append: (step) => store.append(step),
    load: ({ stream }) => store.load(stream),
    list: () => store.list(),
    name: ({ stream }) => stream,
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const { do: action, ...request } = JSON.parse(line, big);
    let answer;
    try {
      answer = { ok: await actions[action](request) };
    } catch (error) {
      answer = { error: `${error.name}: ${error.message}` };
    }
    process.stdout.write(`${JSON.stringify(answer, plain)}\n`);
  }
  await store.close();
};
