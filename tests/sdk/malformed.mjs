// SPDX-License-Identifier: MIT
// T7: what a broken or hostile client does. Each gets the documented answer, and a pair of clients that talk to each other
// all the time notices nothing.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { RawClient, accessUrl, allGroups, check, endpoint, json, recoveryUrl, reliable, sleep, until, Crew } from './harness.mjs';
import { Traffic, assertExact } from './traffic.mjs';

// As the cluster of this scenario is configured (tests/sdk/run).
const unacknowledgedMessages = 300;

// ---------------------------------------------------------------------------------------------------------------------
// The bystanders. The first check begins their talk and the last one accounts for it.

const bystanders = { crew: new Crew(), traffic: new Traffic(), clients: [] };
check('two clients begin to talk', async () => {
  const { crew, traffic, clients } = bystanders;
  for (const userId of ['ada', 'bea']) clients.push(await crew.sdk({ userId, groups: ['by'] }));
  const [ada, bea] = clients;
  traffic.userToUser('ada', ada, 'bea', bea, 40);
  traffic.userToUser('bea', bea, 'ada', ada, 40);
  traffic.phase = 'talk';
  traffic.begin();
  await until(() => ada.messages.length > 2 && bea.messages.length > 2, 'their first messages');
});
process.on('exit', () => bystanders.clients.forEach(({ client }) => client.stop()));

// ---------------------------------------------------------------------------------------------------------------------
// Frames.

const group = (more) => ({ type: 'sendToGroup', group: 'g', dataType: 'text', data: 'x', ...more });
const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);
const broken = Buffer.concat([Buffer.from('{"type":"sendToGroup","group":"g","ackId":1,"dataType":"text","data":"'), Buffer.from([0xc3, 0x28]),
  Buffer.from('"}')]);

// Without an ack id there is nobody to answer, so the connection ends.
const closing = {
  'no JSON': ['nonsense', 1007], 'an empty frame': ['', 1007], 'half a JSON': ['{"type":"ping"', 1007],
  'two JSONs': ['{"type":"ping"}{"type":"ping"}', 1007], 'an array': ['[{"type":"ping"}]', 1007], 'a string': ['"ping"', 1007],
  'no type': [{ group: 'g' }, 1007], 'a type that is a number': [{ type: 7 }, 1007], 'a comment': ['{"type":"ping"/**/}', 1007],
  'a lone surrogate': ['{"type":"sendToGroup","group":"g","dataType":"text","data":"\\ud800"}', 1007],
  'a frame nested too deeply': [`{"type":"ping","x":${nested(64)}}`, 1007],
  'a frame nested very deeply': [`{"type":"ping","x":${'['.repeat(500_000)}`, 1007],
  'data nested too deeply, with an ack id': [`{"type":"sendToGroup","group":"g","ackId":1,"data":${nested(64)}}`, 1007],
  'no group': [{ type: 'joinGroup' }, 1007], 'a group that is a number': [{ type: 'joinGroup', group: 1 }, 1007],
  'an empty group': [{ type: 'joinGroup', group: '' }, 1007], 'a group of white space': [{ type: 'leaveGroup', group: ' \t ' }, 1007],
  'a group of 1025 characters': [{ type: 'joinGroup', group: 'x'.repeat(1025) }, 1007],
  'text that is no string': [group({ data: 7 }), 1007], 'no data': [group({ data: undefined }), 1007],
  'an unknown dataType': [group({ dataType: 'xml' }), 1007], 'binary that is no base64': [group({ dataType: 'binary', data: '???' }), 1007],
  'noEcho that is a string': [group({ noEcho: 'yes' }), 1007],
  'an ack id below 0': ['{"type":"joinGroup","group":"g","ackId":-1}', 1007],
  'an ack id that is a fraction': ['{"type":"joinGroup","group":"g","ackId":1.5}', 1007],
  'an ack id beyond 64 bits': ['{"type":"joinGroup","group":"g","ackId":18446744073709551616}', 1007],
  'an ack id that is a string': [{ type: 'joinGroup', group: 'g', ackId: '1' }, 1007],
  'a sequenceAck without an id': [{ type: 'sequenceAck' }, 1007], 'a sequenceAck below 0': ['{"type":"sequenceAck","sequenceId":-1}', 1007],
  'a sequenceAck that is a string': [{ type: 'sequenceAck', sequenceId: '1' }, 1007],
  'an event without a name': [{ type: 'event', dataType: 'text', data: 'x' }, 1007],
  'broken UTF-8': [broken, 1007, { binary: false }],
  'a binary frame': [Buffer.from('{"type":"ping"}'), 1003],
  'more than a message may have': [`{"type":"ping","x":"${'x'.repeat(2 << 20)}"}`, 1009],
};
for (const [what, [frame, code, options]] of Object.entries(closing)) {
  check(`${what}: close ${code}`, async (crew) => {
    const raw = await crew.raw({ userId: 'mallory' });
    await raw.connected();
    if (options) raw.socket.send(frame, options);
    else raw.send(frame);
    await raw.closesWith(code);
    assert.ok(!raw.frames.some((f) => f.type === 'ack'), JSON.stringify(raw.frames));
  });
}

