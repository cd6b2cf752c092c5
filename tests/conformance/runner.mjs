// SPDX-License-Identifier: MIT
// usage: node runner.mjs [--only ID]…
// Runs the cases against the member of CONFORMANCE_WAY, and prints a line for each. An ID also stands for all that begin so.
import { Witness, cases } from './cases.mjs';
import { way } from './wire.mjs';

// What a gateway relays to a server of others is the frames; all else is about ourselves.
const parts = way === 'relay' ? ['framing', 'closing', 'text', 'limits'] : ['handshake', 'framing', 'closing', 'closing_ours', 'text', 'limits', 'limits_ours', 'http'];
for (const part of parts) await import(`./${part}.mjs`);

// At the same time; and no case may hang longer than this.
const atOnce = 8;
const limit = 30_000;

const only = process.argv.slice(2);
const isChosen = ({ id }) => only.length === 0 || only.some((name) => id.startsWith(name));
let failures = 0;

function tell(id, what, error) {
  if (error) failures += 1;
  const why = error ? `\n          ${String(error.message ?? error).split('\n').slice(0, 12).join('\n          ')}` : '';
  console.log(`${error ? 'FAILED ' : 'ok     '} ${way.padEnd(7)} ${id.padEnd(32)} ${what}${why}`);
}

async function run({ id, what, body }) {
  const wires = [];
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`not done after ${limit / 1000} s`)), limit)));
  try {
    await Promise.race([body(wires), late]);
    tell(id, what);
  } catch (error) {
    tell(id, what, error);
  }
  clearTimeout(timer);
  wires.forEach((wire) => wire.destroy());
}

const chosen = cases.filter(isChosen);
const witness = new Witness();
await witness.begin();
const together = chosen.filter(({ isAlone }) => !isAlone);
await Promise.all(Array.from({ length: atOnce }, async () => {
  while (together.length > 0) await run(together.shift());
}));
for (const one of chosen.filter(({ isAlone }) => isAlone)) await run(one);
try {
  await witness.end();
  tell('witness', `one client talked all the time and noticed nothing: ${witness.said} echoes and pongs`);
} catch (error) {
  tell('witness', 'one client talked all the time and noticed nothing', error);
}
console.log(`${way}: ${chosen.length + 1} cases, ${failures} failures`);
process.exit(failures === 0 && chosen.length > 0 ? 0 : 1);
