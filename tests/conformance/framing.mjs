// SPDX-License-Identifier: MIT
// Section 5: frames.
import assert from 'node:assert/strict';
import { add, echoed, expectAlive, expectClosed, expectFrame, refused } from './cases.mjs';
import { binary, close, connect, continuation, frame, ping, pong, text } from './wire.mjs';

const filled = (size, byte = 0x61) => Buffer.alloc(size, byte);
const part = (opcode, payload) => frame(opcode, payload, { fin: false });

// ---------------------------------------------------------------------------------------------------------------------
// 5.1, 5.3: masks.

refused('5.1-unmasked-text', 'a frame without a mask', () => [frame(text, 'x', { mask: null })], 1002);
refused('5.1-unmasked-empty', 'an empty frame without a mask', () => [frame(text, '', { mask: null })], 1002);
refused('5.1-unmasked-ping', 'a ping without a mask', () => [frame(ping, 'x', { mask: null })], 1002);
refused('5.1-unmasked-close', 'a Close without a mask', () => [frame(close, '', { mask: null })], 1002);
refused('5.1-unmasked-continuation', 'the second fragment without a mask', () => [part(text, 'a'), frame(continuation, 'b', { mask: null })], 1002);
echoed('5.3-mask-0', 'a mask of zeros', () => [frame(text, 'zeros', { mask: Buffer.alloc(4) })], [text, 'zeros']);
echoed('5.3-mask-ff', 'a mask of ones', () => [frame(text, 'ones', { mask: filled(4, 0xff) })], [text, 'ones']);
for (const size of [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17]) {
  const payload = Buffer.from(Array.from({ length: size }, (_, i) => i * 37));
  echoed(`5.3-mask-odd-${size}`, `${size} bytes under a mask of four different bytes`, () => [frame(binary, payload, { mask: Buffer.from([1, 2, 4, 8]) })], [binary, payload]);
}

// ---------------------------------------------------------------------------------------------------------------------
// 5.2: bits, opcodes, lengths.

for (const rsv of [1, 2, 3, 4, 5, 6, 7]) {
  refused(`5.2-rsv${rsv}`, `reserved bits ${rsv.toString(2).padStart(3, '0')}, without an extension`, () => [frame(text, 'x', { rsv })], 1002);
}
refused('5.2-rsv1-ping', 'a reserved bit in a ping', () => [frame(ping, '', { rsv: 4 })], 1002);
refused('5.2-rsv1-continuation', 'a reserved bit in the second fragment', () => [part(text, 'a'), frame(continuation, 'b', { rsv: 4 })], 1002);
for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
  refused(`5.2-opcode-${opcode}`, `reserved opcode ${opcode}`, () => [frame(opcode, 'x')], 1002);
  refused(`5.2-opcode-${opcode}-empty`, `reserved opcode ${opcode}, empty`, () => [frame(opcode, '')], 1002);
}
for (const size of [0, 1, 124, 125, 126, 127, 128, 255, 256, 4095, 4096, 65534, 65535, 65536, 65537]) {
  echoed(`5.2-text-${size}`, `a text of ${size} bytes`, () => [frame(text, filled(size))], [text, filled(size)]);
  echoed(`5.2-binary-${size}`, `${size} bytes`, () => [frame(binary, filled(size, 0xfe))], [binary, filled(size, 0xfe)]);
}
refused('5.2-length-0-in-16', '0 bytes, the length in 16 bits', () => [frame(text, '', { form: 16 })], 1002);
refused('5.2-length-125-in-16', '125 bytes, the length in 16 bits', () => [frame(text, filled(125), { form: 16 })], 1002);
refused('5.2-length-0-in-64', '0 bytes, the length in 64 bits', () => [frame(text, '', { form: 64 })], 1002);
refused('5.2-length-125-in-64', '125 bytes, the length in 64 bits', () => [frame(text, filled(125), { form: 64 })], 1002);
refused('5.2-length-126-in-64', '126 bytes, the length in 64 bits', () => [frame(text, filled(126), { form: 64 })], 1002);
refused('5.2-length-65535-in-64', '65535 bytes, the length in 64 bits', () => [frame(text, filled(65535), { form: 64 })], 1002);
echoed('5.2-length-126-in-16', '126 bytes, the length in 16 bits', () => [frame(text, filled(126), { form: 16 })], [text, filled(126)]);
echoed('5.2-length-65536-in-64', '65536 bytes, the length in 64 bits', () => [frame(text, filled(65536), { form: 64 })], [text, filled(65536)]);
refused('5.2-length-top-bit', 'the highest bit of a 64-bit length', () => [frame(binary, '', { form: 64, length: 1n << 63n })], 1002);
refused('5.2-length-all-bits', 'a length of 2⁶⁴-1', () => [frame(binary, '', { form: 64, length: (1n << 64n) - 1n })], 1002);

