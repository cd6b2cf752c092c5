// SPDX-License-Identifier: MIT
// Traffic of which every message is accounted for. A stream is one sender, one way and one target; its messages are
// numbered, sent one after another, and each recipient has to hear all of them once and in order.
import assert from 'node:assert/strict';
import { serviceAt, sleep, until } from './harness.mjs';

export class Traffic {
  #streams = new Map();
  #loops = [];
  #isRunning = false;
  phase = 'start';

  constructor() {
    this.service = serviceAt();
  }

  // send(data) gives a promise; recipients: clients that must hear it; pace: milliseconds between two messages.
  stream(name, recipients, pace, send) {
    this.#streams.set(name, { recipients, pace, send, published: [] });
  }
  // Three streams between the same two ends.
  userToUser(sender, from, recipient, to, pace) {
    const publish = (options) => (data) => from.client.sendToGroup(`user:${recipient}`, data, 'json', options);
    this.stream(`${sender}>${recipient} acknowledged`, [to], pace, publish());
    this.stream(`${sender}>${recipient} forgotten`, [to], pace, publish({ fireAndForget: true }));
  }
  userToGroup(sender, from, group, members, pace) {
    const publish = (options) => (data) => from.client.sendToGroup(group, data, 'json', options);
    this.stream(`${sender}>>${group} acknowledged`, members, pace, publish());
    this.stream(`${sender}>>${group} forgotten`, members, pace, publish({ fireAndForget: true }));
  }
  appToUser(user, client, pace) {
    this.stream(`app>${user}`, [client], pace, (data) => this.service.sendToUser(user, data));
  }
  appToGroup(group, members, pace) {
    this.stream(`app>>${group}`, members, pace, (data) => this.service.group(group).sendToAll(data));
  }

  begin() {
    this.#isRunning = true;
    this.#loops = [...this.#streams].map(async ([name, stream], index) => {
      await sleep(stream.pace * ((index * 0.618) % 1));
      while (this.#isRunning) {
        const n = stream.published.length;
        const message = { n, phase: this.phase };
        stream.published.push(message);
        try {
          await stream.send({ stream: name, n });
        } catch (error) {
          message.error = error;
        }
        await sleep(stream.pace);
      }
    });
  }
  async pause() {
    this.#isRunning = false;
    await Promise.all(this.#loops);
  }

  // Waits until everything has come that was sent without an error, or nothing more comes.
  async settled() {
    const missing = () => this.account().reduce((sum, row) => sum + row.lost, 0);
    for (let left = missing(), quiet = 0; left > 0 && quiet < 30; quiet++) {
      await sleep(100);
      const now = missing();
      if (now < left) quiet = 0;
      left = now;
    }
  }

  // A row for each phase. What the application was told to have failed is its own column; lost, twice and disorder are of the
  // others, and `confirmed` are those of the lost that were for one user and had an answer. `examples` and `errors` name the
  // streams where something is wrong.
  account() {
    const rows = new Map();
    const heard = new Map();
    const row = (phase) => {
      if (!rows.has(phase)) {
        rows.set(phase, { phase, published: 0, failed: 0, expected: 0, received: 0, lost: 0, confirmed: 0, twice: 0, disorder: 0, errors: [], examples: [] });
      }
      return rows.get(phase);
    };
    for (const [name, stream] of this.#streams) {
      for (const { phase, error } of stream.published) {
        row(phase).published++;
        if (error) {
          row(phase).failed++;
          row(phase).errors.push(`${name}: ${error.message}`);
        }
      }
      for (const recipient of stream.recipients) {
        if (!heard.has(recipient)) heard.set(recipient, byStream(recipient));
        this.#accountFor(name, stream, heard.get(recipient).get(name) ?? [], row);
      }
    }
    return [...rows.values()];
  }

  #accountFor(name, { published }, numbers, row) {
    const times = new Map();
    let last = -1;
    for (const n of numbers) {
      const { examples } = row(published[n].phase);
      times.set(n, (times.get(n) ?? 0) + 1);
      if (times.get(n) === 1 && n < last) {
        row(published[n].phase).disorder++;
        examples.push(`${name}: ${n} behind ${last}`);
      }
      last = Math.max(last, n);
    }
    for (const { n, phase, error } of published) {
      const into = row(phase);
      const count = times.get(n) ?? 0;
      into.expected++;
      if (count > 0) into.received++;
      if (count > 1) into.twice++;
      if (count > 1) into.examples.push(`${name}: ${n} came ${count} times`);
      if (count === 0 && !error) into.lost++;
      if (count === 0 && !error && !name.endsWith(' forgotten') && !name.includes('>>')) into.confirmed++;
      if (count === 0 && !error) into.examples.push(`${name}: ${n} did not come`);
    }
  }
}

function byStream(client) {
  const numbers = new Map();
  for (const { data } of client.messages) {
    if (data?.stream === undefined) continue;
    if (!numbers.has(data.stream)) numbers.set(data.stream, []);
    numbers.get(data.stream).push(data.n);
  }
  return numbers;
}

export function assertExact(rows) {
  const bad = rows.filter(({ failed, lost, twice, disorder }) => failed + lost + twice + disorder > 0);
  const sums = bad.map(({ phase, published, failed, lost, twice, disorder }) =>
    `${phase}: of ${published} messages ${failed} failed, ${lost} were lost, ${twice} came twice, ${disorder} out of order`);
  const lines = [...bad.flatMap((row) => row.examples.slice(0, 6)), ...bad.flatMap((row) => row.errors.slice(0, 2))];
  assert.ok(bad.length === 0, [...sums, ...lines].join('\n'));
}

// Asks until each of the clients (a map by user) has heard a question: then everybody is back.
export async function everybodyHears(asker, clients, groups = []) {
  const question = { question: Math.random() };
  const silent = () => [...clients].filter(([, client]) => !client.messages.some(({ data }) => data?.question === question.question));
  const deaf = () => groups.filter(([group, members]) => members.some((client) =>
    !client.messages.some((message) => message.group === group && message.data?.question === question.question)));
  await until(async () => {
    const asked = [...silent().map(([user]) => `user:${user}`), ...deaf().map(([group]) => group)];
    await Promise.allSettled(asked.map((target) => asker.client.sendToGroup(target, question, 'json')));
    await sleep(300);
    return silent().length === 0 && deaf().length === 0;
  }, () => `a message to everybody (not heard by ${silent().map(([user]) => user).slice(0, 5)}; groups ${deaf().map(([g]) => g)})`,
  60_000);
}
