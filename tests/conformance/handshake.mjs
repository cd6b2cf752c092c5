// SPDX-License-Identifier: MIT
// Section 4: the opening handshake.
import assert from 'node:assert/strict';
import { add, echoed, expectAlive, expectFrame, notUpgraded } from './cases.mjs';
import { Wire, acceptFor, authority, binary, connect, frame, key, path, text, upgrade } from './wire.mjs';

// What is accepted: 101 with exactly the fields that belong there.
function upgraded(id, what, options, { subprotocol } = {}) {
  add(id, `${what}: 101`, async (wires) => {
    const wire = await Wire.open();
    wires.push(wire);
    const asked = key();
    const { fields, ...others } = options();
    await wire.send(upgrade({ fields: { 'Sec-WebSocket-Key': asked, ...fields }, ...others }));
    const head = await wire.head();
    assert.equal(head.status, 101, head.all);
    assert.deepEqual(head.values('upgrade').map((value) => value.toLowerCase()), ['websocket']);
    assert.deepEqual(head.values('connection').map((value) => value.toLowerCase()), ['upgrade']);
    assert.deepEqual(head.values('sec-websocket-accept'), [acceptFor(asked)]);
    assert.deepEqual(head.values('sec-websocket-protocol'), subprotocol ? [subprotocol] : []);
    assert.deepEqual(head.values('sec-websocket-extensions'), []);
    assert.deepEqual([...head.values('content-length'), ...head.values('transfer-encoding')], []);
    if (!subprotocol) return expectAlive(wire);
    assert.equal(JSON.parse((await wire.frame()).payload).event, 'connected');
  });
}
const field = (name, value) => () => ({ fields: { [name]: value } });
const more = (...lines) => () => ({ more: lines });
const is426 = (answer) => assert.deepEqual(answer.values('sec-websocket-version'), ['13']);

const json = 'json.webpubsub.azure.v1';
const reliable = 'json.reliable.webpubsub.azure.v1';

// ---------------------------------------------------------------------------------------------------------------------
// What a client must send (4.1), and what a server does about it (4.2.1, 4.2.2).

upgraded('4.1-plain', 'the smallest request', () => ({}));
upgraded('4.1-small-letters', 'names of fields in small letters', () => ({
  fields: { Host: null, Upgrade: null, Connection: null, 'Sec-WebSocket-Version': null },
  more: [`host: ${authority}`, 'upgrade: websocket', 'connection: upgrade', 'sec-websocket-version: 13'],
}));
upgraded('4.1-capitals', 'tokens in capitals', () => ({ fields: { Upgrade: 'WEBSOCKET', Connection: 'UPGRADE' } }));
upgraded('4.1-connection-list', 'Connection: keep-alive, Upgrade', field('Connection', 'keep-alive, Upgrade'));
upgraded('4.1-connection-lines', 'Connection on two lines', () => ({ fields: { Connection: 'keep-alive' }, more: ['Connection: Upgrade'] }));
upgraded('4.1-upgrade-list', 'Upgrade: websocket, foo', field('Upgrade', 'websocket, foo'));
upgraded('4.1-white-space', 'white space around values', () => ({ fields: { Upgrade: ' \twebsocket\t ', 'Sec-WebSocket-Version': ' 13 ' } }));
upgraded('4.1-absolute-target', 'an absolute target with the same host', () => ({ line: `GET http://${authority}${path()} HTTP/1.1` }));
upgraded('4.1-unknown-fields', 'fields that nobody knows', more('X-Anything: 1', 'Sec-WebSocket-Unknown: 2', 'Cookie: a=b; c=d'));
upgraded('4.1-content-length-0', 'Content-Length: 0, which is no body', more('Content-Length: 0'));
upgraded('4.1-origin', 'the Origin that may come', more('Origin: https://app.example.org'));
notUpgraded('4.2.2-origin', 'another Origin', more('Origin: https://evil.example'), 403);
notUpgraded('4.2.2-origin-prefix', 'an Origin that begins like the one that may come', more('Origin: https://app.example.org.evil.example'), 403);
notUpgraded('4.2.2-origin-null', 'Origin: null', more('Origin: null'), 403);

