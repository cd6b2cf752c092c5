// SPDX-License-Identifier: MIT
// T2: a session outlives its socket, unless it is told not to.
import assert from 'node:assert/strict';
import { WebPubSubJsonProtocol, accessUrl, check, endpointOf, doors, key, recoveriesOf, recoveryUrl, sleep,
  until, wscluster } from './harness.mjs';
import jwt from 'jsonwebtoken';

// The cluster of this scenario keeps a session without a socket for so long (tests/sdk/run).
const retention = 3000;

// The same session, and the application has not noticed.
async function recovered(client, id, least = 1) {
  await until(() => recoveriesOf(id) >= least, 'the recovery');
  await until(() => client.isConnected, 'a recovered client');
}
function unnoticed(client) {
  assert.equal(client.connected.length, 1, 'there is a second connected event');
  assert.equal(client.disconnected.length, 0, 'there is a disconnected event');
}
const evict = (user, ...words) => wscluster('session', 'evict', user, '--yes', ...words);

check('the wire is cut: messages to the user wait and come once, in order', async (crew) => {
  const wire = await crew.wire();
  const bob = await crew.sdk({ userId: 'bob', at: wire.endpoint });
  const alice = await crew.sdk({ userId: 'alice' });
  await alice.client.sendToGroup('user:bob', 'before', 'text');
  await bob.hears('before');
  wire.isRefusing = true;
  wire.cut();
  for (let n = 0; n < 10; n++) await alice.client.sendToGroup('user:bob', n, 'json');
  wire.isRefusing = false;
  await alice.client.sendToGroup('user:bob', 'after', 'text');
  await bob.hears('before', ...Array(10).keys(), 'after');
  await recovered(bob, bob.id);
  unnoticed(bob);
});

check('the wire is cut ten times while messages flow both ways', async (crew) => {
  const wire = await crew.wire();
  const bob = await crew.sdk({ userId: 'bob', at: wire.endpoint });
  const alice = await crew.sdk({ userId: 'alice' });
  const flow = (async () => {
    for (let n = 0; n < 500; n++) {
      await alice.client.sendToGroup('user:bob', n, 'json', { fireAndForget: n % 3 === 0 });
      if (n % 10 === 0) await sleep(10);
    }
  })();
  for (let n = 0; n < 10; n++) {
    await sleep(150);
    wire.cut();
    await until(() => bob.isConnected, 'a connected client');
  }
  await flow;
  await bob.hears(...Array(500).keys());
  unnoticed(bob);
  // Upstream the SDK sends again what it has no ack for; the ack ids keep that from being executed twice.
  wire.cut();
  const sent = Array.from({ length: 20 }, (_, n) => bob.client.sendToGroup('user:alice', n, 'json', { ackId: 5_000_000 + n }));
  await Promise.all(sent);
  await bob.client.sendToGroup('user:alice', 20, 'json');
  await alice.receives(21);
  assert.deepEqual([...alice.data].sort((a, b) => a - b), [...Array(21).keys()]);
}, { timeout: 40_000 });

check('group: the wire is cut: membership stays, messages of the time without a socket come once and in order', async (crew) => {
  const wire = await crew.wire();
  const bob = await crew.sdk({ userId: 'bob', at: wire.endpoint });
  const alice = await crew.sdk({ userId: 'alice' });
  await bob.client.joinGroup('g');
  wire.isRefusing = true;
  wire.cut();
  for (let n = 0; n < 10; n++) await alice.client.sendToGroup('g', n, 'json');
  wire.isRefusing = false;
  await bob.hears(...Array(10).keys());
  await alice.client.sendToGroup('g', 'end', 'text');
  await bob.hears(...Array(10).keys(), 'end');
  unnoticed(bob);
});

check('session evict with 1012: the same session goes on', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  const alice = await crew.sdk({ userId: 'alice' });
  const { id } = bob;
  for (let round = 1; round <= 3; round++) {
    await evict('bob', '--close-code', '1012');
    await alice.client.sendToGroup('user:bob', round, 'json');
    await recovered(bob, id, round);
  }
  await bob.hears(1, 2, 3);
  unnoticed(bob);
});

check('session evict with 1008: a new session', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  const alice = await crew.sdk({ userId: 'alice' });
  const { id } = bob;
  await evict('bob', '--close-code', '1008');
  await until(() => bob.connected.length === 2, 'the second connected event');
  assert.equal(bob.disconnected.length, 1);
  assert.notEqual(bob.id, id);
  assert.equal(recoveriesOf(id), 0);
  await alice.client.sendToGroup('user:bob', 'hello', 'text');
  await bob.hears('hello');
});