// ---------------------------------------------------------------------------------------------------------------------
// 5.4: fragments, however they are cut.

for (const [name, opcode] of [['text', text], ['binary', binary]]) {
  echoed(`5.4-two-${name}`, `${name} in two fragments`, () => [part(opcode, 'ab'), frame(continuation, 'cd')], [opcode, 'abcd']);
  echoed(`5.4-ten-${name}`, `${name} in ten fragments`,
    () => [part(opcode, '0'), ...Array.from({ length: 8 }, (_, i) => part(continuation, `${i + 1}`)), frame(continuation, '9')], [opcode, '0123456789']);
  echoed(`5.4-empty-${name}`, `${name} of three empty fragments`, () => [part(opcode, ''), part(continuation, ''), frame(continuation, '')], [opcode, '']);
  echoed(`5.4-empty-first-${name}`, `${name} with an empty first fragment`, () => [part(opcode, ''), frame(continuation, 'x')], [opcode, 'x']);
  echoed(`5.4-empty-last-${name}`, `${name} with an empty last fragment`, () => [part(opcode, 'x'), frame(continuation, '')], [opcode, 'x']);
  echoed(`5.4-empty-middle-${name}`, `${name} with an empty fragment inside`, () => [part(opcode, 'x'), part(continuation, ''), frame(continuation, 'y')], [opcode, 'xy']);
}
const whole = filled(300).fill('0123456789');
for (const at of [0, 1, 125, 126, 127, 299, 300]) {
  echoed(`5.4-split-at-${at}`, `300 bytes in fragments of ${at} and ${300 - at}`, () => [part(text, whole.subarray(0, at)), frame(continuation, whole.subarray(at))], [text, whole]);
}
echoed('5.4-large-fragments', 'two fragments of 65536 bytes', () => [part(binary, filled(65536)), frame(continuation, filled(65536))], [binary, filled(131072)]);
echoed('5.4-tiny-fragments', '1,000 fragments of one byte',
  () => [part(text, 'a'), ...Array.from({ length: 998 }, () => part(continuation, 'a')), frame(continuation, 'a')], [text, filled(1000)]);
echoed('5.4-two-messages', 'two fragmented messages one after the other',
  () => [part(text, 'a'), frame(continuation, 'b'), part(binary, 'c'), frame(continuation, 'd')], [text, 'ab'], [binary, 'cd']);

refused('5.4-continuation-first', 'a continuation without a beginning', () => [frame(continuation, 'x')], 1002);
refused('5.4-continuation-not-last', 'a continuation without a beginning, not the last', () => [part(continuation, 'x')], 1002);
refused('5.4-continuation-empty', 'an empty continuation without a beginning', () => [frame(continuation, '')], 1002);
refused('5.4-text-inside-text', 'a text inside a fragmented text', () => [part(text, 'a'), frame(text, 'b')], 1002);
refused('5.4-binary-inside-text', 'binary inside a fragmented text', () => [part(text, 'a'), frame(binary, 'b')], 1002);
refused('5.4-begin-inside', 'a beginning inside a fragmented message', () => [part(binary, 'a'), part(binary, 'b')], 1002);
add('5.4-continuation-after', 'a continuation behind a whole fragmented message: 1002', async (wires) => {
  const wire = await connect(wires);
  await wire.send(part(text, 'a'), frame(continuation, 'b'));
  await expectFrame(wire, text, 'ab');
  await wire.send(frame(continuation, 'c'));
  await expectClosed(wire, 1002);
});

