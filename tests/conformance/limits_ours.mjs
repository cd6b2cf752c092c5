// SPDX-License-Identifier: MIT
// Section 10.4: clients that do not read, do not speak, or are too many.
import assert from 'node:assert/strict';
import { add, counted, ended, expectAlive, failedHandshakes, settled } from './cases.mjs';
import { Wire, connect, frame, isTls, path, ping, pong, sleep, text, until, userPath } from './wire.mjs';

const filled = (size) => Buffer.alloc(size, 0x61);

// More than the kernel takes, less than what waits for a session at most.
add('5.5.2-ping-backlog', 'a ping of a client that is behind with reading is answered when it has read', async (wires) => {
  const wire = await connect(wires, { target: path('behind') });
  const other = await Wire.open();
  wires.push(other);
  wire.socket.pause();
  const messages = 6;
  const body = filled(1 << 20);
  for (let i = 0; i < messages; ++i) {
    await other.send(
      `POST ${userPath('behind', ':send')} HTTP/1.1\r\nHost: any\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n`, body);
    assert.equal((await other.answer()).status, 202);
  }
  await wire.send(frame(ping, 'anybody there?'));
  // Time for the server to read it; if it does so later, the case is easier to pass.
  await sleep(200);
  wire.socket.resume();
  await wire.send(frame(text, 'done'));
  const got = { pongs: 0, messages: 0 };
  for (let one = await wire.frame(); one.payload.toString() !== 'done'; one = await wire.frame()) {
    got[one.opcode === pong ? 'pongs' : 'messages'] += 1;
  }
  assert.deepEqual(got, { pongs: 1, messages });
});

// Sockets that say nothing. They end with the deadline of the server; until then others come in.
const idle = 1000;
add('10.4-idle-connections', `${idle} connections that say nothing: others are served, the deadline ends them, each is counted`, async (wires) => {
  await settled();
  const growth = isTls ? { [ended('handshake')]: idle, [failedHandshakes]: idle } : { [ended('http_done')]: idle };
  await counted(growth, async () => {
    const silent = await Promise.all(Array.from({ length: idle }, () => Wire.open({ secure: false })));
    wires.push(...silent);
    const during = await connect(wires);
    await expectAlive(during);
    assert.ok(!silent.some((wire) => wire.hasEnded), 'the new client had to wait for the deadline of a silent one');
    await Promise.all(silent.map((wire) => wire.end()));
    await expectAlive(during);
    silent.forEach((wire) => wire.destroy());
  });
}, { isAlone: true });

// More than limits.max_handshakes of them.
const half = 200;
if (isTls) {
  add('10.4-half-handshakes', `${half} clients that stop inside the ClientHello: others are served, the deadline ends them, each is counted`, async (wires) => {
    await settled();
    await counted({ [ended('handshake')]: half, [failedHandshakes]: half }, async () => {
      const stopped = await Promise.all(Array.from({ length: half }, () => Wire.open({ secure: false })));
      wires.push(...stopped);
      await Promise.all(stopped.map((wire) => wire.send(Buffer.from('1603010200010001fc0303', 'hex'))));
      const during = await connect(wires);
      await expectAlive(during);
      assert.ok(!stopped.some((wire) => wire.hasEnded), 'the new client had to wait for the deadline of one that had stopped');
      await Promise.all(stopped.map((wire) => wire.over()));
      await expectAlive(during);
      stopped.forEach((wire) => wire.destroy());
    });
  }, { isAlone: true });
}

const mostConnections = 1500;
add('10.4-max-connections', `more than ${mostConnections} connections: what is beyond is closed at once and counted, with TLS those that have said nothing for the longest time; the others stay`, async (wires) => {
  await settled();
  const inside = await connect(wires);
  await counted({ [ended('limit')]: isTls ? 21 : 20 }, async () => {
    // The witness and `inside` are two of them.
    const silent = [];
    for (let i = 0; i < mostConnections - 2; ++i) silent.push(await Wire.open({ secure: false }));
    wires.push(...silent);
    const beyond = await Promise.all(Array.from({ length: 20 }, () => Wire.open({ secure: false })));
    wires.push(...beyond);
    if (isTls) await until(() => silent.filter((wire) => wire.hasEnded).length === 20, 'that twenty make room');
    for (const wire of isTls ? silent.filter((one) => one.hasEnded) : beyond) {
      if (!isTls) assert.equal((await wire.answer()).status, 503);
      await wire.end();
    }
    await expectAlive(inside);
    if (isTls) await expectAlive(await connect(wires));
  });
}, { isAlone: true });
add('10.4-after-max-connections', 'when they have gone, new clients are let in', async (wires) => {
  await settled();
  await expectAlive(await connect(wires));
}, { isAlone: true });
