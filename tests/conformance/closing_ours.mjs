// SPDX-License-Identifier: MIT
// Sections 7.1.2 and 7.3: the server closes first, because the application asks for it: 1008 (PROTOCOL.md, B).
async function closedByServer(user) {
  const wire = await Wire.open();
  await wire.send(`POST ${userPath(user, ':closeConnections')} HTTP/1.1\r\nHost: any\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  const answer = await wire.answer();
  wire.destroy();
  assert.equal(answer.status, 204, answer.all + answer.body);
}
import assert from 'node:assert/strict';
import { add, expectClose } from './cases.mjs';
import { Wire, close, closeFrame, connect, frame, path, ping, userPath } from './wire.mjs';

const byApplication = 1008;
add('7.1.2-server-first', 'the server closes: ours answers, it ends the connection', async (wires) => {
  const wire = await connect(wires, { target: path('first') });
  await closedByServer('first');
  await expectClose(wire, byApplication);
  await wire.send(closeFrame(1000));
  await wire.end();
});
add('7.1.2-simultaneous', 'both close at once: each has said one Close', async (wires) => {
  const wire = await connect(wires, { target: path('both') });
  await closedByServer('both');
  await wire.send(closeFrame(3000));
  // Whichever was first; a second one would be more before the end.
  const got = await wire.frame();
  assert.equal(got.opcode, close);
  assert.ok([byApplication, 3000].includes(got.payload.readUInt16BE(0)));
  await wire.end();
});
add('7.1.2-frames-before-ours', 'the server closes, frames of ours are on their way: no answer, no harm', async (wires) => {
  const wire = await connect(wires, { target: path('onway') });
  await closedByServer('onway');
  await expectClose(wire, byApplication);
  await wire.send(frame(ping, 'on its way'), closeFrame(1000));
  await wire.end();
});
add('7.1.2-client-silent', 'the server closes and nobody answers: it ends the connection itself', async (wires) => {
  const wire = await connect(wires, { target: path('silent') });
  await closedByServer('silent');
  await expectClose(wire, byApplication);
  await wire.end();
});
