// SPDX-License-Identifier: MIT
// usage: node runner.mjs SCENARIO.mjs LABEL
// Runs the checks that the scenario registers, one after another, and prints one line, or one more for each that failed.
import path from 'node:path';
import { Crew, checks } from './harness.mjs';

const [file, label] = process.argv.slice(2);
const failures = [];
let current = 'nothing';
const fail = (name, error) => failures.push(`  ${name}: ${error?.message?.split('\n').slice(0, 16).join('\n    ') ?? error}`);

// An SDK throws here when it is sent what it does not understand.
process.on('uncaughtException', (error) => fail(current, error));
// A flaw of SDK 1.0.4: an ack that comes before its own send has returned is rejected before anybody waits for it. The caller
// is told all the same.
process.on('unhandledRejection', (error) => error?.name === 'SendMessageError' || fail(current, error));

async function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

await import(path.resolve(file));
for (const { name, body, timeout } of checks) {
  current = name;
  const crew = new Crew();
  try {
    await within(timeout, body(crew));
  } catch (error) {
    fail(name, error);
  }
  await crew.end();
}
const failed = new Set(failures.map((line) => line.split(':')[0])).size;
console.log(`${label.padEnd(28)} ${failed === 0 ? `ok      ${checks.length} checks` : `FAILED  ${failed} of ${checks.length} checks`}`);
if (failures.length > 0) console.log(failures.join('\n'));
process.exit(failed === 0 ? 0 : 1);