// The same stream of frames, cut into segments in different ways.
const stream = () => Buffer.concat([
  frame(text, 'one'), part(text, 'tw'), frame(ping, 'p1'), frame(continuation, 'o'), frame(binary, filled(200)), frame(text, ''), part(binary, 'thr'),
  part(continuation, ''), frame(pong, 'unasked'), frame(continuation, 'ee'), frame(ping, ''),
]);
async function expectStream(wire) {
  const messages = [];
  const pongs = [];
  while (messages.length < 5 || pongs.length < 2) {
    const { fin, opcode, payload } = await wire.frame();
    assert.ok(fin);
    if (opcode === pong) pongs.push(payload.toString());
    else messages.push([opcode, payload.toString()]);
  }
  assert.deepEqual(pongs, ['p1', '']);
  assert.deepEqual(messages, [[text, 'one'], [text, 'two'], [binary, 'a'.repeat(200)], [text, ''], [binary, 'three']]);
  await expectAlive(wire);
}
for (const size of [1, 2, 3, 5, 7, 13, 64]) {
  add(`5.4-segments-of-${size}`, `eleven frames in segments of ${size} bytes`, async (wires) => {
    const wire = await connect(wires);
    const bytes = stream();
    await wire.sendEach(Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)));
    await expectStream(wire);
  });
}
add('5.4-one-segment', 'eleven frames in one segment', async (wires) => {
  const wire = await connect(wires);
  await wire.send(stream());
  await expectStream(wire);
});
add('5.4-every-split', 'a fragmented message with a ping inside, cut in two at every byte', async (wires) => {
  const wire = await connect(wires);
  const size = Buffer.concat([part(text, 'ab'), frame(ping, 'p'), frame(continuation, 'cd')]).length;
  for (let at = 1; at < size; ++at) {
    const bytes = Buffer.concat([part(text, 'ab'), frame(ping, 'p'), frame(continuation, 'cd')]);
    await wire.sendEach([bytes.subarray(0, at), bytes.subarray(at)]);
    await expectFrame(wire, pong, 'p');
    await expectFrame(wire, text, 'abcd');
  }
});
add('5.4-header-splits', 'a header of 14 bytes cut in two at every byte', async (wires) => {
  const wire = await connect(wires);
  for (let at = 1; at < 14; ++at) {
    const bytes = frame(binary, filled(65536, at));
    await wire.sendEach([bytes.subarray(0, at), bytes.subarray(at)]);
    await expectFrame(wire, binary, filled(65536, at));
  }
});
add('5.4-many-in-one-segment', '500 messages in one write come back in their order', async (wires) => {
  const wire = await connect(wires);
  await wire.send(...Array.from({ length: 500 }, (_, i) => frame(text, `${i}`)));
  for (let i = 0; i < 500; ++i) await expectFrame(wire, text, `${i}`);
});

// ---------------------------------------------------------------------------------------------------------------------
// 5.5: control frames.

