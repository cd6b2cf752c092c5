// SPDX-License-Identifier: MIT
// T1: what an application does on a good day.
import assert from 'node:assert/strict';
import { WebPubSubJsonProtocol, allGroups, check, json, noRetries, refusedWith, sleep, until } from './harness.mjs';

const kinds = [
  ['json', { a: 1, nested: [true, null, 'ü€😀"\\\u0001'] }], ['json', 'bare'], ['json', 1.5e300], ['json', []],
  ['text', 'plain "text" \u2028 😀\n'], ['text', ''], ['text', 'x'.repeat(200_000)],
];
const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
const toBob = ['webpubsub.sendToGroup.user:bob'];

check('the connected event tells who and which connection', async (crew) => {
  const alice = await crew.sdk({ userId: 'alice' });
  assert.equal(alice.connected[0].userId, 'alice');
  assert.match(alice.id, /^[A-Za-z0-9_-]+$/);
  assert.equal(alice.frames[0].event, 'connected');
  assert.equal(typeof alice.frames[0].reconnectionToken, 'string');
});

check('a user writes to a user, with acks and in order', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob', roles: [] });
  const alice = await crew.sdk({ userId: 'alice', roles: toBob });
  for (let n = 0; n < 50; n++) {
    assert.equal((await alice.client.sendToGroup('user:bob', { n }, 'json')).isDuplicated, false);
  }
  await bob.hears(...Array.from({ length: 50 }, (_, n) => ({ n })));
  for (const message of bob.messages) {
    assert.deepEqual([message.from, message.group, message.fromUserId, message.dataType],
      ['group', 'user:bob', 'alice', 'json']);
  }
  const ids = bob.messages.map((message) => message.sequenceId);
  assert.ok(ids[0] >= 1 && ids.every((id, i) => i === 0 || id > ids[i - 1]), `sequence ids ${ids}`);
});

check('every kind of data comes as it was sent to a user', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  const alice = await crew.sdk({ userId: 'alice', roles: toBob });
  for (const [type, data] of kinds) await alice.client.sendToGroup('user:bob', data, type);
  await alice.client.sendToGroup('user:bob', bytes.buffer, 'binary');
  await bob.receives(kinds.length + 1);
  assert.deepEqual(bob.data.slice(0, -1), kinds.map(([, data]) => data));
  assert.deepEqual(bob.messages.map((message) => message.dataType), [...kinds.map(([type]) => type), 'binary']);
  assert.deepEqual(new Uint8Array(bob.data.at(-1)), bytes);
});

check('every session of the user gets the message, and only that user', async (crew) => {
  const devices = [await crew.sdk({ userId: 'bob' }), await crew.sdk({ userId: 'bob' }), await crew.sdk({ userId: 'bob' })];
  const alice = await crew.sdk({ userId: 'alice' });
  const other = await crew.sdk({ userId: 'bob2' });
  await alice.client.sendToGroup('user:bob', 1, 'json');
  await alice.client.sendToGroup('user:bob2', 2, 'json');
  for (const device of devices) await device.hears(1);
  await other.hears(2);
  assert.equal(new Set(devices.map((device) => device.id)).size, 3);
});

check('without ack messages to a user come in the order of sending, too', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  const alice = await crew.sdk({ userId: 'alice' });
  for (let n = 0; n < 100; n++) await alice.client.sendToGroup('user:bob', n, 'json', { fireAndForget: n % 10 !== 9 });
  await bob.hears(...Array(100).keys());
});

check('an explicit ack id that was executed is a Duplicate and not executed again', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  const alice = await crew.sdk({ userId: 'alice' });
  const options = { ackId: 7_000_001 };
  assert.equal((await alice.client.sendToGroup('user:bob', 'first', 'text', options)).isDuplicated, false);
  assert.equal((await alice.client.sendToGroup('user:bob', 'again', 'text', options)).isDuplicated, true);
  await alice.client.sendToGroup('user:bob', 'last', 'text');
  await bob.hears('first', 'last');
  const duplicate = alice.frames.find((frame) => frame.error?.name === 'Duplicate');
  assert.equal(duplicate.error.message, 'Message with ack-id: 7000001 has been processed');
});

check('a refused ack id may be used again', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  const alice = await crew.sdk({ userId: 'alice', roles: toBob }, noRetries);
  const options = { ackId: 7_000_002 };
  await assert.rejects(alice.client.sendToGroup('user:carol', 'no', 'text', options), refusedWith('Forbidden'));
  assert.equal((await alice.client.sendToGroup('user:bob', 'yes', 'text', options)).isDuplicated, false);
  await bob.hears('yes');
});

