// SPDX-License-Identifier: MIT
// examples/embed: node-3 has its application inside, node-1 and node-2 are stock ones.
import assert from 'node:assert/strict';
import { WebPubSubJsonProtocol, check, endpointOf, noRetries, refusedWith, ring, until, way, wscluster } from './harness.mjs';

const names = Array.from({ length: 60 }, (_, n) => `pupil-${n}`);
const { owners } = JSON.parse(await wscluster('ring', 'owner', 'teacher', ...names, '-o', 'json'));
const ownerOf = new Map(owners.map(({ uid, node }) => [uid, node]));
const inside = names.filter((name) => ownerOf.get(name) === 'node-3');
const outside = names.filter((name) => ownerOf.get(name) !== 'node-3');
// A client is with its owner, wherever it knocks.
const at = way === 'gateway' ? undefined : endpointOf('node-1');
const json = () => ({ ...noRetries, protocol: WebPubSubJsonProtocol() });
const pupil = async (crew, userId) => {
  const client = await crew.sdk({ userId, at, roles: [] }, json());
  await client.hears(`welcome ${userId}`);
  client.messages.length = 0;
  return client;
};

check('the application hears of clients that its node holds, and of no others', async (crew) => {
  await pupil(crew, inside[0]);
  const other = await crew.sdk({ userId: outside[0], at }, json());
  await assert.rejects(other.client.sendEvent('raise-hand', '', 'text'), refusedWith('InvocationFailed'));
  assert.equal(other.messages.length, 0);
});

check('it sends to a user at another node', async (crew) => {
  const teacher = await crew.sdk({ userId: 'teacher', at });
  await pupil(crew, inside[0]).then((client) => client.client.sendEvent('raise-hand', '', 'text'));
  await until(() => teacher.data.includes(`${inside[0]} has a question`), 'the question');
});

check('it answers an event, sends to the group that it has made, and is told the receipt', async (crew) => {
  const [first, second] = [await pupil(crew, inside[0]), await pupil(crew, inside[1])];
  await assert.rejects(first.client.sendEvent('announce', 'hello', 'text'), refusedWith('InvocationFailed'));
  await first.client.sendEvent('grade', '2', 'text');
  await first.hears('passed');
  assert.equal(first.messages[0].from, 'server');
  second.messages.length = 0;
  await first.client.sendEvent('grade', '5', 'text');
  await first.hears('passed', 'failed');
  assert.equal(second.messages.length, 0);
});

check('what it throws is an error for that client, and nothing else happens', async (crew) => {
  const client = await pupil(crew, inside[0]);
  await assert.rejects(client.client.sendEvent('grade', 'none', 'text'), refusedWith('InvocationFailed'));
  await client.client.sendEvent('grade', '1', 'text');
  await client.hears('passed');
});

check('it closes a connection, and hears of the end', async (crew) => {
  const stays = await pupil(crew, inside[1]);
  const goes = await crew.raw({ userId: inside[0], at, roles: [] }, 'json.webpubsub.azure.v1');
  await goes.connected();
  goes.send({ type: 'event', event: 'go-home', dataType: 'text', data: '', ackId: 1 });
  await goes.closesWith(4000);
  await until(() => stays.data.includes(`${inside[0]} has left`), 'that it has left');
});

check('a user that moves to a stock node keeps its groups, and nobody is told', async (crew) => {
  const client = await crew.sdk({ userId: inside[2], at, roles: [] }, noRetries);
  const witness = await pupil(crew, inside[3]);
  await client.client.sendEvent('grade', '1', 'text');
  await ring('add', 'node-4');
  await ring('drain', 'node-3', '--lb-wait', '0s');
  await until(() => client.isConnected && witness.isConnected, 'that both are connected', 20_000);
  await assert.rejects(client.client.sendEvent('grade', '1', 'text'), refusedWith('InvocationFailed'));
  assert.deepEqual([client.connected.length, client.disconnected.length], [1, 0]);
  assert.ok(!witness.data.some((text) => String(text).includes('has left')), `${witness.data}`);
  await ring('undrain', 'node-3');
  await ring('remove', 'node-4', '--lb-wait', '0s');
  await until(() => client.isConnected, 'that it is connected', 20_000);
  await client.client.sendEvent('grade', '5', 'text');
  await until(() => client.data.includes('failed'), 'an answer of the application again');
}, { timeout: 90_000 });
