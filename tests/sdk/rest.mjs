// SPDX-License-Identifier: MIT
// T5: every call of the application's SDK, with the exact status, and what it does.
import { odata } from '@azure/web-pubsub';
import assert from 'node:assert/strict';
import { check, doors, endpoint, endpointOf, hub, noRetries, refusedWith, serviceAt, until } from './harness.mjs';
import { answers, fails, request, service, unknownId } from './rest_calls.mjs';

check('health', async () => {
  assert.equal((await request('HEAD', '/api/health?api-version=2024-12-01', { sign: null })).status, 200);
});

check('sendToUser: json, text and bytes, to every session; 202 also without one', async (crew) => {
  const devices = [await crew.sdk({ userId: 'bob' }), await crew.sdk({ userId: 'bob' })];
  await answers(202, (options) => service.sendToUser('bob', { hello: 'wörld' }, options));
  await answers(202, (options) => service.sendToUser('bob', 'plain', { contentType: 'text/plain', ...options }));
  await answers(202, (options) => service.sendToUser('bob', 'json text', options));
  await answers(202, (options) => service.sendToUser('bob', Uint8Array.of(9, 8).buffer, options));
  await answers(202, (options) => service.sendToUser('nobody', 1, options));
  for (const device of devices) {
    await device.receives(4);
    assert.deepEqual(device.data.slice(0, 3), [{ hello: 'wörld' }, 'plain', 'json text']);
    assert.deepEqual([...new Uint8Array(device.data[3])], [9, 8]);
    assert.deepEqual(device.messages.map((message) => [message.from, message.dataType]),
      ['json', 'text', 'json', 'binary'].map((type) => ['server', type]));
  }
});

check('sendToUser: null is a JSON value, too, which the SDK sends but does not show', async (crew) => {
  const bob = await crew.raw({ userId: 'bob' });
  await answers(202, (options) => service.sendToUser('bob', null, options));
  const message = await bob.next((frame) => frame.type === 'message', 'the message');
  assert.deepEqual([message.dataType, message.data], ['json', null]);
});

check('sendToUser: a hundred calls one after another arrive in order', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  for (let n = 0; n < 100; n++) await service.sendToUser('bob', n);
  await bob.hears(...Array(100).keys());
});

check('sendToUser: names that have to be encoded', async (crew) => {
  for (const userId of ['a/b c@é', '100%', 'a%2Fb', '?&#;=', '😀', ':send', 'x'.repeat(200)]) {
    const client = await crew.sdk({ userId });
    await answers(202, (options) => service.sendToUser(userId, userId, options));
    await client.hears(userId);
    assert.equal(await service.userExists(userId), true);
  }
});

check('sendToConnection: exactly that session', async (crew) => {
  const [one, two] = [await crew.sdk({ userId: 'bob' }), await crew.sdk({ userId: 'bob' })];
  await answers(202, (options) => service.sendToConnection(one.id, 'one', options));
  await answers(202, (options) => service.sendToConnection(two.id, 'two', options));
  await one.hears('one');
  await two.hears('two');
});

check('sendToAll: everybody, without the excluded, and by filter', async (crew) => {
  const clients = [];
  for (const userId of ['a1', 'a2', 'a3', 'b1']) clients.push(await crew.sdk({ userId, groups: userId < 'b' ? ['as'] : [] }));
  const [a1, a2, a3, b1] = clients;
  await answers(202, (options) => service.sendToAll('all', options));
  for (const client of clients) await client.hears('all');
  await answers(202, (options) => service.sendToAll('some', { excludedConnections: [a1.id, b1.id], ...options }));
  for (const client of [a2, a3]) await client.hears('all', 'some');
  await answers(202, (options) => service.sendToAll('eq', { filter: odata`userId eq ${'a1'}`, ...options }));
  await a1.hears('all', 'eq');
  await answers(202, (options) => service.sendToAll('group', { filter: `'as' in groups and not (userId eq 'a1' or userId eq 'a2')`, ...options }));
  await a3.hears('all', 'some', 'group');
  await answers(202, (options) => service.sendToAll('ne', { filter: `userId ne 'b1' and connectionId ne '${a2.id}'`, ...options }));
  await a1.hears('all', 'eq', 'ne');
  await answers(202, (options) => service.sendToAll('end', options));
  await b1.hears('all', 'end');
  await a2.hears('all', 'some', 'end');
});

check('sendToUser: filter and time to live', async (crew) => {
  const [one, two] = [await crew.sdk({ userId: 'bob', groups: ['g'] }), await crew.sdk({ userId: 'bob' })];
  await answers(202, (options) => service.sendToUser('bob', 'g', { filter: `'g' in groups`, ...options }));
  await answers(202, (options) => service.sendToUser('bob', 'end', { messageTtlSeconds: 300, ...options }));
  await answers(202, (options) => service.sendToUser('bob', 'now', { messageTtlSeconds: 0, ...options }));
  await one.hears('g', 'end', 'now');
  await two.hears('end', 'now');
});

