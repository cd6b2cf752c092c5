// SPDX-License-Identifier: MIT
// T3: the edges of the endpoint: subprotocols, tokens, hubs, recoveries of what is not there.
import assert from 'node:assert/strict';
import { RawClient, Refused, SdkClient, accessUrl, allGroups, check, endpoint, hub, json, key, recoveryUrl, reliable,
  until } from './harness.mjs';
import jwt from 'jsonwebtoken';
import WebSocket from 'ws';

const ws = endpoint.replace(/^http/, 'ws');
const now = Math.floor(Date.now() / 1000);
const claims = { sub: 'alice', aud: `${endpoint}/client/hubs/${hub}`, role: allGroups, iat: now, exp: now + 600 };
const sign = (changes = {}, secret = key, options = {}) =>
  jwt.sign(JSON.parse(JSON.stringify({ ...claims, ...changes })), secret, { algorithm: 'HS256', ...options });
const clientUrl = (token, path = `/client/hubs/${hub}`) => `${ws}${path}${path.includes('?') ? '&' : '?'}access_token=${token}`;

async function isRefused(url, statuses, protocols = reliable, options = {}) {
  await assert.rejects(RawClient.open(url, protocols, options), (error) => {
    assert.ok(error instanceof Refused, `${error}`);
    assert.ok(statuses.includes(error.status), `${error.status} instead of ${statuses.join(' or ')}`);
    return true;
  });
}
async function isServed(crew, url, protocols = reliable, options = {}) {
  const raw = await RawClient.open(url, protocols, options);
  crew.later(() => raw.socket.close(1000));
  await raw.connected();
  return raw;
}

// ---------------------------------------------------------------------------------------------------------------------

check('the subprotocol is echoed, the first of those we know', async (crew) => {
  for (const [offer, echo] of [[[reliable], reliable], [[json], json], [[json, reliable], json], [[reliable, json], reliable],
    [['unknown.v9', json], json]]) {
    const raw = await isServed(crew, clientUrl(sign()), offer);
    assert.equal(raw.socket.protocol, echo, `offered ${offer}`);
  }
});

check('without a subprotocol there is none, and no frame of one', async (crew) => {
  const raw = await crew.raw(clientUrl(sign({ sub: 'raw' })), []);
  assert.equal(raw.socket.protocol, '');
  const alice = await crew.sdk({ userId: 'alice' });
  await alice.client.sendToGroup('user:raw', 'hello', 'text');
  await until(() => raw.frames.length > 0, 'the message');
  assert.ok(!JSON.stringify(raw.frames).includes('connectionId'), JSON.stringify(raw.frames));
});

check('webpubsub_mode=sendToGroup: every message of a simple client goes to the group', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob', groups: ['simple'] });
  const raw = await crew.raw(`${clientUrl(sign({ sub: 'raw' }))}&webpubsub_mode=sendToGroup&group=simple`, []);
  raw.send('just words');
  await bob.receives(1);
  assert.deepEqual([bob.messages[0].data, bob.messages[0].dataType, bob.messages[0].fromUserId, bob.messages[0].group],
    ['just words', 'text', 'raw', 'simple']);
});

check('webpubsub_mode without a good group, or another mode: 400', async () => {
  for (const query of ['webpubsub_mode=sendToGroup', 'webpubsub_mode=sendToGroup&group=%20', 'webpubsub_mode=shout&group=g']) {
    await isRefused(`${clientUrl(sign())}&${query}`, [400], []);
  }
});

check('connected is the first frame, even when messages wait and groups are joined', async (crew) => {
  const alice = await crew.sdk({ userId: 'alice' });
  let stop = false;
  const flood = (async () => {
    while (!stop) await alice.client.sendToGroup('user:bob', 'x', 'text');
  })();
  for (let n = 0; n < 10; n++) {
    const raw = await crew.raw({ userId: 'bob', groups: ['g'] });
    await until(() => raw.frames.length > 2, 'frames');
    assert.equal(raw.frames[0].event, 'connected');
    assert.equal(raw.frames[0].userId, 'bob');
    assert.equal(raw.frames.filter((frame) => frame.event === 'connected').length, 1);
  }
  stop = true;
  await flood;
});