check('group: session evict with 1008: the SDK joins again', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  const alice = await crew.sdk({ userId: 'alice' });
  await bob.client.joinGroup('again');
  await evict('bob', '--close-code', '1008');
  await until(() => bob.connected.length === 2, 'the second connected event');
  assert.deepEqual(bob.rejoinFailures, []);
  await alice.client.sendToGroup('again', 'hello', 'text');
  await bob.hears('hello');
});

check('session evict with 4001: the client comes back', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  const alice = await crew.sdk({ userId: 'alice' });
  const { id } = bob;
  await evict('bob', '--close-code', '4001', '--close-reason', 'bye');
  await until(() => recoveriesOf(id) >= 1 && bob.isConnected, 'the return');
  await until(async () => {
    await alice.client.sendToGroup('user:bob', 'hello', 'text');
    return bob.data.includes('hello');
  }, 'a message after the return');
});

check('a close without a code (the SDK hears nothing for too long) is no end of the session', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' }, { keepAliveIntervalInMs: 0, keepAliveTimeoutInMs: 1500 });
  const alice = await crew.sdk({ userId: 'alice' });
  await recovered(bob, bob.id);
  await alice.client.sendToGroup('user:bob', 'hello', 'text');
  await bob.hears('hello');
  unnoticed(bob);
});

check('without a socket for longer than the retention: 101, 1008, and a new session', async (crew) => {
  const wire = await crew.wire();
  const bob = await crew.sdk({ userId: 'bob', at: wire.endpoint });
  const { id } = bob;
  wire.isRefusing = true;
  wire.cut();
  await sleep(retention + 2000);
  wire.isRefusing = false;
  await until(() => bob.connected.length === 2, 'the second connected event');
  assert.notEqual(bob.id, id);
});

check('the json subprotocol has no recovery: a new session after each close', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' }, { protocol: WebPubSubJsonProtocol() });
  const alice = await crew.sdk({ userId: 'alice' });
  const { id } = bob;
  await evict('bob');
  await until(() => bob.connected.length === 2, 'the second connected event');
  assert.notEqual(bob.id, id);
  await alice.client.sendToGroup('user:bob', 'hello', 'text');
  await bob.hears('hello');
});

// ---------------------------------------------------------------------------------------------------------------------
// The same on bare sockets, where the URL may be other than the SDK's.

async function session(crew, userId) {
  const raw = await crew.raw({ userId });
  return [raw, await raw.connected()];
}
async function lives(crew, raw, userId) {
  const friend = await crew.sdk({ userId: 'friend' });
  await friend.client.sendToGroup(`user:${userId}`, 'are you there?', 'text');
  await raw.next((frame) => frame.data === 'are you there?', 'a message to the recovered session');
}

check('a close with 1000 ends the session', async (crew) => {
  const [raw, connected] = await session(crew, 'dave');
  raw.socket.close(1000);
  await raw.closed;
  const again = await crew.raw(recoveryUrl(raw.url, connected));
  await again.closesWith(1008);
});

for (const code of [undefined, 1001, 4001]) {
  check(`a close with ${code ?? 'no code'} does not`, async (crew) => {
    const [raw, connected] = await session(crew, 'dave');
    raw.socket.close(code);
    await raw.closed;
    await lives(crew, await crew.raw(recoveryUrl(raw.url, connected)), 'dave');
  });
}

check('what was written but not acknowledged comes again, with the same ids, before what is new', async (crew) => {
  const [raw, connected] = await session(crew, 'erin');
  const alice = await crew.sdk({ userId: 'alice' });
  for (let n = 0; n < 5; n++) await alice.client.sendToGroup('user:erin', n, 'json');
  await until(() => raw.messages.length === 5, 'five messages');
  raw.socket.terminate();
  for (let n = 5; n < 8; n++) await alice.client.sendToGroup('user:erin', n, 'json');
  const again = await crew.raw(recoveryUrl(raw.url, connected));
  await until(() => again.messages.length === 8, 'eight messages');
  assert.deepEqual(again.messages.map((message) => message.data), [...Array(8).keys()]);
  assert.deepEqual(again.messages.slice(0, 5).map((m) => m.sequenceId), raw.messages.map((m) => m.sequenceId));
  // Once more, with the first token, half of it acknowledged.
  again.send({ type: 'sequenceAck', sequenceId: again.messages[5].sequenceId });
  again.send({ type: 'ping' });
  await again.next((frame) => frame.type === 'pong', 'the pong');
  again.socket.terminate();
  const third = await crew.raw(recoveryUrl(raw.url, connected));
  await until(() => third.messages.length === 2, 'two messages');
  assert.deepEqual(third.messages.map((message) => message.data), [6, 7]);
});