notUpgraded('4.1-method-post', 'POST', () => ({ line: `POST ${path()} HTTP/1.1` }), 405, (answer) => assert.deepEqual(answer.values('allow'), ['GET']));
notUpgraded('4.1-method-put', 'PUT', () => ({ line: `PUT ${path()} HTTP/1.1` }), 405);
notUpgraded('4.1-method-small', 'get, which is another method than GET', () => ({ line: `get ${path()} HTTP/1.1` }), 405);
notUpgraded('4.1-http-1.0', 'HTTP/1.0', () => ({ line: `GET ${path()} HTTP/1.0` }), 400);
notUpgraded('4.1-http-1.2', 'HTTP/1.2, which does not exist', () => ({ line: `GET ${path()} HTTP/1.2` }), 505);
notUpgraded('4.1-http-2.0', 'HTTP/2.0', () => ({ line: `GET ${path()} HTTP/2.0` }), 505);
notUpgraded('4.1-no-version', 'a request line without HTTP version', () => ({ line: `GET ${path()}` }), 400);
notUpgraded('4.1-fragment', 'a fragment in the target', () => ({ target: '/conformance?uid=a#part' }), 400);
notUpgraded('4.1-no-host', 'no Host', field('Host', null), 400);
notUpgraded('4.1-two-hosts', 'two Hosts', more(`Host: ${authority}`), 400);
notUpgraded('4.1-other-host', 'an absolute target of another host', () => ({ line: `GET http://other.example${path()} HTTP/1.1` }), 400);
notUpgraded('4.1-connection-none', 'no Connection', field('Connection', null), 400);
notUpgraded('4.1-connection-other', 'Connection: keep-alive', field('Connection', 'keep-alive'), 400);
notUpgraded('4.1-connection-part', 'Connection: Upgrades, which only begins so', field('Connection', 'Upgrades'), 400);
for (const [name, what, more] of [
  ['', 'a body', ['Content-Length: 1', '', 'x']], ['-chunked', 'a body in chunks', ['Transfer-Encoding: chunked', '', '0']],
]) {
  // The answer comes when the body has: nothing behind the request is taken for frames.
  notUpgraded(`4.1-body${name}`, what, () => ({ more }), 400);
}

notUpgraded('4.1-key-none', 'no Sec-WebSocket-Key', field('Sec-WebSocket-Key', null), 400);
for (const [name, what, value] of [
  ['empty', 'an empty key', ''],
  ['short', 'a key of 15 bytes', Buffer.alloc(15, 1).toString('base64')],
  ['long', 'a key of 17 bytes', Buffer.alloc(17, 1).toString('base64')],
  ['no-padding', 'a key without padding', Buffer.alloc(16, 1).toString('base64').slice(0, 22)],
  ['url-safe', 'a key in the other base64', 'abcdefghijklmnopqrst-_=='],
  ['space', 'a key with a space inside', 'abcdefghijk mnopqrstuv=='],
  ['no-base64', 'a key that is no base64', '!'.repeat(22) + '=='],
]) {
  notUpgraded(`4.1-key-${name}`, what, field('Sec-WebSocket-Key', value), 400);
}
notUpgraded('4.1-key-twice', 'two keys', () => ({ more: [`Sec-WebSocket-Key: ${key()}`] }), 400);

// 4.4: the answer names the version that is spoken.
for (const [name, what, value] of [
  ['none', 'no Sec-WebSocket-Version', null], ['empty', 'an empty version', ''], ['8', 'version 8', '8'], ['0', 'version 0', '0'],
  ['14', 'version 14', '14'], ['padded', 'version 013', '013'], ['text', 'version thirteen', 'thirteen'], ['256', 'version 256', '256'],
]) {
  notUpgraded(`4.4-version-${name}`, what, field('Sec-WebSocket-Version', value), 426, is426);
}
// Each client says one version; 4.4 lets a server that does not understand say what it speaks.
notUpgraded('4.4-version-list', 'versions 13 and 8 on one line', field('Sec-WebSocket-Version', '13, 8'), 426, is426);
notUpgraded('4.4-version-twice', 'version 13 on two lines', more('Sec-WebSocket-Version: 13'), 426, is426);

notUpgraded('4.2.1-unknown-path', 'a path without a service', () => ({ target: '/nowhere?uid=a' }), 404);
notUpgraded('4.2.1-no-user', 'nobody says who it is: never any node', () => ({ target: '/conformance' }), 400);
notUpgraded('4.2.1-empty-user', 'an empty user id', () => ({ target: '/conformance?uid=' }), 400);
notUpgraded('4.2.1-bad-escape', 'a broken escape in the query', () => ({ target: '/conformance?uid=%zz' }), 400);