check('without a role everything with groups and users is Forbidden', async (crew) => {
  const { client } = await crew.sdk({ userId: 'alice', roles: [] }, noRetries);
  await assert.rejects(client.joinGroup('g'), refusedWith('Forbidden'));
  await assert.rejects(client.sendToGroup('g', 1, 'json'), refusedWith('Forbidden'));
  await assert.rejects(client.sendToGroup('user:bob', 1, 'json'), refusedWith('Forbidden'));
});

check('nobody joins the group of another user', async (crew) => {
  const { client } = await crew.sdk({ userId: 'alice' }, noRetries);
  await assert.rejects(client.joinGroup('user:bob'), refusedWith('Forbidden'));
});

check('roles by pattern', async (crew) => {
  const roles = ['webpubsub.sendToGroups.user:room.?', 'webpubsub.sendToGroups.user:floor.*.x',
    'webpubsub.sendToGroups.user:tree.**', String.raw`webpubsub.sendToGroups.user:star\*`];
  const { client } = await crew.sdk({ userId: 'alice', roles }, noRetries);
  for (const name of ['room.1', 'floor.x.x', 'floor..x', 'tree.a.b.c', 'tree.', 'star*']) {
    await client.sendToGroup(`user:${name}`, 1, 'json');
  }
  for (const name of ['room.12', 'room..', 'room.', 'floor.a.b.x', 'trees', 'starry', 'STAR*']) {
    await assert.rejects(client.sendToGroup(`user:${name}`, 1, 'json'), refusedWith('Forbidden'), name);
  }
});

check('an event without a webhook is InvocationFailed', async (crew) => {
  const { client } = await crew.sdk({ userId: 'alice' }, noRetries);
  await assert.rejects(client.sendEvent('order', { x: 1 }, 'json'), refusedWith('InvocationFailed'));
});

check('ping is answered with pong', async (crew) => {
  const alice = await crew.sdk({ userId: 'alice' }, { keepAliveIntervalInMs: 100 });
  await until(() => alice.frames.filter((frame) => frame.type === 'pong').length >= 3, 'three pongs');
});

check('messages are acknowledged and stay so over many seconds of one second each', async (crew) => {
  const bob = await crew.raw({ userId: 'bob' });
  const connected = await bob.connected();
  const alice = await crew.sdk({ userId: 'alice' });
  for (let n = 1; n <= 3; n++) await alice.client.sendToGroup('user:bob', n, 'json');
  await until(() => bob.messages.length === 3, 'three messages');
  bob.send({ type: 'sequenceAck', sequenceId: bob.messages[1].sequenceId });
  bob.send({ type: 'ping' });
  await bob.next((frame) => frame.type === 'pong', 'the pong behind the sequenceAck');
  bob.socket.terminate();
  const url = new URL(bob.url);
  url.searchParams.set('awps_connection_id', connected.connectionId);
  url.searchParams.set('awps_reconnection_token', connected.reconnectionToken);
  const again = await crew.raw(url.toString());
  await again.next((frame) => frame.data === 3, 'the message that was not acknowledged');
  assert.deepEqual(again.messages.map((message) => message.data), [3]);
});

check('the json subprotocol has no sequence ids and no token', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' }, { protocol: WebPubSubJsonProtocol() });
  const alice = await crew.sdk({ userId: 'alice' });
  await alice.client.sendToGroup('user:bob', 'a', 'text');
  await bob.hears('a');
  assert.equal(bob.messages[0].sequenceId, undefined);
  assert.equal(bob.frames[0].reconnectionToken, undefined);
  const raw = await crew.raw({ userId: 'carol' }, json);
  await alice.client.sendToGroup('user:carol', 'b', 'text');
  const message = await raw.next((frame) => frame.data === 'b', 'the message');
  assert.ok(!('sequenceId' in message));
});

check('an anonymous client', async (crew) => {
  const nobody = await crew.sdk({ roles: allGroups });
  const bob = await crew.sdk({ userId: 'bob' });
  assert.ok(nobody.connected[0].userId == null, `user id ${nobody.connected[0].userId}`);
  await nobody.client.sendToGroup('user:bob', 1, 'json');
  await bob.hears(1);
  assert.ok(bob.messages[0].fromUserId == null, `from ${bob.messages[0].fromUserId}`);
});

// ---------------------------------------------------------------------------------------------------------------------

check('group: join, send with ack, all members hear it, the sender included', async (crew) => {
  const [alice, bob, carol] = [await crew.sdk({ userId: 'alice' }), await crew.sdk({ userId: 'bob' }),
    await crew.sdk({ userId: 'carol' })];
  for (const { client } of [alice, bob]) await client.joinGroup('g1');
  for (let n = 0; n < 20; n++) await alice.client.sendToGroup('g1', n, 'json');
  // Carol is no member and may send all the same.
  await carol.client.sendToGroup('g1', 'end', 'text');
  for (const member of [alice, bob]) {
    await member.hears(...Array(20).keys(), 'end');
    assert.deepEqual(member.messages.map((message) => message.fromUserId), [...Array(20).fill('alice'), 'carol']);
    assert.ok(member.messages.every((message) => message.from === 'group' && message.group === 'g1'));
  }
  assert.deepEqual(carol.data, []);
});