const refused = {
  'no group': [{ type: 'joinGroup' }], 'an empty group': [{ type: 'joinGroup', group: '' }],
  'a group of 1025 characters': [{ type: 'joinGroup', group: 'x'.repeat(1025) }], 'a user group without a user': [group({ group: 'user:' })],
  'text that is no string': [group({ data: null })], 'no data': [group({ data: undefined })], 'an unknown dataType': [group({ dataType: 'xml' })],
  'binary that is no base64': [group({ dataType: 'binary', data: 'abc' })], 'an event without a name': [{ type: 'event', data: 1 }],
};
for (const [what, [frame]] of Object.entries(refused)) {
  check(`${what}, with an ack id: BadRequest`, async (crew) => {
    const raw = await crew.raw({ userId: 'mallory' });
    raw.send({ ...frame, ackId: 1 });
    const ack = await raw.ack(1);
    assert.deepEqual([ack.success, ack.error?.name], [false, 'BadRequest']);
    raw.send({ type: 'ping' });
    await raw.next((f) => f.type === 'pong', 'a pong');
  });
}

check('data nested as deeply as a frame may be arrives', async (crew) => {
  const bob = await crew.raw({ userId: 'bob' });
  const raw = await crew.raw({ userId: 'mallory' });
  raw.send(`{"type":"sendToGroup","group":"user:bob","ackId":1,"data":${nested(63)}}`);
  assert.equal((await raw.ack(1)).success, true);
  const message = await bob.next((frame) => frame.type === 'message', 'the message');
  assert.equal(JSON.stringify(message.data), nested(63));
});

check('a name of 1024 characters, two, three and four bytes each', async (crew) => {
  const raw = await crew.raw({ userId: 'mallory' });
  for (const [ackId, letter] of ['x', 'ü', '€'].entries()) {
    raw.send({ type: 'joinGroup', group: letter.repeat(1024), ackId });
    assert.equal((await raw.ack(ackId)).success, true);
  }
  raw.send({ type: 'joinGroup', group: '😀'.repeat(1024), ackId: 9 });
  assert.equal((await raw.ack(9)).success, true);
});

check('without a role and without an ack id: nothing happens, nothing is said', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob', groups: ['closed'] });
  const raw = await crew.raw({ userId: 'mallory', roles: [] });
  for (const frame of [group({ group: 'closed' }), group({ group: 'user:bob' }), { type: 'joinGroup', group: 'closed' }]) raw.send(frame);
  raw.send({ type: 'ping' });
  await raw.next((frame) => frame.type === 'pong', 'a pong');
  const alice = await crew.sdk({ userId: 'alice' });
  await alice.client.sendToGroup('closed', 'end', 'text');
  await bob.hears('end');
  assert.deepEqual(raw.frames.map((frame) => frame.type), ['system', 'pong']);
});

check('acknowledging the future, the past, and what was acknowledged: the session goes on', async (crew) => {
  const url = await accessUrl({ userId: 'bob' });
  const bob = await crew.raw(url);
  const connected = await bob.connected();
  const alice = await crew.sdk({ userId: 'alice' });
  for (let n = 0; n < 3; n++) await alice.client.sendToGroup('user:bob', n, 'json');
  await until(() => bob.messages.length === 3, 'three messages');
  for (const sequenceId of [1_000_000, 9_007_199_254_740_991, 0, 1, 1, 0]) bob.send({ type: 'sequenceAck', sequenceId });
  bob.send('{"type":"sequenceAck","sequenceId":18446744073709551615}');
  bob.send({ type: 'ping' });
  await bob.next((frame) => frame.type === 'pong', 'a pong');
  bob.socket.terminate();
  const again = await crew.raw(recoveryUrl(url, connected));
  await until(() => again.messages.length === 2, 'the two messages that were not acknowledged');
  assert.deepEqual(again.messages.map((message) => message.data), [1, 2]);
});

