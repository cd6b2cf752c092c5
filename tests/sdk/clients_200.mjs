// SPDX-License-Identifier: MIT
// 200 SDK clients in one process, users and groups, clients and application, five ring changes, and kill -9 of a node.
import assert from 'node:assert/strict';
import { check, doors, endpointOf, kill, recoveriesOf, ring, sleep, until, way, wscluster } from './harness.mjs';
import { Traffic, assertExact, everybodyHears } from './traffic.mjs';

const users = Array.from({ length: 200 }, (_, n) => `user-${n}`);
const groups = Array.from({ length: 20 }, (_, n) => `group-${n}`);
const groupOf = (n) => groups[n % groups.length];
const doorOf = (n) => endpointOf(way === 'gateway' ? doors[0] : ['node-1', 'node-3'][n % 2]);
const changes = [
  ['add node-4', () => ring('add', 'node-4')],
  ['drain node-2', () => ring('drain', 'node-2', '--lb-wait', '0s')],
  ['undrain node-2', () => ring('undrain', 'node-2')],
  ['weight node-3', () => ring('weight', 'node-3', '0.5')],
  ['remove node-4', () => ring('remove', 'node-4', '--lb-wait', '0s')],
];

async function gather(crew) {
  const clients = new Map();
  await Promise.all(users.map(async (userId, n) => {
    await sleep(n * 10);
    clients.set(userId, await crew.sdk({ userId, at: doorOf(n), groups: [] }));
    await clients.get(userId).client.joinGroup(groupOf(n));
  }));
  return clients;
}

function lay(traffic, clients, membersOf) {
  for (const [n, user] of users.entries()) {
    const recipient = users[(n + 77) % users.length];
    traffic.userToUser(user, clients.get(user), recipient, clients.get(recipient), 1500);
    traffic.userToGroup(user, clients.get(user), groupOf(n + 1), membersOf(groupOf(n + 1)), 4000);
    traffic.appToUser(user, clients.get(user), 3000);
  }
  for (const group of groups) traffic.appToGroup(group, membersOf(group), 2000);
}

const columns = ['published', 'expected', 'received', 'failed', 'unknown', 'confirmed', 'lost', 'twice', 'disorder', 'events', 'recoveries'];
function print(rows) {
  const line = (cells) => console.log(cells.map((cell, n) => (n === 0 ? `  ${String(cell).padEnd(16)}` : String(cell ?? 0).padStart(11))).join(''));
  line(['PHASE', ...columns.map((column) => column.toUpperCase())]);
  for (const row of rows) line([row.phase, ...columns.map((column) => row[column])]);
}

const eventsOf = (clients) => [...clients.values()].reduce((sum, c) => sum + c.connected.length - 1 + c.disconnected.length, 0);
const recoveriesOfAll = (ids) => ids.reduce((sum, id) => sum + recoveriesOf(id), 0);

check('nothing is lost, repeated or out of order but what the table says', async (crew) => {
  const clients = await gather(crew);
  const ids = [...clients.values()].map((client) => client.id);
  const membersOf = (group) => users.filter((_, n) => groupOf(n) === group).map((user) => clients.get(user));
  const traffic = new Traffic();
  lay(traffic, clients, membersOf);
  const seen = new Map();
  const during = async (phase, act) => {
    const [events, recovered] = [eventsOf(clients), recoveriesOfAll(ids)];
    traffic.phase = phase;
    await act();
    seen.set(phase, { events: eventsOf(clients) - events, recoveries: recoveriesOfAll(ids) - recovered });
  };

  traffic.phase = 'calm';
  traffic.begin();
  await during('calm', () => sleep(4000));
  for (const [name, make] of changes) {
    await during(name, async () => {
      await sleep(500);
      await make();
      await until(() => [...clients.values()].every((client) => client.isConnected), `that everybody is connected after ${name}`);
      await sleep(1500);
    });
  }
  await traffic.pause();
  await traffic.settled();

  await during('before kill -9', async () => {
    traffic.begin();
    await sleep(2500);
  });
  await during('kill -9 node-2', async () => {
    // What is published in this second may be under way when the node dies.
    await sleep(1000);
    kill('node-2');
    // Everybody hears again, and what was under way is through.
    await everybodyHears(clients.get(users[0]), clients, groups.map((group) => [group, membersOf(group)]));
    await traffic.pause();
    await sleep(1500);
  });
  await wscluster('ring', 'wait', '--timeout', '30s');
  await during('after it', async () => {
    traffic.begin();
    await sleep(6000);
    await traffic.pause();
    await traffic.settled();
  });

  const rows = traffic.account().map((row) => ({ ...row, ...seen.get(row.phase) }));
  const killed = rows.find((row) => row.phase === 'kill -9 node-2');
  // Only here a message (CONFIRMED: one for a user that had an answer) may be lost, or come twice because its sender got no answer and the SDK sent it again.
  killed.unknown = killed.lost + killed.twice;
  Object.assign(killed, { lost: 0, twice: 0 });
  print(rows);
  assertExact(rows.filter((row) => row !== killed));
  assert.equal(killed.disorder, 0, killed.examples.filter((text) => text.includes('behind')).slice(0, 5).join('\n'));
  assert.ok(killed.received > killed.expected / 2, 'most of what was published around the kill is unknown');
  const planned = rows.filter((row) => row !== killed && row.phase !== 'after it');
  assert.equal(planned.reduce((sum, row) => sum + row.events, 0), 0, 'the applications have noticed a planned change');
  if (way === 'gateway') assert.equal(planned.reduce((sum, row) => sum + row.recoveries, 0), 0, 'the gateway has closed clients');
}, { timeout: 240_000 });
