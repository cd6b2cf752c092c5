// SPDX-License-Identifier: MIT
// Section 10.4: what is too large, too much or never comes. The figures are those of tests/conformance/run.
import assert from 'node:assert/strict';
import { add, counted, echoed, ended, expectAlive, expectClosed, expectFrame, refused, settled } from './cases.mjs';
import { binary, connect, continuation, frame, ping, pong, text } from './wire.mjs';

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
  let last = -1;
  // A pong that is owed may come behind the echo.
  for (let isEchoed = false; !isEchoed || last < pings - 1; ) {
    const got = await wire.frame();
    if (got.opcode === text) {
      isEchoed = true;
      continue;
    }
    assert.equal(got.opcode, pong);
    assert.ok(Number(got.payload) > last, `pong ${Number(got.payload)} behind pong ${last}`);
    last = Number(got.payload);
  }
  await expectAlive(wire);
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