check('10,000 joinGroups and one message', async (crew) => {
  const raw = await crew.raw({ userId: 'mallory' });
  for (let n = 0; n < 10_000; n++) raw.send({ type: 'joinGroup', group: `of-many-${n}`, ackId: n + 1 });
  await until(() => raw.closeCode !== undefined || raw.frames.filter((frame) => frame.type === 'ack').length === 10_000,
    () => `10,000 acks (there are ${raw.frames.filter((frame) => frame.type === 'ack').length})`, 40_000);
  assert.equal(raw.closeCode, undefined);
  const joined = raw.frames.filter((frame) => frame.success).map((frame) => frame.ackId);
  assert.ok(joined.length > 0, 'no group was joined');
  raw.send({ type: 'sendToGroup', group: `of-many-${joined.at(-1) - 1}`, ackId: 20_000, dataType: 'text', data: 'x' });
  assert.equal((await raw.ack(20_000)).success, true);
  await raw.next((frame) => frame.type === 'message', 'the message to the last group that it joined');
}, { timeout: 60_000 });

check('a client that never acknowledges: disconnected, 1008, and no return', async (crew) => {
  const url = await accessUrl({ userId: 'lazy' });
  const lazy = await crew.raw(url);
  const connected = await lazy.connected();
  const diligent = await crew.sdk({ userId: 'diligent' });
  const alice = await crew.sdk({ userId: 'alice' });
  for (let n = 0; n < unacknowledgedMessages + 50; n++) {
    await alice.client.sendToGroup('user:lazy', n, 'json', { fireAndForget: true });
    await alice.client.sendToGroup('user:diligent', n, 'json', { fireAndForget: true });
    if (n % 100 === 99) await sleep(1500);
  }
  await lazy.closesWith(1008);
  assert.equal(lazy.frames.at(-1).event, 'disconnected', JSON.stringify(lazy.frames.at(-1)));
  assert.ok(lazy.messages.length <= unacknowledgedMessages, `${lazy.messages.length} messages came`);
  await (await crew.raw(recoveryUrl(url, connected))).closesWith(1008);
  await diligent.hears(...Array(unacknowledgedMessages + 50).keys());
}, { timeout: 40_000 });

check('the same frames again and again with the same ack ids are executed once each', async (crew) => {
  // Recipients on every node, so that some are asked while the first frame has no answer yet.
  const recipients = [];
  for (let n = 0; n < 10; n++) recipients.push(await crew.sdk({ userId: `recipient-${n}` }));
  const raw = await crew.raw({ userId: 'mallory' });
  for (let n = 0; n < 1000; n++) raw.send(group({ group: `user:recipient-${n % 10}`, ackId: n % 10 }));
  for (let n = 0; n < 10; n++) raw.send(group({ group: `user:recipient-${n}`, ackId: 100 + n, data: 'end' }));
  for (const recipient of recipients) await recipient.hears('x', 'end');
  for (let n = 0; n < 10; n++) await raw.ack(100 + n);
  // A repetition while the first is under way need not have an answer of its own.
  const acks = raw.frames.filter((frame) => frame.type === 'ack' && frame.ackId < 100);
  assert.deepEqual(acks.filter((frame) => frame.success).map((frame) => frame.ackId).sort(), [...Array(10).keys()]);
  assert.ok(acks.every((frame) => frame.success || frame.error.name === 'Duplicate'), JSON.stringify(acks.slice(0, 3)));
});

check('a flood of frames without reading', async (crew) => {
  const raw = await crew.raw({ userId: 'mallory' });
  await raw.connected();
  raw.socket.pause();
  for (let n = 0; n < 20_000; n++) raw.send(group({ group: 'user:nobody', ackId: n, data: 'x'.repeat(100) }));
  await sleep(1000);
  raw.socket.resume();
  await until(() => raw.closeCode !== undefined || raw.frames.filter((frame) => frame.type === 'ack').length === 20_000,
    () => `20,000 acks (there are ${raw.frames.length})`, 30_000);
}, { timeout: 40_000 });

// ---------------------------------------------------------------------------------------------------------------------
// Bytes below the frames: a WebSocket written by hand.

