// SPDX-License-Identifier: MIT
// delivery: broadcast. A session lives where it connected, a send asks every node, and ring changes move nothing.
import assert from 'node:assert/strict';
import {
  WebPubSubJsonProtocol, accessUrl, check, doors, endpointOf, recoveriesOf, reliable, ring, serviceAt, until, way, wscluster,
} from './harness.mjs';

const service = serviceAt();
const doorOf = (n) => endpointOf(doors[n % doors.length]);
async function whereIs(uid) {
  const { sessions } = JSON.parse(await wscluster('session', 'show', uid, '-o', 'json'));
  return sessions.map((session) => session.node);
}

check('the sessions of one user are at several nodes, and all of them hear', async (crew) => {
  const devices = [];
  for (let n = 0; n < 9; n++) devices.push(await crew.sdk({ userId: 'bob', at: doorOf(n) }));
  const nodes = await whereIs('bob');
  assert.equal(nodes.length, 9);
  assert.ok(new Set(nodes).size > 1, `all at ${nodes[0]}`);
  await service.sendToUser('bob', 'hello', { contentType: 'text/plain' });
  for (const device of devices) await device.hears('hello');
  const receipt = JSON.parse(await wscluster('send', '--to', 'bob', '--message', 'again', '-o', 'json')).results[0];
  assert.deepEqual([receipt.status, receipt.sessions], ['delivered', 9]);
  for (const device of devices) await device.hears('hello', 'again');
});

check('users and groups across nodes, with acks, in order', async (crew) => {
  const clients = [];
  for (let n = 0; n < 9; n++) clients.push(await crew.sdk({ userId: `user-${n}`, groups: ['room'], at: doorOf(n) }));
  for (let n = 0; n < 30; n++) await clients[0].client.sendToGroup('room', n, 'json');
  const all = Array.from({ length: 30 }, (_, n) => n);
  for (const client of clients) await client.hears(...all);
  for (let n = 0; n < 30; n++) await clients[1].client.sendToGroup('user:user-5', n, 'json');
  await clients[5].hears(...all, ...all);
});

check('the calls of applications find who is anywhere', async (crew) => {
  const clients = [];
  for (let n = 0; n < 6; n++) clients.push(await crew.sdk({ userId: 'ann', at: doorOf(n) }));
  assert.equal(await service.userExists('ann'), true);
  assert.equal(await service.userExists('nobody'), false);
  assert.equal(await service.connectionExists(clients[3].id), true);
  await service.sendToConnection(clients[3].id, 'only you', { contentType: 'text/plain' });
  await clients[3].hears('only you');
  await service.group('club').addUser('ann');
  await service.group('club').sendToAll('members', { contentType: 'text/plain' });
  for (const [n, client] of clients.entries()) await client.hears(...(n === 3 ? ['only you'] : []), 'members');
  assert.equal(await service.groupExists('club'), true);
  await service.removeUserFromAllGroups('ann');
  await until(async () => !(await service.groupExists('club')), 'that the group is empty');
  await service.closeUserConnections('ann');
  for (const client of clients) await until(() => client.disconnected.length > 0, 'the end of the session');
});

check('a ring change moves nobody and closes nobody', async (crew) => {
  const clients = [];
  for (let n = 0; n < 9; n++) clients.push(await crew.sdk({ userId: `stay-${n}`, groups: ['stay'], at: doorOf(n) }));
  const before = await Promise.all(clients.map((_, n) => whereIs(`stay-${n}`)));
  await ring('add', 'node-4');
  await ring('weight', 'node-1', '3');
  const after = await Promise.all(clients.map((_, n) => whereIs(`stay-${n}`)));
  assert.deepEqual(after, before);
  await clients[0].client.sendToGroup('stay', 'still', 'text');
  for (const client of clients) {
    await client.hears('still');
    assert.equal(recoveriesOf(client.id), 0);
    assert.deepEqual([client.connected.length, client.disconnected.length], [1, 0]);
  }
  await ring('weight', 'node-1', '1');
  await ring('remove', 'node-4', '--lb-wait', '0s');
}, { timeout: 60_000 });

check('a reliable client comes back to its session, through any door', async (crew) => {
  const wire = await crew.wire();
  const client = await crew.sdk({ userId: 'eve', at: wire.endpoint });
  wire.cut();
  await service.sendToUser('eve', 'while away', { contentType: 'text/plain' });
  await until(() => recoveriesOf(client.id) > 0 && client.isConnected, 'the recovery');
  await client.hears('while away');
  assert.deepEqual([client.connected.length, client.disconnected.length], [1, 0]);
  if (way === 'node') {
    const raw = await crew.raw({ userId: 'fay' });
    const { connectionId, reconnectionToken } = await raw.connected();
    raw.socket.terminate();
    const { recoveryUrl } = await import('./harness.mjs');
    const back = await crew.raw(recoveryUrl(await accessUrl({ userId: 'fay' }), { connectionId, reconnectionToken },
      { at: endpointOf('node-2') }), reliable);
    assert.equal((await back.connected()).connectionId, connectionId);
  }
}, { timeout: 40_000 });

check('who is nowhere is offline', async () => {
  const json = await wscluster('send', '--to', 'nobody', '--message', 'x', '-o', 'json').catch((error) => error.message);
  assert.match(json, /offline|not connected/i);
});