for (const [name, opcode] of [['close', close], ['ping', ping], ['pong', pong]]) {
  refused(`5.5-fragmented-${name}`, `a ${name} that is not the last fragment`, () => [part(opcode, '')], 1002);
  refused(`5.5-126-${name}`, `a ${name} of 126 bytes`, () => [frame(opcode, filled(126, 3))], 1002);
  refused(`5.5-65536-${name}`, `a ${name} of 65536 bytes`, () => [frame(opcode, '', { form: 64, length: 65536 })], 1002);
  refused(`5.5-16-bit-length-${name}`, `a ${name} with its length in 16 bits`, () => [frame(opcode, 'x', { form: 16 })], 1002);
}
for (const size of [0, 1, 124, 125]) {
  echoed(`5.5.2-ping-${size}`, `a ping of ${size} bytes: the same pong`, () => [frame(ping, filled(size))], [pong, filled(size)]);
}
echoed('5.5.2-ping-binary', 'a ping that is no UTF-8', () => [frame(ping, Buffer.from([0x00, 0xff, 0xc0, 0x80]))], [pong, Buffer.from([0x00, 0xff, 0xc0, 0x80])]);
echoed('5.5.2-ten-pings', 'ten pings: ten pongs in their order',
  () => Array.from({ length: 10 }, (_, i) => frame(ping, `${i}`)), ...Array.from({ length: 10 }, (_, i) => [pong, `${i}`]));
echoed('5.5.2-ping-inside', 'pings between fragments are answered before the message is there',
  () => [part(text, 'a'), frame(ping, '1'), part(continuation, 'b'), frame(ping, '2'), frame(continuation, 'c')], [pong, '1'], [pong, '2'], [text, 'abc']);
add('5.5.2-ping-inside-waiting', 'a ping inside an unfinished message is answered at once', async (wires) => {
  const wire = await connect(wires);
  await wire.send(part(text, 'a'), frame(ping, 'now'));
  await expectFrame(wire, pong, 'now');
  await wire.send(frame(continuation, 'b'));
  await expectFrame(wire, text, 'ab');
});
for (const size of [0, 1, 125]) echoed(`5.5.3-pong-${size}`, `an unasked pong of ${size} bytes`, () => [frame(pong, filled(size))]);
echoed('5.5.3-pong-inside', 'an unasked pong between fragments', () => [part(text, 'a'), frame(pong, 'x'), frame(continuation, 'b')], [text, 'ab']);
echoed('5.5.3-many-pongs', '100 unasked pongs', () => Array.from({ length: 100 }, () => frame(pong, 'x')));

// 5.6: text and binary come back as what they were.
echoed('5.6-kinds', 'text, binary, text: each comes back as such',
  () => [frame(text, 'a'), frame(binary, 'b'), frame(text, 'c')], [text, 'a'], [binary, 'b'], [text, 'c']);
echoed('5.6-binary-no-utf-8', 'binary that is no UTF-8', () => [frame(binary, Buffer.from([0xff, 0xfe, 0x80, 0x00]))], [binary, Buffer.from([0xff, 0xfe, 0x80, 0x00])]);

// ---------------------------------------------------------------------------------------------------------------------
// 5.7: the examples, byte by byte.

const hex = (digits) => Buffer.from(digits.replaceAll(' ', ''), 'hex');
add('5.7-hello', 'the masked example: answered with the unmasked one', async (wires) => {
  const wire = await connect(wires);
  await wire.send(hex('81 85 37 fa 21 3d 7f 9f 4d 51 58'));
  await wire.bytes(hex('81 05 48 65 6c 6c 6f'));
});
add('5.7-ping', 'the masked example of a ping: answered with a pong of the same body', async (wires) => {
  const wire = await connect(wires);
  await wire.send(hex('89 85 37 fa 21 3d 7f 9f 4d 51 58'));
  await wire.bytes(hex('8a 05 48 65 6c 6c 6f'));
});
for (const [size, head] of Object.entries({ 256: '82 7e 01 00', 65536: '82 7f 00 00 00 00 00 01 00 00' })) {
  add(`5.7-binary-${size}`, `${size} bytes: answered with the header of the example`, async (wires) => {
    const wire = await connect(wires);
    await wire.send(frame(binary, filled(Number(size))));
    await wire.bytes(hex(head));
  });
}