check('tokens that are not good: 401', async () => {
  const none = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${sign().split('.')[1]}.`;
  const bad = { missing: `${ws}/client/hubs/${hub}`, empty: clientUrl(''), garbage: clientUrl('a.b.c'), cut: clientUrl(sign().slice(0, -2)),
    'of another key': clientUrl(sign({}, 'another key')), expired: clientUrl(sign({ iat: now - 9000, exp: now - 3600 })),
    'of the future': clientUrl(sign({ nbf: now + 3600 })), 'alg none': clientUrl(none),
    'alg HS512': clientUrl(sign({}, key, { algorithm: 'HS512' })),
    'of another hub': clientUrl(sign({ aud: `${endpoint}/client/hubs/other` })),
    'of the REST API': clientUrl(sign({ aud: `${endpoint}/api/hubs/${hub}/:send` })) };
  for (const [what, url] of Object.entries(bad)) {
    await assert.doesNotReject(isRefused(url, [401]), `a token that is ${what}`);
  }
});

check('the SDK is told of a bad token at its start', async () => {
  const client = new SdkClient(() => ({ userId: 'alice' }));
  client.client._credential.getClientAccessUrl = async () => clientUrl(sign({}, 'another key'));
  await assert.rejects(client.client.start(), /401/);
});

check('tokens that are good: header, other host, single strings, no user, unknown claims', async (crew) => {
  const url = `${ws}/client/hubs/${hub}`;
  await isServed(crew, url, reliable, { headers: { Authorization: `Bearer ${sign()}` } });
  await isServed(crew, clientUrl(sign({ aud: `https://chat.example.com/client/hubs/${hub}` })));
  await isServed(crew, clientUrl(sign({ sub: undefined })));
  await isServed(crew, clientUrl(sign({ tenant: { a: [1, 2] }, 'x.y': null })));
  const raw = await isServed(crew, clientUrl(sign({ role: 'webpubsub.sendToGroup', 'webpubsub.group': 'single' })));
  raw.send({ type: 'sendToGroup', group: 'single', ackId: 1, dataType: 'text', data: 'x' });
  assert.equal((await raw.ack(1)).success, true);
  await raw.next((frame) => frame.type === 'message' && frame.group === 'single', 'its own message');
});

check('hubs: the other form of the path, and no difference between small and large letters', async (crew) => {
  for (const path of [`/client/?hub=${hub}`, `/client?hub=${hub}`, '/client/hubs/CHAT', '/client/?hub=Chat']) {
    await isServed(crew, clientUrl(sign({ aud: `${endpoint}${path}` }), path));
  }
});

check('hubs that are not there: 404 or 400', async () => {
  for (const path of ['/client/hubs/other', '/client/hubs/', '/client/', '/client/?hub=', '/client/hubs/9chat', '/client/hubs/chat%2Fx',
    `/client/hubs/${'x'.repeat(200)}`, '/client/hubs/chat/more', '/clients/hubs/chat']) {
    await assert.doesNotReject(isRefused(clientUrl(sign({ aud: `${endpoint}${path}` }), path), [400, 404]), path);
  }
});

check('an ordinary request at the endpoint is answered with 4xx', async () => {
  const response = await fetch(clientUrl(sign()).replace(/^ws/, 'http'));
  assert.ok(response.status >= 400 && response.status < 500, `status ${response.status}`);
});

check('a recovery that is not good: the upgrade, then 1008', async (crew) => {
  const url = await accessUrl({ userId: 'mallory' });
  const [mine, other] = [await crew.raw(url), await crew.raw({ userId: 'other' })];
  const [{ connectionId, reconnectionToken }, others] = [await mine.connected(), await other.connected()];
  const middle = Math.floor(reconnectionToken.length / 2);
  const changed = reconnectionToken.slice(0, middle) + (reconnectionToken[middle] === 'A' ? 'B' : 'A')
    + reconnectionToken.slice(middle + 1);
  const bad = { 'a changed token': { connectionId, reconnectionToken: changed },
    'garbage as token': { connectionId, reconnectionToken: 'nonsense' },
    'the token of another': { connectionId, reconnectionToken: others.reconnectionToken },
    'the id of another': { connectionId: others.connectionId, reconnectionToken },
    'no token': { connectionId }, 'an empty token': { connectionId, reconnectionToken: '' },
    'an id that is none': { connectionId: '!', reconnectionToken },
    'an id of another length': { connectionId: `${connectionId}A`, reconnectionToken } };
  for (const [what, recovery] of Object.entries(bad)) {
    const raw = await crew.raw(recoveryUrl(url, recovery));
    await assert.doesNotReject(raw.closesWith(1008), what);
    assert.ok(!raw.frames.some((frame) => frame.event === 'connected'), what);
  }
  // Nobody was harmed.
  for (const raw of [mine, other]) {
    raw.send({ type: 'ping' });
    await raw.next((frame) => frame.type === 'pong', 'a pong');
  }
});

