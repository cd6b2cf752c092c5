// SPDX-License-Identifier: MIT
// Section 7: the closing handshake.
import { add, expectAlive, expectClose, expectClosed, refused, settled } from './cases.mjs';
import { close, closeFrame, connect, continuation, frame, path, ping, text } from './wire.mjs';

// ---------------------------------------------------------------------------------------------------------------------
// 7.4: codes. A valid one is given back, an invalid one is a breach.

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]) {
  refused(`7.4-code-${code}`, `Close ${code}, given back`, () => [closeFrame(code)], code);
}
// 1010 is what a client says that needs an extension (7.4.1).
refused('7.4-code-1010', 'Close 1010, given back', () => [closeFrame(1010)], 1010);
for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]) {
  refused(`7.4-code-${code}`, `Close ${code}, which nobody may send`, () => [closeFrame(code)], 1002);
}

// ---------------------------------------------------------------------------------------------------------------------
// 5.5.1, 7.1: bodies of Close frames.

refused('7.1.5-empty', 'a Close without a code: given back without one', () => [frame(close, '')], null);
refused('7.1.5-one-byte', 'a Close with half a code', () => [frame(close, Buffer.from([3]))], 1002);
refused('7.1.6-reason', 'a Close with a reason', () => [closeFrame(1000, 'bye')], 1000);
refused('7.1.6-reason-utf-8', 'a Close with a reason of many alphabets', () => [closeFrame(1000, 'κόσμε, 世界, 👋')], 1000);
refused('7.1.6-reason-123', 'a Close with the longest reason', () => [closeFrame(1000, 'x'.repeat(123))], 1000);
refused('7.1.6-reason-124', 'a Close with a reason that is too long', () => [closeFrame(1000, 'x'.repeat(124))], 1002);
refused('7.1.6-reason-no-utf-8', 'a Close whose reason is no UTF-8', () => [closeFrame(1000, Buffer.from([0x66, 0xc3, 0x28]))], 1007);
refused('7.1.6-reason-half', 'a Close whose reason ends inside a character', () => [closeFrame(1000, Buffer.from([0xe2, 0x82]))], 1007);
refused('7.1.6-reason-surrogate', 'a Close whose reason is a surrogate', () => [closeFrame(1000, Buffer.from([0xed, 0xa0, 0x80]))], 1007);

// ---------------------------------------------------------------------------------------------------------------------
// The course of the handshake.

add('5.5.1-nothing-after', 'frames behind the Close are not answered', async (wires) => {
  const wire = await connect(wires);
  await wire.send(closeFrame(1000), frame(text, 'too late'), frame(ping, 'too late'));
  await expectClosed(wire, 1000);
});
add('5.5.1-rubbish-after', 'rubbish behind the Close is nobody\'s concern', async (wires) => {
  const wire = await connect(wires);
  await wire.send(closeFrame(1001), Buffer.alloc(1000, 0xff));
  await expectClosed(wire, 1001);
});
add('5.5.1-two-closes', 'a second Close is not answered', async (wires) => {
  const wire = await connect(wires);
  await wire.send(closeFrame(1000), closeFrame(1001));
  await expectClosed(wire, 1000);
});
add('5.5.1-inside-message', 'a Close inside a fragmented message, which is never whole', async (wires) => {
  const wire = await connect(wires);
  await wire.send(frame(text, 'half', { fin: false }), closeFrame(1000), frame(continuation, 'done'));
  await expectClosed(wire, 1000);
});
add('5.5.1-byte-by-byte', 'a Close in segments of one byte', async (wires) => {
  const wire = await connect(wires);
  await wire.sendEach([...closeFrame(1000, 'slow')].map((byte) => Buffer.from([byte])));
  await expectClosed(wire, 1000);
});
add('7.1.1-server-ends-first', 'after both Closes it is the server that ends the connection', async (wires) => {
  const wire = await connect(wires);
  await wire.send(closeFrame(1000));
  await expectClose(wire, 1000);
  // We have not ended our side.
  await wire.end();
});
add('7.1.4-close-and-end', 'a Close and the end of the stream at once: the answer still comes', async (wires) => {
  const wire = await connect(wires);
  await wire.send(closeFrame(1000));
  wire.finish();
  await expectClosed(wire, 1000);
});
add('7.1.7-client-stays', 'a client that does not end its side after both Closes is let go in the end', async (wires) => {
  await settled();
  const wire = await connect(wires);
  await wire.send(closeFrame(1000));
  await expectClosed(wire, 1000);
  // Our socket stays open: only the server's deadline ends the connection.
  await settled();
}, { isAlone: true });
add('7.1.7-end-without-close', 'the end of the stream without a Close ends the connection', async (wires) => {
  const wire = await connect(wires);
  wire.finish();
  await wire.end();
});
add('7.1.7-end-inside-frame', 'the end of the stream inside a frame ends the connection', async (wires) => {
  const wire = await connect(wires);
  await wire.send(frame(text, 'hello').subarray(0, 8));
  wire.finish();
  await wire.end();
});
add('7.1.7-reset', 'a reset ends the session, and the user comes again', async (wires) => {
  const target = path('reset');
  for (let i = 0; i < 3; ++i) {
    const wire = await connect(wires, { target });
    await expectAlive(wire);
    wire.reset();
  }
  await expectAlive(await connect(wires, { target }));
});