check('group.sendToAll: members, without the excluded, and by filter', async (crew) => {
  const group = service.group('g1');
  const [a, b, c] = [await crew.sdk({ userId: 'a', groups: ['g1'] }), await crew.sdk({ userId: 'b', groups: ['g1'] }),
    await crew.sdk({ userId: 'c' })];
  await answers(202, (options) => group.sendToAll({ n: 1 }, options));
  await answers(202, (options) => group.sendToAll('not a', { excludedConnections: [a.id], ...options }));
  await answers(202, (options) => group.sendToAll('only a', { filter: `userId eq 'a'`, ...options }));
  await answers(202, (options) => group.sendToAll('end', { contentType: 'text/plain', ...options }));
  await a.hears({ n: 1 }, 'only a', 'end');
  await b.hears({ n: 1 }, 'not a', 'end');
  assert.deepEqual(c.data, []);
  assert.deepEqual([a.messages[0].from, a.messages[0].group], ['group', 'g1']);
  assert.ok(a.messages[0].fromUserId == null);
  await answers(202, (options) => service.group('nobody is in it').sendToAll(1, options));
});

check('connectionExists, userExists, groupExists', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob', groups: ['here'] });
  assert.deepEqual([await service.connectionExists(bob.id), await service.userExists('bob'), await service.groupExists('here')],
    [true, true, true]);
  assert.deepEqual([await service.connectionExists(unknownId), await service.connectionExists('!'), await service.userExists('nobody'),
    await service.groupExists('nowhere')], [false, false, false, false]);
});

check('closeConnection: that session ends for good, with the reason', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  const { id } = bob;
  await answers(204, (options) => service.closeConnection(id, { reason: 'enough', ...options }));
  await until(() => bob.connected.length === 2, 'the new session');
  assert.notEqual(bob.id, id);
  assert.equal(bob.disconnected[0].connectionId, id);
  assert.match(bob.disconnected[0].message?.message ?? '', /enough/);
  assert.equal(await service.connectionExists(id), false);
});

check('closeUserConnections: all sessions of the user', async (crew) => {
  const devices = [await crew.sdk({ userId: 'bob' }), await crew.sdk({ userId: 'bob' })];
  const other = await crew.sdk({ userId: 'bob2' });
  await answers(204, (options) => service.closeUserConnections('bob', { reason: 'enough', ...options }));
  for (const device of devices) await until(() => device.connected.length === 2, 'the new session');
  await service.sendToUser('bob2', 'still there');
  await other.hears('still there');
  assert.equal(other.connected.length, 1);
});

check('group.closeAllConnections and closeAllConnections', async (crew) => {
  const [a, b] = [await crew.sdk({ userId: 'a', groups: ['closing'] }), await crew.sdk({ userId: 'b' })];
  await answers(204, (options) => service.group('closing').closeAllConnections(options));
  await until(() => a.connected.length === 2, 'the new session of the member');
  assert.equal(b.connected.length, 1);
  await answers(204, (options) => service.closeAllConnections({ excluded: [b.id], ...options }));
  await until(() => a.connected.length === 3, 'another session');
  assert.equal(b.connected.length, 1);
  await answers(204, (options) => service.closeAllConnections(options));
  await until(() => b.connected.length === 2, 'the new session of the other');
});

check('group.addConnection, removeConnection', async (crew) => {
  const group = service.group('by connection');
  const bob = await crew.sdk({ userId: 'bob' });
  await answers(200, (options) => group.addConnection(bob.id, options));
  await group.sendToAll('in');
  await bob.hears('in');
  await answers(204, (options) => group.removeConnection(bob.id, options));
  assert.equal(await service.groupExists('by connection'), false);
  await answers(204, (options) => group.removeConnection(unknownId, options));
  await fails(404, group.addConnection(unknownId), 'an unknown connection');
});

check('group.addUser, removeUser: all sessions of the user', async (crew) => {
  const group = service.group('by user');
  const devices = [await crew.sdk({ userId: 'bob' }), await crew.sdk({ userId: 'bob' })];
  await answers(200, (options) => group.addUser('bob', options));
  await group.sendToAll('in');
  for (const device of devices) await device.hears('in');
  await answers(204, (options) => group.removeUser('bob', options));
  assert.equal(await service.groupExists('by user'), false);
});

check('removeUserFromAllGroups, removeConnectionFromAllGroups', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob', groups: ['all-1', 'all-2'] });
  const carol = await crew.sdk({ userId: 'carol', groups: ['all-1', 'all-2'] });
  await answers(204, (options) => service.removeUserFromAllGroups('bob', options));
  await service.group('all-1').sendToAll(1);
  await carol.hears(1);
  await answers(204, (options) => service.removeConnectionFromAllGroups(carol.id, options));
  for (const name of ['all-1', 'all-2']) assert.equal(await service.groupExists(name), false);
  assert.deepEqual(bob.data, []);
});