check('pings: of the subprotocol, and of the WebSocket', async (crew) => {
  const raw = await crew.raw({ userId: 'alice' });
  raw.send({ type: 'ping' });
  await raw.next((frame) => frame.type === 'pong', 'the pong frame');
  raw.socket.ping('hello');
  await until(() => raw.pongs === 1, 'the WebSocket pong');
});

check('unknown fields are ignored, a missing dataType is json, the order of fields is free, null is a value', async (crew) => {
  const bob = await crew.raw({ userId: 'bob' });
  const raw = await crew.raw({ userId: 'alice' });
  raw.send({ data: { a: 1 }, future: [1, { b: 2 }], ackId: 1, group: 'user:bob', type: 'sendToGroup' });
  raw.send('{"noEcho":null,"ackId":2,"type":"send\\u0054oGroup","dataType":null,"data":[ 1 , 2 ],"group":"user\\u003abob"}');
  raw.send({ type: 'sendToGroup', group: 'user:bob', ackId: 3, data: null });
  for (const ackId of [1, 2, 3]) assert.equal((await raw.ack(ackId)).success, true);
  await until(() => bob.messages.length === 3, 'three messages');
  assert.deepEqual(bob.messages.map((message) => [message.dataType, message.data]),
    [['json', { a: 1 }], ['json', [1, 2]], ['json', null]]);
});

check('frames of previews: an ack error with an ack id, else nothing, and the connection stays', async (crew) => {
  const raw = await crew.raw({ userId: 'alice' });
  const previews = ['invoke', 'cancelInvocation', 'streamData', 'streamEnd', 'setGroupState', 'subscribeGroupState',
    'unsubscribeGroupState'];
  for (const type of previews) raw.send({ type, invocationId: '1', group: 'g', target: 'event', dataType: 'text', data: 'x' });
  for (const [n, type] of previews.entries()) raw.send({ type, group: 'g', ackId: 100 + n });
  for (const n of previews.keys()) assert.equal((await raw.ack(100 + n)).success, false);
  raw.send({ type: 'sendToGroup', group: 'g', ackId: 200, dataType: 'text', data: 'x', stream: { streamId: 's' } });
  assert.equal((await raw.ack(200)).success, false);
  assert.equal(raw.closeCode, undefined);
  assert.equal(raw.frames.filter((frame) => frame.type === 'ack').length, previews.length + 1);
});

check('ack ids come back digit by digit', async (crew) => {
  const raw = await crew.raw({ userId: 'alice' });
  const texts = [];
  raw.socket.on('message', (data) => texts.push(data.toString()));
  for (const id of ['0', '9007199254740993', '18446744073709551615']) {
    raw.send(`{"type":"joinGroup","group":"g","ackId":${id}}`);
    await until(() => texts.some((text) => text.includes(`"ackId":${id},`)), `the ack ${id} (came: ${texts})`);
  }
});

check('one token may be used by many connections', async (crew) => {
  const url = clientUrl(sign({ sub: 'many' }));
  const ids = new Set();
  for (let n = 0; n < 5; n++) ids.add((await (await isServed(crew, url)).connected()).connectionId);
  assert.equal(ids.size, 5);
});

check('a client that goes before the answer harms nobody', async (crew) => {
  for (let n = 0; n < 20; n++) {
    const socket = new WebSocket(clientUrl(sign({ sub: `hasty-${n}` })), reliable);
    socket.on('error', () => {});
    setTimeout(() => socket.terminate(), n);
  }
  await isServed(crew, clientUrl(sign({ sub: 'patient' })));
});
