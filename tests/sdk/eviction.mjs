// SPDX-License-Identifier: MIT
// T4: ring changes under traffic. Behind the gateway nobody is closed; a direct client recovers at most once for each change
// that moves it; and every message comes once and in order.
import assert from 'node:assert/strict';
import { check, doors, endpointOf, recoveriesOf, recoveryUrl, ring, sleep, until, way, wscluster } from './harness.mjs';
import { Traffic, assertExact } from './traffic.mjs';

const changes = [
  ['add node-4', () => ring('add', 'node-4')],
  ['drain node-2', () => ring('drain', 'node-2', '--lb-wait', '0s')],
  ['undrain node-2', () => ring('undrain', 'node-2')],
  ['remove node-4', () => ring('remove', 'node-4', '--lb-wait', '0s')],
];
const users = Array.from({ length: 12 }, (_, n) => `user-${n}`);
// Direct clients sit at nodes that stay; for the others see the last check.
const doorOf = (n) => endpointOf(way === 'gateway' ? doors[0] : ['node-1', 'node-3'][n % 2]);

async function gather(crew) {
  const clients = new Map();
  for (const [n, userId] of users.entries()) {
    clients.set(userId, await crew.sdk({ userId, groups: ['room'], at: doorOf(n) }));
  }
  return clients;
}

async function ownersOf(names) {
  const { owners } = JSON.parse(await wscluster('ring', 'owner', ...names, '-o', 'json'));
  return new Map(owners.map(({ uid, node }) => [uid, node]));
}

// Makes each change and holds the recoveries against who was moved by it.
async function makeChanges(traffic, clients) {
  for (const [name, make] of changes) {
    const before = await ownersOf(users);
    const counts = new Map([...clients].map(([user, client]) => [user, recoveriesOf(client.id)]));
    traffic.phase = name;
    await sleep(300);
    await make();
    await until(() => [...clients.values()].every((client) => client.isConnected), `that everybody is connected after ${name}`);
    await sleep(300);
    const after = await ownersOf(users);
    for (const [user, client] of clients) {
      const isMoved = before.get(user) !== after.get(user);
      const allowed = way === 'gateway' || !isMoved ? 0 : 1;
      const made = recoveriesOf(client.id) - counts.get(user);
      assert.ok(made <= allowed, `${name}: ${user} (${isMoved ? 'moved' : 'not moved'}) recovered ${made} times`);
    }
  }
}

function evictionCheck(name, lay) {
  check(`${name}, during ${changes.map(([change]) => change).join(', ')}`, async (crew) => {
    const clients = await gather(crew);
    const traffic = new Traffic();
    lay(traffic, clients);
    traffic.begin();
    await makeChanges(traffic, clients);
    traffic.phase = 'end';
    await sleep(500);
    await traffic.pause();
    await traffic.settled();
    assertExact(traffic.account());
    for (const [user, client] of clients) {
      assert.deepEqual([client.connected.length, client.disconnected.length], [1, 0], `events of ${user}`);
    }
  }, { timeout: 150_000 });
}

evictionCheck('users write to users', (traffic, clients) => {
  for (const [n, user] of users.entries()) {
    const recipient = users[(n + 1) % users.length];
    traffic.userToUser(user, clients.get(user), recipient, clients.get(recipient), 20);
  }
});

evictionCheck('the application writes to users', (traffic, clients) => {
  for (const user of users) traffic.appToUser(user, clients.get(user), 20);
});

evictionCheck('users write to a group', (traffic, clients) => {
  for (const user of users.slice(0, 4)) traffic.userToGroup(user, clients.get(user), 'room', [...clients.values()], 30);
});

evictionCheck('the application writes to a group', (traffic, clients) => {
  traffic.appToGroup('room', [...clients.values()], 20);
});

if (way !== 'gateway') {
  check('behind the close of a moved client, frames without ack id are executed', async (crew) => {
    const names = Array.from({ length: 100 }, (_, n) => `moving-${n}`);
    const { owners } = JSON.parse(await wscluster('ring', 'owner', ...names, '--with', 'node-4', '-o', 'json'));
    const moving = owners.filter(({ node, then }) => node === 'node-1' && then === 'node-4').slice(0, 3).map(({ uid }) => uid);
    assert.equal(moving.length, 3, JSON.stringify(owners.slice(0, 3)));
    const alice = await crew.sdk({ userId: 'alice', at: endpointOf('node-3') });
    const clients = [];
    for (const userId of moving) {
      const raw = await crew.raw({ userId, at: endpointOf('node-1') });
      clients.push([userId, raw, await raw.connected()]);
      raw.socket.pause();
    }
    await ring('add', 'node-4', '--detach');
    // For a second, which is before, in and behind the move and less than the node waits for the answer to its close.
    for (let n = 0; n < 20; n++) {
      for (const [userId, raw] of clients) raw.send({ type: 'sendToGroup', group: 'user:alice', dataType: 'text', data: `${userId}:${n}` });
      await sleep(50);
    }
    for (const [, raw] of clients) {
      raw.socket.resume();
      await raw.closesWith(1012);
    }
    await alice.receives(20 * clients.length);
    for (const [userId] of clients) {
      assert.deepEqual(alice.data.filter((data) => data.startsWith(`${userId}:`)), Array.from({ length: 20 }, (_, n) => `${userId}:${n}`));
    }
    for (const [, raw, connected] of clients) await (await crew.raw(recoveryUrl(raw.url, connected))).connected();
    await wscluster('ring', 'wait', '--timeout', '40s');
    await ring('remove', 'node-4', '--lb-wait', '0s');
  }, { timeout: 60_000 });

  check('a node that leaves: its direct clients make a new session elsewhere, nothing is lost', async (crew) => {
    const clients = new Map();
    for (const userId of users) {
      let door = 'node-3';
      clients.set(userId, await crew.sdk(() => {
        const access = { userId, groups: ['room'], at: endpointOf(door) };
        door = 'node-1';
        return access;
      }));
    }
    const traffic = new Traffic();
    for (const user of users) traffic.appToUser(user, clients.get(user), 20);
    traffic.begin();
    await sleep(1500);
    await ring('drain', 'node-3', '--lb-wait', '0s');
    await until(() => [...clients.values()].every((client) => client.isConnected), 'that everybody is connected');
    await traffic.pause();
    await traffic.settled();
    await ring('undrain', 'node-3');
    // What was not acknowledged comes to the next session again: up to a second of it is repeated.
    assertExact(traffic.account().map((row) => ({ ...row, twice: 0 })));
    for (const [user, client] of clients) assert.ok(client.connected.length <= 2, `${user} had ${client.connected.length} sessions`);
  }, { timeout: 90_000 });
}
