// SPDX-License-Identifier: MIT
// usage: node half_open.mjs COUNT PORT URL
// So many clients that connect and go no further: half of them say nothing, half of them stop inside the ClientHello. Another
// one is served meanwhile, and they are all ended: by the deadline, or when they make others wait.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import WebSocket from 'ws';

const [count, port, url] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const began = Buffer.from('1603010200010001fc0303', 'hex');
let ended = 0;
const all = [];
for (let first = 0; first < count; first += 500) {
  const batch = Array.from({ length: Math.min(500, count - first) }, (_, n) => {
    // Not more from one address than it has ports for, with those of earlier runs that linger.
    const socket = net.connect({ host: '127.0.0.1', port, localAddress: `127.0.0.${2 + (n % 8)}` });
    socket.on('error', () => {}).on('close', () => { ended += 1; }).resume();
    return socket;
  });
  await Promise.all(batch.map((socket) => socket.readyState === 'open' || once(socket, 'connect')));
  batch.forEach((socket, n) => n % 2 === 0 || socket.write(began));
  all.push(...batch);
}
const open = all.length - ended;
const other = new WebSocket(url);
await once(other, 'open');
other.send('anybody there?');
assert.equal((await once(other, 'message'))[0].toString(), 'anybody there?');
console.log(`${count} connected, ${open} of them open when another one came, ${count - ended} when it was served`);
assert.ok(open > 0, 'there were none to be disturbed by');
while (ended < count) await new Promise((resolve) => setTimeout(resolve, 50));
other.send('and now?');
assert.equal((await once(other, 'message'))[0].toString(), 'and now?');
other.close();
