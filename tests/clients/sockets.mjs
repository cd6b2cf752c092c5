// SPDX-License-Identifier: MIT
// usage: node sockets.mjs ws|built-in URL
// What npm's ws and the WebSocket that Node has built in see of an echo service.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import WebSocketOfNpm from 'ws';

const [kind, url] = process.argv.slice(2);

async function withNpm() {
  // It offers permessage-deflate, which is not accepted.
  const socket = new WebSocketOfNpm(url, { perMessageDeflate: true });
  await once(socket, 'open');
  assert.equal(socket.extensions, '');
  for (const payload of ['grüße', '', 'x'.repeat(100_000)]) {
    socket.send(payload);
    const [data, isBinary] = await once(socket, 'message');
    assert.deepEqual([data.toString(), isBinary], [payload, false]);
  }
  const bytes = Buffer.from([0, 255, 128]);
  socket.send(bytes.subarray(0, 1), { fin: false });
  socket.send(bytes.subarray(1), { fin: true });
  const [data, isBinary] = await once(socket, 'message');
  assert.ok(isBinary && data.equals(bytes));
  socket.ping('are you there');
  assert.equal((await once(socket, 'pong'))[0].toString(), 'are you there');
  socket.close(4321, 'bye');
  assert.equal((await once(socket, 'close'))[0], 4321);
}

async function withBuiltIn() {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  await once(socket, 'open');
  for (const payload of ['grüße', 'x'.repeat(100_000)]) {
    socket.send(payload);
    assert.equal((await once(socket, 'message'))[0].data, payload);
  }
  socket.send(Uint8Array.of(0, 255, 128));
  assert.deepEqual(new Uint8Array((await once(socket, 'message'))[0].data), Uint8Array.of(0, 255, 128));
  socket.close(4321, 'bye');
  const [end] = await once(socket, 'close');
  assert.deepEqual([end.code, end.wasClean], [4321, true]);
}

await (kind === 'ws' ? withNpm() : withBuiltIn());
