// SPDX-License-Identifier: MIT
// Section 8.1: text is UTF-8, also when a character is cut in two, and what can never become UTF-8 is refused at once.
import { add, echoed, expectClosed, expectFrame, refused } from './cases.mjs';
import { connect, continuation, frame, ping, pong, text } from './wire.mjs';

const bytes = (hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const part = (opcode, payload) => frame(opcode, payload, { fin: false });

const valid = {
  'u0000': '00', 'u007f': '7f', 'u0080': 'c2 80', 'u07ff': 'df bf', 'u0800': 'e0 a0 80', 'u0fff': 'e0 bf bf', 'u1000': 'e1 80 80', 'ud7ff': 'ed 9f bf',
  'ue000': 'ee 80 80', 'ufffd': 'ef bf bd', 'ufffe': 'ef bf be', 'uffff': 'ef bf bf', 'u10000': 'f0 90 80 80', 'u3ffff': 'f0 bf bf bf',
  'u40000': 'f1 80 80 80', 'ufffff': 'f3 bf bf bf', 'u100000': 'f4 80 80 80', 'u10ffff': 'f4 8f bf bf', 'bom': 'ef bb bf', 'nul-inside': '61 00 62',
};
for (const [name, hex] of Object.entries(valid)) {
  echoed(`8.1-valid-${name}`, `the text ${hex}`, () => [frame(text, bytes(hex))], [text, bytes(hex)]);
}
const mixed = Buffer.from('Grüße, κόσμε, 世界, 👋🏽, a̐éö̲'.repeat(3));
echoed('8.1-valid-mixed', 'a text of many alphabets', () => [frame(text, mixed)], [text, mixed]);

const invalid = {
  'lone-80': '80', 'lone-bf': 'bf', 'two-continuations': '61 80 bf', 'no-continuation': 'c3 28', 'half-2': 'c3', 'half-3': 'e2 82', 'half-4': 'f0 9f 91',
  'half-then-ascii': 'e2 82 41', 'continuation-too-many': 'c3 a9 a9', 'c0': 'c0 80', 'c1': 'c1 bf', 'overlong-2': 'c0 af', 'overlong-3': 'e0 80 af',
  'overlong-3-last': 'e0 9f bf', 'overlong-4': 'f0 80 80 af', 'overlong-4-last': 'f0 8f bf bf', 'surrogate-first': 'ed a0 80', 'surrogate-last': 'ed bf bf',
  'surrogate-pair': 'ed a1 80 ed b0 80', 'above-10ffff': 'f4 90 80 80', 'f5': 'f5 80 80 80', 'f7': 'f7 bf bf bf', 'f8': 'f8 88 80 80 80',
  'fc': 'fc 84 80 80 80 80', 'fe': 'fe', 'ff': 'ff', 'latin-1': '47 72 fc df 65', 'utf-16': 'ff fe 41 00',
};
for (const [name, hex] of Object.entries(invalid)) {
  refused(`8.1-invalid-${name}`, `the text ${hex}`, () => [frame(text, bytes(hex))], 1007);
}
refused('8.1-invalid-at-the-end', '1,000 good bytes and a bad one', () => [frame(text, Buffer.concat([Buffer.alloc(1000, 0x61), bytes('ff')]))], 1007);
refused('8.1-invalid-at-the-start', 'a bad byte and 1,000 good ones', () => [frame(text, Buffer.concat([bytes('ff'), Buffer.alloc(1000, 0x61)]))], 1007);
for (let at = 0; at < 9; ++at) {
  const broken = Buffer.alloc(17, 0x61);
  broken[at] = 0x80;
  refused(`8.1-invalid-at-${at}`, `a bad byte at place ${at}`, () => [frame(text, broken)], 1007);
}

// Characters that are cut in two.
for (const [name, hex] of Object.entries({ 2: 'c3 a9', 3: 'e4 b8 96', 4: 'f0 9f 91 8b' })) {
  const character = bytes(hex);
  for (let at = 1; at < character.length; ++at) {
    echoed(`8.1-split-${name}-at-${at}`, `a character of ${name} bytes in two fragments, ${at} in the first`,
      () => [part(text, character.subarray(0, at)), frame(continuation, character.subarray(at))], [text, character]);
  }
}
echoed('8.1-split-every-byte', 'each byte in a fragment of its own',
  () => [...[...mixed.subarray(0, -1)].map((byte, i) => part(i === 0 ? text : continuation, Buffer.from([byte]))), frame(continuation, mixed.subarray(-1))], [text, mixed]);
echoed('8.1-split-ping', 'a ping inside a character', () => [part(text, bytes('f0 9f')), frame(ping, bytes('ff')), frame(continuation, bytes('91 8b'))],
  [pong, bytes('ff')], [text, bytes('f0 9f 91 8b')]);
echoed('8.1-split-empty', 'an empty fragment inside a character', () => [part(text, bytes('c3')), part(continuation, ''), frame(continuation, bytes('a9'))], [text, bytes('c3 a9')]);
add('8.1-split-segments', 'each byte of a text in a segment of its own: echoed', async (wires) => {
  const wire = await connect(wires);
  await wire.sendEach([...frame(text, mixed)].map((byte) => Buffer.from([byte])));
  await expectFrame(wire, text, mixed);
});
refused('8.1-half-at-the-end', 'a message that ends inside a character', () => [part(text, 'ab'), frame(continuation, bytes('e2 82'))], 1007);
refused('8.1-half-and-empty', 'half a character and an empty last fragment', () => [part(text, bytes('e2 82')), frame(continuation, '')], 1007);
refused('8.1-overlong-in-fragments', 'an overlong character over two fragments', () => [part(text, bytes('e0')), frame(continuation, bytes('80 af'))], 1007);
refused('8.1-surrogate-in-fragments', 'a surrogate over two fragments', () => [part(text, bytes('ed')), frame(continuation, bytes('a0 80'))], 1007);
refused('8.1-not-carried-over', 'half a character in one message, the rest in the next', () => [frame(text, bytes('c3')), frame(text, bytes('a9'))], 1007);

// Fail fast: before the message, the frame or even the character is complete.
refused('8.1-fast-fragment', 'a bad byte in a fragment that is not the last', () => [part(text, bytes('61 ff'))], 1007);
refused('8.1-fast-character', 'a fragment that ends where no character can go on', () => [part(text, bytes('f4 90'))], 1007);
add('8.1-fast-frame', 'a bad byte at the beginning of a frame that is not complete: 1007', async (wires) => {
  const wire = await connect(wires);
  await wire.send(frame(text, Buffer.concat([bytes('ff'), Buffer.alloc(9999, 0x61)])).subarray(0, 100));
  await expectClosed(wire, 1007);
});