function connectByHand() {
  const { hostname, port, protocol } = new URL(endpoint);
  return protocol === 'https:' ? tls.connect({ host: hostname, port: Number(port) }) : net.connect(Number(port), hostname);
}
async function openByHand(crew) {
  const { pathname, search, host } = new URL(await accessUrl({ userId: 'mallory' }));
  const socket = connectByHand();
  crew.later(() => socket.destroy());
  const got = [];
  socket.on('error', () => {});
  socket.on('data', (data) => got.push(data));
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`
    + `Sec-WebSocket-Key: ${crypto.randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: ${reliable}\r\n\r\n`);
  await until(() => Buffer.concat(got).includes('"connected"'), () => `a session (came: ${Buffer.concat(got).toString('latin1')})`);
  const before = Buffer.concat(got).length;
  return { socket, rest: () => Buffer.concat(got).subarray(before) };
}
function frame(first, payload, { masked = true } = {}) {
  const head = payload.length < 126 ? [first, payload.length] : [first, 126, payload.length >> 8, payload.length & 255];
  if (!masked) return Buffer.concat([Buffer.from(head), payload]);
  head[1] |= 128;
  const mask = crypto.randomBytes(4);
  return Buffer.concat([Buffer.from(head), mask, payload.map((byte, n) => byte ^ mask[n % 4])]);
}
const ping = Buffer.from('{"type":"ping"}');
const byHand = {
  'a frame without a mask': [frame(0x81, ping, { masked: false }), 1002],
  'a reserved bit': [frame(0xc1, ping), 1002],
  'a reserved opcode': [frame(0x83, ping), 1002],
  'a ping of 126 bytes': [frame(0x89, Buffer.alloc(126)), 1002],
  'a continuation of nothing': [frame(0x80, ping), 1002],
  'a message within a message': [Buffer.concat([frame(0x01, ping.subarray(0, 5)), frame(0x81, ping)]), 1002],
  'a frame of 2^62 bytes': [Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]), 1009],
  'UTF-8 that ends within a letter': [frame(0x81, Buffer.from([0x22, 0xe2, 0x82])), 1007],
  'a close code that is none': [frame(0x88, Buffer.from([0x03, 0xe7])), 1002],
};
for (const [what, [bytes, code]] of Object.entries(byHand)) {
  check(`${what}: close ${code}`, async (crew) => {
    const { socket, rest } = await openByHand(crew);
    socket.write(bytes);
    await until(() => rest().length >= 4, 'a close frame');
    assert.equal(rest()[0], 0x88, `came ${rest().toString('hex')}`);
    assert.equal(rest().readUInt16BE(2), code);
  });
}

check('a frame in a hundred pieces, byte by byte', async (crew) => {
  const { socket, rest } = await openByHand(crew);
  const pieces = [...ping].map((byte, n) => frame(n === 0 ? 0x01 : n === ping.length - 1 ? 0x80 : 0x00, Buffer.from([byte])));
  for (const byte of Buffer.concat(pieces)) socket.write(Buffer.from([byte]));
  await until(() => rest().includes('"pong"'), 'the pong');
});

check('half an upgrade, and a socket that says nothing, stay without harm', async (crew) => {
  for (const words of ['', 'GET /client/hubs/chat HTTP/1.1\r\nHost: x\r\n', `GET ${'x'.repeat(5000)}`]) {
    const socket = connectByHand();
    socket.on('error', () => {});
    crew.later(() => socket.destroy());
    socket.write(words);
  }
  await (await crew.raw({ userId: 'mallory' })).connected();
});

check('simple clients: a message that is no relay, text and bytes', async (crew) => {
  const url = await accessUrl({ userId: 'simple', roles: allGroups });
  const raw = await crew.raw(`${url}&webpubsub_mode=sendToGroup&group=by`, []);
  raw.send(Buffer.from([0, 255, 128]));
  raw.send('"half');
  await until(() => bystanders.clients.every((client) => client.data.includes('"half')), 'the message of the simple client');
});

check('the json subprotocol refuses the same', async () => {
  const raw = await RawClient.open(await accessUrl({ userId: 'mallory' }), json);
  await raw.connected();
  raw.send('nonsense');
  await raw.closesWith(1007);
});

check('a session that was closed for a bad frame is gone', async (crew) => {
  const url = await accessUrl({ userId: 'mallory' });
  const raw = await crew.raw(url);
  const connected = await raw.connected();
  raw.send('nonsense');
  await raw.closesWith(1007);
  await (await crew.raw(recoveryUrl(url, connected))).closesWith(1008);
});

// ---------------------------------------------------------------------------------------------------------------------

check('the two clients have noticed nothing', async () => {
  const { traffic, clients } = bystanders;
  await traffic.pause();
  await traffic.settled();
  assertExact(traffic.account());
  for (const client of clients) assert.deepEqual([client.connected.length, client.disconnected.length], [1, 0]);
});

