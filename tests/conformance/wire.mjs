// SPDX-License-Identifier: MIT
// A client that writes and reads bytes: nothing between a case and the wire repairs, completes or hides anything.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

const place = process.env.CONFORMANCE_PLACE;
export const way = process.env.CONFORMANCE_WAY;
export const isTls = way !== 'node';
const member = { gateway: 'gateway-1', node: 'node-1', relay: 'gateway-2' }[way];

function addressOf(kind) {
  const line = fs.readFileSync(`${place}/${member}.ports`, 'utf8').split('\n').find((l) => l.startsWith(`${kind} `));
  const [host, port] = line.split(' ')[1].split(':');
  return { host, port: Number(port) };
}
export const clients = addressOf('clients');
const admin = addressOf('admin');
export const authority = `${clients.host}:${clients.port}`;
const ca = fs.readFileSync(`${place}/cert.pem`);

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
export async function until(holds, what) {
  for (const end = Date.now() + 15_000; ; await sleep(20)) {
    if (await holds()) return;
    assert.ok(Date.now() < end, `${typeof what === 'function' ? what() : what} was awaited in vain`);
  }
}

export const text = 1, binary = 2, continuation = 0, close = 8, ping = 9, pong = 10;

// One client frame. `form` is how the length is written: 7, 16 or 64 bits; `length` what it says, if not the truth.
export function frame(opcode, payload = '', { fin = true, rsv = 0, mask = crypto.randomBytes(4), form, length } = {}) {
  const body = Buffer.from(payload);
  const said = BigInt(length ?? body.length);
  const bits = form ?? (said < 126n ? 7 : said < 65536n ? 16 : 64);
  const head = Buffer.alloc(bits === 7 ? 2 : bits === 16 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (mask ? 0x80 : 0) | (bits === 7 ? Number(said) : bits === 16 ? 126 : 127);
  if (bits === 16) head.writeUInt16BE(Number(said), 2);
  if (bits === 64) head.writeBigUInt64BE(said, 2);
  if (!mask) return Buffer.concat([head, body]);
  for (let i = 0; i < body.length; ++i) body[i] ^= mask[i % 4];
  return Buffer.concat([head, mask, body]);
}

export function closeFrame(code, reason = '') {
  const body = Buffer.from(reason);
  const payload = Buffer.alloc(2 + body.length);
  payload.writeUInt16BE(code);
  body.copy(payload, 2);
  return frame(close, payload);
}

export class Wire {
  received = Buffer.alloc(0);
  hasEnded = false;
  failure = undefined;
  #waiting = [];

  // `secure`: speak TLS; `options` go to tls.connect.
  static async open({ secure = isTls, options = {} } = {}) {
    const wire = new Wire();
    wire.stream = net.connect({ ...clients, allowHalfOpen: true });
    const secured = { socket: wire.stream, allowHalfOpen: true, ca, servername: 'localhost', ALPNProtocols: ['http/1.1'], ...options };
    wire.socket = secure ? tls.connect(secured) : wire.stream;
    wire.socket.setNoDelay();
    wire.socket.on('data', (bytes) => wire.#take(() => (wire.received = Buffer.concat([wire.received, bytes]))));
    wire.socket.on('end', () => wire.#take(() => (wire.hasEnded = true)));
    wire.socket.on('close', () => wire.#take(() => (wire.hasEnded = true)));
    wire.socket.on('error', (error) => wire.#take(() => ((wire.failure = error), (wire.hasEnded = true))));
    await new Promise((resolve, reject) => {
      wire.socket.once(secure ? 'secureConnect' : 'connect', resolve);
      wire.socket.once('error', reject);
    });
    return wire;
  }

  #take(change) {
    change();
    for (const wake of this.#waiting.splice(0)) wake();
  }
  #more() {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
  send(...pieces) {
    return new Promise((resolve) => this.socket.write(Buffer.concat(pieces.map((piece) => Buffer.from(piece))), resolve));
  }
  // In segments of their own, as far as the kernel is asked.
  async sendEach(pieces) {
    for (const piece of pieces) {
      await this.send(piece);
      await new Promise(setImmediate);
    }
  }
  // Ends our side; what the server says is still read.
  finish() {
    this.socket.end();
  }
  reset() {
    this.stream.resetAndDestroy();
  }
  destroy() {
    this.socket.destroy();
    this.stream.destroy();
  }

  async #until(holds, what) {
    while (!holds()) {
      assert.ok(!this.hasEnded, `the connection ended before ${what}${this.failure ? `: ${this.failure.message}` : ''}`);
      await this.#more();
    }
  }
  #cut(size) {
    const bytes = this.received.subarray(0, size);
    this.received = this.received.subarray(size);
    return bytes;
  }

  // The head of the next answer: {status, fields: [[name in small letters, value]], all}.
  async head() {
    await this.#until(() => this.received.includes('\r\n\r\n'), 'the head of an answer');
    const all = this.#cut(this.received.indexOf('\r\n\r\n') + 4).toString('latin1');
    const [first, ...lines] = all.trimEnd().split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    assert.ok(status, `no status line: ${first}`);
    const fields = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
    return { status, fields, all, values: (name) => fields.filter(([key]) => key === name).map(([, value]) => value) };
  }
  // The next answer with its body, which must have a length.
  async answer({ isHead = false } = {}) {
    const head = await this.head();
    const size = isHead ? 0 : Number(head.values('content-length')[0] ?? 0);
    await this.#until(() => this.received.length >= size, 'the end of the body');
    return { ...head, body: this.#cut(size).toString() };
  }
  // The next frame of the server: {fin, rsv, opcode, isMasked, payload}.
  async frame() {
    const need = (size) => this.#until(() => this.received.length >= size, 'the end of a frame');
    await need(2);
    const [first, second] = this.received;
    let size = second & 0x7f;
    let at = 2;
    if (size === 126) {
      await need((at = 4));
      size = this.received.readUInt16BE(2);
      assert.ok(size > 125, 'the server encodes a length in too many bytes');
    } else if (size === 127) {
      await need((at = 10));
      size = Number(this.received.readBigUInt64BE(2));
      assert.ok(size > 65535, 'the server encodes a length in too many bytes');
    }
    assert.equal(second & 0x80, 0, 'the server masks a frame');
    assert.equal(first & 0x70, 0, 'the server sets reserved bits');
    await need(at + size);
    return { fin: (first & 0x80) !== 0, opcode: first & 0x0f, payload: Buffer.from(this.#cut(at + size).subarray(at)) };
  }
  // The next bytes are these.
  async bytes(wanted) {
    await this.#until(() => this.received.length >= wanted.length, 'all bytes');
    assert.deepEqual(this.#cut(wanted.length), wanted);
  }
  // The server ends the connection.
  async over() {
    while (!this.hasEnded) await this.#more();
  }
  // It does, and says nothing more.
  async end() {
    await this.over();
    assert.equal(this.received.length, 0, `more came before the end: ${JSON.stringify(this.received.subarray(0, 80).toString('latin1'))}`);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// HTTP.

export const key = () => crypto.randomBytes(16).toString('base64');
export const acceptFor = (value) =>
  crypto.createHash('sha1').update(`${value}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

let users = 0;
// Of this way only: both may run at the same time.
export const path = (user = `user-${++users}`) => `${way === 'relay' ? '/app/echo' : '/conformance'}?uid=${way}-${user}`;
export const userPath = (user, order) => `/api/hubs/conformance/users/${way}-${user}/${order}`;

// An upgrade request. `fields` replaces those of the same name (null: leaves it out); `more` are lines behind them.
export function upgrade({ line, target = path(), fields = {}, more = [] } = {}) {
  const all = { Host: authority, Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': key(), ...fields };
  const lines = Object.entries(all).filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${value}`);
  return [line ?? `GET ${target} HTTP/1.1`, ...lines, ...more, '', ''].join('\r\n');
}

// An open WebSocket.
export async function connect(wires, options) {
  const wire = await Wire.open();
  wires.push(wire);
  await wire.send(upgrade(options));
  const head = await wire.head();
  assert.equal(head.status, 101, head.all);
  return wire;
}

// Of the member: {name{labels} : value}.
export async function metrics() {
  const body = await (await fetch(`http://${admin.host}:${admin.port}/metrics`)).text();
  return new Map(body.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}