check('group: every kind of data comes as it was sent', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob', groups: ['kinds'] });
  const alice = await crew.sdk({ userId: 'alice' });
  for (const [type, data] of kinds) await alice.client.sendToGroup('kinds', data, type);
  await alice.client.sendToGroup('kinds', bytes.buffer, 'binary');
  await bob.receives(kinds.length + 1);
  assert.deepEqual(bob.data.slice(0, -1), kinds.map(([, data]) => data));
  assert.deepEqual(new Uint8Array(bob.data.at(-1)), bytes);
});

check('group: noEcho leaves out the connection that sends, and no other of the user', async (crew) => {
  const one = await crew.sdk({ userId: 'alice', groups: ['g2'] });
  const two = await crew.sdk({ userId: 'alice', groups: ['g2'] });
  await one.client.sendToGroup('g2', 'quiet', 'text', { noEcho: true });
  await one.client.sendToGroup('g2', 'quiet too', 'text', { noEcho: true, fireAndForget: true });
  await one.client.sendToGroup('g2', 'loud', 'text');
  await two.hears('quiet', 'quiet too', 'loud');
  await one.hears('loud');
});

check('group: who has left hears nothing until he joins again', async (crew) => {
  const [alice, bob] = [await crew.sdk({ userId: 'alice' }), await crew.sdk({ userId: 'bob' })];
  for (const { client } of [alice, bob]) await client.joinGroup('g3');
  await bob.client.leaveGroup('g3');
  await alice.client.sendToGroup('g3', 'without bob', 'text');
  await alice.hears('without bob');
  await bob.client.joinGroup('g3');
  await alice.client.sendToGroup('g3', 'with bob', 'text');
  await bob.hears('with bob');
});

check('group: leaving one that was never joined is fine, and joining twice is joining once', async (crew) => {
  const { client, ...alice } = await crew.sdk({ userId: 'alice' });
  await client.leaveGroup('never');
  await client.joinGroup('twice');
  await client.joinGroup('twice');
  await client.sendToGroup('twice', 1, 'json');
  await client.leaveGroup('twice');
  await sleep(100);
  assert.deepEqual(alice.messages.map((message) => message.data), [1]);
});

check('group: two senders are heard in the same order by everybody', async (crew) => {
  const members = [];
  for (let n = 0; n < 6; n++) members.push(await crew.sdk({ userId: `member-${n}`, groups: ['order'] }));
  const senders = [await crew.sdk({ userId: 'alice' }), await crew.sdk({ userId: 'bob' })];
  await Promise.all(senders.map(async ({ client }, sender) => {
    for (let n = 0; n < 50; n++) await client.sendToGroup('order', `${sender}:${n}`, 'text', { fireAndForget: n % 2 === 0 });
  }));
  for (const member of members) await member.receives(100);
  for (const member of members) assert.deepEqual(member.data, members[0].data);
  for (const sender of [0, 1]) {
    assert.deepEqual(members[0].data.filter((data) => data.startsWith(`${sender}:`)),
      Array.from({ length: 50 }, (_, n) => `${sender}:${n}`));
  }
});

check('group: roles for one group, for joining only, for sending only, by pattern', async (crew) => {
  const roles = ['webpubsub.joinLeaveGroup.in', 'webpubsub.sendToGroup.out', 'webpubsub.joinLeaveGroups.room.*'];
  const { client } = await crew.sdk({ userId: 'alice', roles }, noRetries);
  await client.joinGroup('in');
  await client.joinGroup('room.7');
  await client.leaveGroup('room.7');
  await client.sendToGroup('out', 1, 'json');
  await assert.rejects(client.joinGroup('out'), refusedWith('Forbidden'));
  await assert.rejects(client.joinGroup('room.7.8'), refusedWith('Forbidden'));
  await assert.rejects(client.leaveGroup('other'), refusedWith('Forbidden'));
  await assert.rejects(client.sendToGroup('in', 1, 'json'), refusedWith('Forbidden'));
});

check('group: names of all kinds', async (crew) => {
  const alice = await crew.sdk({ userId: 'alice' });
  const names = ['a', 'with space', 'ü€😀', 'a/b?c=d&e#f%20', '"quoted\\"', '\u0001all', 'group:x', 'x'.repeat(1024)];
  for (const name of names) {
    await alice.client.joinGroup(name);
    await alice.client.sendToGroup(name, name, 'text');
  }
  await alice.hears(...names);
  assert.deepEqual(alice.messages.map((message) => message.group), names);
});
