// SPDX-License-Identifier: MIT
// Section 10.4: what is too large, too much or never comes. The figures are those of tests/conformance/run.
import assert from 'node:assert/strict';
import { add, counted, echoed, ended, expectAlive, expectClosed, expectFrame, failedHandshakes, refused, settled } from './cases.mjs';
import { Wire, binary, connect, continuation, frame, isTls, path, ping, pong, sleep, text, userPath } from './wire.mjs';

const most = 256 * 1024;
const filled = (size) => Buffer.alloc(size, 0x61);
const part = (opcode, payload) => frame(opcode, payload, { fin: false });

echoed('10.4-limit', 'a message as large as may be', () => [frame(text, filled(most))], [text, filled(most)]);
echoed('10.4-limit-fragments', 'a message as large as may be, in fragments', () => [part(text, filled(most - 1)), frame(continuation, 'a')], [text, filled(most)]);
refused('10.4-over', 'one byte more', () => [frame(binary, filled(most + 1))], 1009);
refused('10.4-over-fragments', 'one byte more, in fragments', () => [part(binary, filled(most)), frame(continuation, 'a')], 1009);
refused('10.4-over-many', 'more and more fragments', () => Array.from({ length: 5 }, (_, i) => part(i === 0 ? binary : continuation, filled(most / 4))), 1009);
// Before a byte of it has come.
for (const [name, length] of Object.entries({ '1-over': most + 1, '1-gib': 1 << 30, '2-32': 2n ** 32n, '2-63': 2n ** 63n - 1n })) {
  refused(`10.4-declared-${name}`, `a frame that is said to have ${length} bytes`, () => [frame(binary, '', { form: 64, length })], 1009);
}
refused('10.4-declared-continuation', 'a fragment, and a second one that is said to be too much', () => [part(text, 'a'), frame(continuation, '', { form: 64, length: most })], 1009);
add('10.4-declared-within', 'a declared length without a payload takes no memory and holds nobody up', async (wires) => {
  const many = await Promise.all(Array.from({ length: 50 }, () => connect(wires)));
  await Promise.all(many.map((wire) => wire.send(frame(binary, '', { form: 64, length: most }))));
  await expectAlive(await connect(wires));
  for (const wire of many) assert.ok(!wire.hasEnded);
});
add('10.4-tiny-fragments', '20,000 fragments of one byte: one message', async (wires) => {
  const wire = await connect(wires);
  await wire.send(part(text, 'a'), ...Array.from({ length: 19_998 }, () => part(continuation, 'a')), frame(continuation, 'a'));
  await expectFrame(wire, text, filled(20_000));
});
add('10.4-empty-fragments', '50,000 empty fragments: an empty message', async (wires) => {
  const wire = await connect(wires);
  const empty = part(continuation, '');
  await wire.send(part(text, ''), ...Array.from({ length: 50_000 }, () => empty), frame(continuation, ''));
  await expectFrame(wire, text, '');
});
// 5.5.3 lets older pings go unanswered, not the last one.
add('10.4-pings-unread', '40,000 pings of a client that reads nothing: the last one is answered when it reads', async (wires) => {
  const wire = await connect(wires);
  const pings = 40_000;
  wire.socket.pause();
  await wire.send(...Array.from({ length: pings }, (_, i) => frame(ping, `${i}`.padStart(125))));
  wire.socket.resume();
  await wire.send(frame(text, 'done'));
  let answered = 0;
  let last = -1;
  for (let got = await wire.frame(); got.opcode === pong; got = await wire.frame()) {
    answered += 1;
    assert.ok(Number(got.payload) > last, `pong ${Number(got.payload)} behind pong ${last}`);
    last = Number(got.payload);
  }
  assert.equal(last, pings - 1, `${answered} of ${pings} pings were answered, the last one of them was ${last}`);
  await expectAlive(wire);
});
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

// ---------------------------------------------------------------------------------------------------------------------
// Counted, hence alone.

function countedClose(id, what, reason, bytes, code) {
  add(id, `${what}: ${code}, counted as ${reason}`, async (wires) => {
    await settled();
    await counted({ [ended(reason)]: 1 }, async () => {
      const wire = await connect(wires);
      await wire.send(bytes());
      await expectClosed(wire, code);
      wire.destroy();
    });
  }, { isAlone: true });
}
countedClose('10.4-counted-limit', 'a message that is too long', 'limit', () => frame(text, '', { form: 64, length: most + 1 }), 1009);
countedClose('10.4-counted-protocol', 'an unmasked frame', 'protocol_error', () => frame(text, 'x', { mask: null }), 1002);
countedClose('10.4-counted-client', 'a Close of the client', 'client', () => frame(8, ''), null);

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
add('10.4-max-connections', `more than ${mostConnections} connections: what is beyond is closed at once and counted, the others stay`, async (wires) => {
  await settled();
  const inside = await connect(wires);
  await counted({ [ended('limit')]: 20 }, async () => {
    // The witness and `inside` are two of them.
    for (let i = 0; i < mostConnections - 2; ++i) wires.push(await Wire.open({ secure: false }));
    const beyond = await Promise.all(Array.from({ length: 20 }, () => Wire.open({ secure: false })));
    wires.push(...beyond);
    for (const wire of beyond) {
      if (!isTls) assert.equal((await wire.answer()).status, 503);
      await wire.end();
    }
    await expectAlive(inside);
  });
}, { isAlone: true });
add('10.4-after-max-connections', 'when they have gone, new clients are let in', async (wires) => {
  await settled();
  await expectAlive(await connect(wires));
}, { isAlone: true });