// Without Upgrade: websocket it is an ordinary request for the path of a service.
for (const [name, what, value] of [['none', 'no Upgrade', null], ['other', 'Upgrade: h2c', 'h2c'], ['part', 'Upgrade: websockets', 'websockets']]) {
  add(`4.2.2-upgrade-${name}`, `${what}: 426, and the connection stays`, async (wires) => {
    const wire = await Wire.open();
    wires.push(wire);
    for (let i = 0; i < 2; ++i) {
      await wire.send(upgrade({ fields: { Upgrade: value, ...(value ? {} : { Connection: 'keep-alive' }) } }));
      const answer = await wire.answer();
      assert.equal(answer.status, 426, answer.all);
      assert.deepEqual(answer.values('upgrade'), ['websocket']);
    }
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Subprotocols (1.9, 4.2.2) and extensions (9.1).

const offer = (...names) => field('Sec-WebSocket-Protocol', names.join(', '));
upgraded('4.2.2-protocol-known', 'one subprotocol, known', offer(json), { subprotocol: json });
upgraded('4.2.2-protocol-unknown', 'one subprotocol, unknown: none is chosen', offer('chat.example.org'));
upgraded('4.2.2-protocol-second', 'two, the second known', offer('chat.example.org', json), { subprotocol: json });
upgraded('4.2.2-protocol-order', 'two known: the first of the client', offer(json, reliable), { subprotocol: json });
upgraded('4.2.2-protocol-order-2', 'two known: the first of the client, the other way round', offer(reliable, json), { subprotocol: reliable });
upgraded('4.2.2-protocol-capitals', 'a name in capitals is another name', offer(json.toUpperCase()));
upgraded('4.2.2-protocol-lines', 'on two lines, the second known', () => ({
  fields: { 'Sec-WebSocket-Protocol': 'chat.example.org' }, more: [`Sec-WebSocket-Protocol: ${json}`],
}), { subprotocol: json });
upgraded('4.2.2-protocol-empty', 'an empty offer', field('Sec-WebSocket-Protocol', ''));
// Compression is not offered by the product (GATEWAY.md, d 22): an offer is no reason to refuse, and none is accepted.
upgraded('9.1-deflate', 'permessage-deflate offered: not accepted', field('Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'));
upgraded('9.1-unknown', 'an unknown extension offered: not accepted', field('Sec-WebSocket-Extensions', 'x-foo; a=1, x-bar'));

// ---------------------------------------------------------------------------------------------------------------------
// The request in pieces, and frames that do not wait for the 101.

add('4.2-byte-by-byte', 'a request in segments of one byte: 101', async (wires) => {
  const wire = await Wire.open();
  wires.push(wire);
  await wire.sendEach(upgrade().split(''));
  assert.equal((await wire.head()).status, 101);
  await expectAlive(wire);
});
add('4.2-early-frame', 'a frame in the segment of the request: echoed after the 101', async (wires) => {
  const wire = await Wire.open();
  wires.push(wire);
  await wire.send(upgrade(), frame(text, 'early'), frame(binary, 'bird').subarray(0, 3));
  assert.equal((await wire.head()).status, 101);
  await expectFrame(wire, text, 'early');
});
add('4.2-early-bad-frame', 'an unmasked frame in the segment of the request: 101, then 1002', async (wires) => {
  const wire = await Wire.open();
  wires.push(wire);
  await wire.send(upgrade(), frame(text, 'early', { mask: null }));
  assert.equal((await wire.head()).status, 101);
  const got = await wire.frame();
  assert.deepEqual([got.opcode, got.payload.readUInt16BE(0)], [8, 1002]);
  await wire.end();
});
add('4.2-two-upgrades', 'a second request behind the first is a broken frame: 1002', async (wires) => {
  const wire = await connect(wires);
  await wire.send(upgrade());
  const got = await wire.frame();
  assert.deepEqual([got.opcode, got.payload.readUInt16BE(0)], [8, 1002]);
  await wire.end();
});
add('4.2-after-http', 'an upgrade on a connection that has had an ordinary request: 101', async (wires) => {
  const wire = await Wire.open();
  wires.push(wire);
  await wire.send(`GET /api/health HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  assert.equal((await wire.answer()).status, 200);
  await wire.send(upgrade());
  assert.equal((await wire.head()).status, 101);
  await expectAlive(wire);
});
echoed('4.2-after-101', 'the first frame right behind the 101', () => [frame(text, 'first')], [text, 'first']);
