// SPDX-License-Identifier: MIT
// The cases of a run, what most of them do, and the client beside them that must notice nothing.
import assert from 'node:assert/strict';
import { Wire, close, connect, frame, metrics, path, ping, pong, sleep, text, until, upgrade } from './wire.mjs';

// Each has an id that begins with the section of RFC 6455, or with what it is about. `body` gets a list; what it puts there
// is destroyed when the case is over. Those that are alone count with the metrics, or fill the machine.
export const cases = [];
export function add(id, what, body, { isAlone = false } = {}) {
  assert.ok(!cases.some((other) => other.id === id), `${id} is there twice`);
  cases.push({ id, what, body, isAlone });
}

export const show = (bytes) => (bytes.length > 60 ? `${bytes.length} bytes` : JSON.stringify(bytes.toString('latin1')));

export async function expectFrame(wire, opcode, payload) {
  const got = await wire.frame();
  const wanted = Buffer.from(payload);
  assert.equal(got.opcode, opcode, `opcode ${got.opcode} (${show(got.payload)}) instead of ${opcode}`);
  assert.ok(got.fin, 'the frame is not the last one of its message');
  assert.ok(got.payload.equals(wanted), `${show(got.payload)} came back instead of ${show(wanted)}`);
}

// The server's Close with that code (null: without one), and nothing but the end behind it. It need not wait for ours.
export async function expectClose(wire, code) {
  const got = await wire.frame();
  assert.equal(got.opcode, close, `opcode ${got.opcode} (${show(got.payload)}) instead of a Close`);
  assert.ok(got.fin && got.payload.length <= 125 && got.payload.length !== 1, 'the server breaks the rules of control frames');
  const said = got.payload.length === 0 ? null : got.payload.readUInt16BE(0);
  assert.equal(said, code, `closed with ${said} (${got.payload.subarray(2)}) instead of ${code}`);
  new TextDecoder('utf-8', { fatal: true }).decode(got.payload.subarray(2));
}
export async function expectClosed(wire, code) {
  await expectClose(wire, code);
  await wire.end();
}

// A message to itself tells that the connection is in order, and that nothing came before it.
export async function expectAlive(wire, said = 'still here') {
  await wire.send(frame(text, said));
  await expectFrame(wire, text, said);
}

// Frames in one write; the Close they deserve.
export function refused(id, what, frames, code) {
  add(id, `${what}: ${code}`, async (wires) => {
    const wire = await connect(wires);
    await wire.send(...frames());
    await expectClosed(wire, code);
  });
}
// Frames in one write; what comes back, and the connection is alive.
export function echoed(id, what, frames, ...answers) {
  add(id, `${what}: ${answers.length === 0 ? 'no answer' : 'echoed'}`, async (wires) => {
    const wire = await connect(wires);
    await wire.send(...frames());
    for (const [opcode, payload] of answers) await expectFrame(wire, opcode, payload);
    await expectAlive(wire);
  });
}

// An upgrade that is answered with an error and the end of the connection.
export function notUpgraded(id, what, options, status, check = () => {}) {
  add(id, `${what}: ${status}`, async (wires) => {
    const wire = await Wire.open();
    wires.push(wire);
    await wire.send(upgrade(options()));
    const answer = await wire.answer();
    assert.equal(answer.status, status, answer.all + answer.body);
    assert.deepEqual(answer.values('connection'), ['close']);
    check(answer);
    await wire.end();
  });
}

// ---------------------------------------------------------------------------------------------------------------------

// Talks to itself while others misbehave.
export class Witness {
  said = 0;
  #wires = [];
  #isOver = false;

  async begin() {
    this.wire = await connect(this.#wires, { target: path('witness') });
    this.talk = this.#talk().catch((error) => (this.failure = error));
  }
  async #talk() {
    for (; !this.#isOver; ++this.said, await sleep(20)) {
      await this.wire.send(frame(text, `word ${this.said}`), frame(ping, `${this.said}`));
      const got = [await this.wire.frame(), await this.wire.frame()];
      // Pong and echo come on different ways, in either order.
      got.sort((a, b) => a.opcode - b.opcode);
      assert.deepEqual(got.map(({ opcode, payload }) => [opcode, payload.toString()]), [[text, `word ${this.said}`], [pong, `${this.said}`]]);
    }
  }
  async end() {
    this.#isOver = true;
    await this.talk;
    this.#wires.forEach((wire) => wire.destroy());
    if (this.failure) throw this.failure;
    assert.ok(this.said > 0, 'the witness has said nothing');
  }
}

// Nobody is connected any more but the witness.
export const settled = () => until(async () => (await metrics()).get('wscluster_connections') === 1, 'that all others have gone');

// Runs `misdeed` and waits until the metrics have grown by exactly `growth`, {name: number}.
export async function counted(growth, misdeed) {
  const before = await metrics();
  await misdeed();
  let now;
  const grown = () => Object.keys(growth).map((name) => [name, now.get(name) - before.get(name)]);
  await until(
    async () => {
      now = await metrics();
      return grown().every(([name, by]) => by === growth[name]);
    },
    () => `${JSON.stringify(growth)} (it is ${JSON.stringify(Object.fromEntries(grown()))})`,
  );
}
export const ended = (reason) => `wscluster_sessions_closed_total{reason="${reason}"}`;
export const failedHandshakes = 'wscluster_tls_handshakes_total{kind="failed"}';