check('the old socket is still open: the recovery takes the session over', async (crew) => {
  const [raw, connected] = await session(crew, 'frank');
  const again = await crew.raw(recoveryUrl(raw.url, connected));
  await raw.closed;
  await lives(crew, again, 'frank');
});

check('the access token is not asked for at a recovery: it may be missing or expired', async (crew) => {
  const [raw, connected] = await session(crew, 'grace');
  raw.socket.terminate();
  const again = await crew.raw(recoveryUrl(raw.url, connected, { withoutToken: true }));
  await lives(crew, again, 'grace');
  again.socket.terminate();
  const url = new URL(recoveryUrl(raw.url, connected));
  url.searchParams.set('access_token', jwt.sign({ sub: 'grace', exp: 1_000_000 }, key));
  await lives(crew, await crew.raw(url.toString()), 'grace');
});

check('a session comes back at any other door', async (crew) => {
  const [raw, connected] = await session(crew, 'heidi');
  const alice = await crew.sdk({ userId: 'alice' });
  let last = raw;
  for (const [n, door] of ['node-1', 'node-2', 'node-3', 'gateway-1', doors.at(-1)].entries()) {
    last.socket.terminate();
    await alice.client.sendToGroup('user:heidi', n, 'json');
    last = await crew.raw(recoveryUrl(raw.url, connected, { at: endpointOf(door) }));
    await last.next((frame) => frame.data === n, `message ${n} at ${door}`);
  }
});

check('behind the close of the server, frames without ack id are executed, those with one are not', async (crew) => {
  const [raw, connected] = await session(crew, 'erin');
  const alice = await crew.sdk({ userId: 'alice' });
  const say = (data, ackId) => raw.send({ type: 'sendToGroup', group: 'user:alice', dataType: 'text', data, ackId });
  say('before', 1);
  await raw.ack(1);
  // The client has not read the close yet.
  raw.socket.pause();
  await evict('erin');
  await sleep(200);
  for (const data of ['a', 'b', 'c']) say(data);
  say('discarded', 2);
  say('d');
  await sleep(200);
  raw.socket.resume();
  await raw.closesWith(1012);
  const again = await crew.raw(recoveryUrl(raw.url, connected));
  again.send({ type: 'sendToGroup', group: 'user:alice', dataType: 'text', data: 'end', ackId: 2 });
  assert.equal((await again.ack(2)).success, true);
  await alice.hears('before', 'a', 'b', 'c', 'd', 'end');
  assert.ok(!raw.frames.some((frame) => frame.ackId === 2), 'the discarded frame was answered');
});

check('ack ids are remembered over a recovery', async (crew) => {
  const [raw, connected] = await session(crew, 'ivan');
  raw.send({ type: 'sendToGroup', group: 'user:nobody', ackId: 77, dataType: 'text', data: 'x' });
  assert.equal((await raw.ack(77)).success, true);
  raw.socket.terminate();
  const again = await crew.raw(recoveryUrl(raw.url, connected));
  again.send({ type: 'sendToGroup', group: 'user:nobody', ackId: 77, dataType: 'text', data: 'x' });
  assert.equal((await again.ack(77)).error?.name, 'Duplicate');
});

check('a recovered session keeps its roles and groups', async (crew) => {
  const url = await accessUrl({ userId: 'judy', roles: ['webpubsub.sendToGroup.mine'], groups: ['mine'] });
  const raw = await crew.raw(url);
  const connected = await raw.connected();
  raw.socket.terminate();
  const again = await crew.raw(recoveryUrl(url, connected, { withoutToken: true }));
  again.send({ type: 'sendToGroup', group: 'other', ackId: 1, dataType: 'text', data: 'x' });
  assert.equal((await again.ack(1)).error?.name, 'Forbidden');
  again.send({ type: 'sendToGroup', group: 'mine', ackId: 2, dataType: 'text', data: 'echo' });
  assert.equal((await again.ack(2)).success, true);
  await again.next((frame) => frame.data === 'echo', 'the echo');
});