check('addConnectionsToGroups, removeConnectionsFromGroups', async (crew) => {
  const [a, b] = [await crew.sdk({ userId: 'many-a' }), await crew.sdk({ userId: 'many-b' })];
  await answers(200, (options) => service.addConnectionsToGroups(['m1', 'm2'], `userId eq 'many-a' or userId eq 'many-b'`, options));
  await service.group('m1').sendToAll(1);
  for (const client of [a, b]) await client.hears(1);
  await answers(200, (options) => service.removeConnectionsFromGroups(['m1'], `userId eq 'many-b'`, options));
  await service.group('m1').sendToAll(2);
  await a.hears(1, 2);
  await service.group('m2').sendToAll(3);
  await b.hears(1, 3);
});

check('grantPermission, hasPermission, revokePermission', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob', roles: [] }, noRetries);
  const target = { targetName: 'p' };
  assert.equal(await service.hasPermission(bob.id, 'joinLeaveGroup', target), false);
  await assert.rejects(bob.client.joinGroup('p'), refusedWith('Forbidden'));
  await answers(200, (options) => service.grantPermission(bob.id, 'joinLeaveGroup', { ...target, ...options }));
  assert.equal(await service.hasPermission(bob.id, 'joinLeaveGroup', target), true);
  assert.equal(await service.hasPermission(bob.id, 'joinLeaveGroup', { targetName: 'q' }), false);
  assert.equal(await service.hasPermission(bob.id, 'sendToGroup', target), false);
  await bob.client.joinGroup('p');
  await assert.rejects(bob.client.sendToGroup('p', 1, 'json'), refusedWith('Forbidden'));
  await answers(200, (options) => service.grantPermission(bob.id, 'sendToGroup', options));
  await bob.client.sendToGroup('p', 1, 'json');
  await bob.hears(1);
  await answers(204, (options) => service.revokePermission(bob.id, 'joinLeaveGroup', { ...target, ...options }));
  await assert.rejects(bob.client.leaveGroup('p'), refusedWith('Forbidden'));
  await fails(404, service.grantPermission(unknownId, 'sendToGroup'), 'an unknown connection');
});

check('group.listConnections: all of them once, page by page', async (crew) => {
  const expected = new Map();
  for (let n = 0; n < 25; n++) {
    const client = await crew.sdk({ userId: `member-${n}`, groups: ['list'] });
    expected.set(client.id, `member-${n}`);
  }
  const list = async (options) => {
    const found = [];
    for await (const member of await service.group('list').listConnections(options)) found.push(member);
    return found;
  };
  for (const maxPageSize of [200, 7, 1]) {
    const found = await list({ maxPageSize });
    assert.equal(found.length, 25, `pages of ${maxPageSize}`);
    assert.deepEqual(new Map(found.map((member) => [member.connectionId, member.userId])), expected);
  }
  assert.equal((await list({ top: 10 })).length, 10);
  assert.equal((await list({ top: 10, maxPageSize: 3 })).length, 10);
  const none = [];
  for await (const member of await service.group('empty').listConnections()) none.push(member);
  assert.deepEqual(none, []);
});

check('generateClientToken: the token opens a connection', async (crew) => {
  const path = `/api/hubs/${hub}/:generateToken?userId=tok&role=webpubsub.sendToGroup&group=tg&minutesToExpire=5&api-version=2024-12-01`;
  const { status, text } = await request('POST', path);
  assert.equal(status, 200);
  const url = `${endpoint.replace(/^http/, 'ws')}/client/hubs/${hub}?access_token=${JSON.parse(text).token}`;
  const raw = await crew.raw(url);
  assert.equal((await raw.connected()).userId, 'tok');
  raw.send({ type: 'sendToGroup', group: 'tg', ackId: 1, dataType: 'text', data: 'x' });
  assert.equal((await raw.ack(1)).success, true);
  await raw.next((frame) => frame.group === 'tg', 'its own message');
});

check('a call at any door reaches a client at any other', async (crew) => {
  const clients = [];
  for (const [n, door] of doors.entries()) clients.push(await crew.sdk({ userId: `at-${n}`, at: endpointOf(door), groups: ['doors'] }));
  for (const door of ['gateway-1', 'node-1', 'node-2', 'node-3']) {
    const here = serviceAt(endpointOf(door));
    for (const [n, client] of clients.entries()) {
      assert.equal(await here.userExists(`at-${n}`), true);
      assert.equal(await here.connectionExists(client.id), true);
      await here.sendToConnection(client.id, door);
      await here.group('doors').sendToAll(door);
    }
  }
  for (const client of clients) await client.receives(4 + 4 * clients.length);
});

check('a push that follows an acknowledged publish comes behind it, and the other way round', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  const alice = await crew.sdk({ userId: 'alice' });
  for (let n = 0; n < 20; n++) {
    await alice.client.sendToGroup('user:bob', `a${n}`, 'text');
    await service.sendToUser('bob', `s${n}`);
  }
  await bob.hears(...Array.from({ length: 20 }, (_, n) => [`a${n}`, `s${n}`]).flat());
});
