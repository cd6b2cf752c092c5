// SPDX-License-Identifier: MIT
// What the scenarios share: the cluster that tests/sdk/run has started, clients that write down what they see, and a wire
// that can be cut.
import { AzureKeyCredential } from '@azure/core-auth';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient, WebPubSubJsonProtocol, WebPubSubJsonReliableProtocol } from '@azure/web-pubsub-client';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import fs from 'node:fs';
import net from 'node:net';
import { promisify } from 'node:util';
import WebSocket from 'ws';

const place = process.env.SDK_PLACE;
export const way = process.env.SDK_WAY;
export const hub = 'chat';
export const key = fs.readFileSync(`${place}/access.key`, 'utf8').trim();
export const reliable = 'json.reliable.webpubsub.azure.v1';
export const json = 'json.webpubsub.azure.v1';
export const allGroups = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];

// ---------------------------------------------------------------------------------------------------------------------
// The checks of a scenario. `body` gets a crew, and what the crew has made ends with the check.

export const checks = [];
export function check(name, body, { timeout = 20_000 } = {}) {
  checks.push({ name, body, timeout });
}

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
export async function until(holds, what, milliseconds = 8000) {
  for (const end = Date.now() + milliseconds; ; await sleep(5)) {
    const value = await holds();
    if (value) return value;
    assert.ok(Date.now() < end, `${typeof what === 'function' ? what() : what} was awaited in vain`);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The cluster.

function addressOf(member) {
  const line = fs.readFileSync(`${place}/${member}.ports`, 'utf8').split('\n').find((l) => l.startsWith('clients '));
  return line.split(' ')[1];
}
// Where clients and applications of this way connect: the gateway with TLS, or nodes without.
export const endpointOf = (member) => `${member.startsWith('gateway') ? 'https' : 'http'}://${addressOf(member)}`;
export const doors = way === 'gateway' ? ['gateway-1'] : ['node-1', 'node-2', 'node-3'];
export const endpoint = endpointOf(doors[0]);

const execute = promisify(execFile);
export async function wscluster(...words) {
  const env = { ...process.env, WSCLUSTER_CONFIG: `${place}/wscluster.yaml` };
  try {
    return (await execute(process.env.SDK_BINARY, words, { env })).stdout;
  } catch (error) {
    throw new Error(`wscluster ${words.join(' ')}: ${error.stderr || error.stdout || `${error.message} (signal ${error.signal})`}`);
  }
}
// With so few users any change may touch more than half of them, which asks for the node's name.
export const ring = (change, node, ...words) => wscluster('ring', change, node, ...words, '--yes', '--confirm', node, '--progress', 'none');
export const kill = (member) => process.kill(Number(fs.readFileSync(`${place}/${member}.pid`, 'utf8')), 'SIGKILL');

// How often each connection id was asked for again, by all clients of this process.
export const recoveries = new Map();
subscribe('http.client.request.start', ({ request }) => {
  const id = new URL(request.path, 'http://any').searchParams.get('awps_connection_id');
  if (id) recoveries.set(id, (recoveries.get(id) ?? 0) + 1);
});
export const recoveriesOf = (id) => recoveries.get(id) ?? 0;

export const serviceAt = (at = endpoint, options = {}) =>
  new WebPubSubServiceClient(at, new AzureKeyCredential(key), hub, { allowInsecureConnection: true, ...options });

// userId, roles and groups go into the token.
export async function accessUrl({ userId, roles = allGroups, groups, at = endpoint } = {}) {
  return (await serviceAt(at).getClientAccessToken({ userId, roles, groups })).url;
}

// ---------------------------------------------------------------------------------------------------------------------
// Clients.

// The SDK's client, with everything that it was told: its events, and the frames that are no messages.
export class SdkClient {
  messages = [];
  connected = [];
  disconnected = [];
  rejoinFailures = [];
  frames = [];

  constructor(access, { protocol = WebPubSubJsonReliableProtocol(), ...options } = {}) {
    this.client = new WebPubSubClient({ getClientAccessUrl: async () => accessUrl(await access()) }, {
      protocol: this.#watched(protocol),
      ...options,
    });
    this.client.on('connected', (event) => this.connected.push(event));
    this.client.on('disconnected', (event) => this.disconnected.push(event));
    this.client.on('rejoin-group-failed', (event) => this.rejoinFailures.push(event));
    this.client.on('group-message', ({ message }) => this.messages.push({ from: 'group', ...message }));
    this.client.on('server-message', ({ message }) => this.messages.push({ from: 'server', ...message }));
  }

  #watched(protocol) {
    const { name, isReliableSubProtocol } = protocol;
    const parseMessages = (input) => {
      const frame = JSON.parse(input);
      if (frame.type !== 'message') this.frames.push(frame);
      return protocol.parseMessages(input);
    };
    return { name, isReliableSubProtocol, parseMessages, writeMessage: (message) => protocol.writeMessage(message) };
  }

  async start() {
    await this.client.start();
    await until(() => this.connected.length > 0, 'the connected event');
    return this;
  }
  get id() {
    return this.connected.at(-1).connectionId;
  }
  // The SDK has no public word for it.
  get isConnected() {
    return this.client._state === 'Connected';
  }
  get data() {
    return this.messages.map((message) => message.data);
  }
  receives(count) {
    return until(() => this.messages.length >= count,
      () => `${count} messages (there are ${this.messages.length}, the last ${JSON.stringify(this.messages.at(-1))})`);
  }
  // The messages come, in this order, and no others before them.
  async hears(...data) {
    await this.receives(data.length);
    assert.deepEqual(this.data, data);
  }
}

// What the SDK says of an operation that the server refuses, without its three repetitions of one second.
export const noRetries = { messageRetryOptions: { maxRetries: 0 } };
export const refusedWith = (name) => (error) => {
  assert.equal(error.errorDetail?.name, name, `${error.message} ${JSON.stringify(error.errorDetail)}`);
  return true;
};

export class Refused extends Error {
  constructor(status) {
    super(`the upgrade was answered ${status}`);
    this.status = status;
  }
}

// A bare WebSocket that writes down frames, and answers nothing by itself.
export class RawClient {
  frames = [];
  pongs = 0;

  static open(url, protocols = [], options = {}) {
    const raw = new RawClient();
    raw.socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
    raw.closed = new Promise((resolve) => {
      raw.socket.on('close', (code, reason) => {
        raw.closeCode = code;
        resolve({ code, reason: reason.toString() });
      });
    });
    raw.socket.on('message', (data, isBinary) => raw.frames.push(isBinary ? data : parsed(data.toString())));
    raw.socket.on('pong', () => raw.pongs++);
    return new Promise((resolve, reject) => {
      raw.socket.on('open', () => resolve(raw));
      raw.socket.on('unexpected-response', (_, response) => {
        response.resume();
        raw.socket.terminate();
        reject(new Refused(response.statusCode));
      });
      raw.socket.on('error', reject);
    });
  }

  send(frame) {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }
  next(matches, what, milliseconds) {
    const told = () => `${what} (came: ${JSON.stringify(this.frames.slice(-4))}, close code ${this.closeCode ?? 'none'})`;
    return until(() => this.frames.find(matches), told, milliseconds);
  }
  ack(ackId) {
    return this.next((frame) => frame.type === 'ack' && frame.ackId === ackId, `the ack ${ackId}`);
  }
  connected() {
    return this.next((frame) => frame.event === 'connected', 'the connected frame');
  }
  get messages() {
    return this.frames.filter((frame) => frame.type === 'message');
  }
  async closesWith(code) {
    await until(() => this.closeCode !== undefined,
      () => `the close ${code} (came: ${JSON.stringify(this.frames.slice(-4))})`);
    assert.equal(this.closeCode, code);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function recoveryUrl(url, { connectionId, reconnectionToken }, { at = endpoint, withoutToken = false } = {}) {
  const recovery = new URL(url);
  recovery.host = new URL(at).host;
  recovery.protocol = at.startsWith('https') ? 'wss' : 'ws';
  if (withoutToken) recovery.searchParams.delete('access_token');
  if (connectionId !== undefined) recovery.searchParams.set('awps_connection_id', connectionId);
  if (reconnectionToken !== undefined) recovery.searchParams.set('awps_reconnection_token', reconnectionToken);
  return recovery.toString();
}

// A wire between clients and the endpoint, below TLS.
export class Wire {
  #sockets = new Set();
  isRefusing = false;

  static async lay() {
    const wire = new Wire();
    const target = new URL(endpoint);
    wire.server = net.createServer((client) => {
      if (wire.isRefusing) return client.resetAndDestroy();
      const server = net.connect(Number(target.port), target.hostname);
      for (const [socket, other] of [[client, server], [server, client]]) {
        wire.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          wire.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    await new Promise((resolve) => wire.server.listen(0, '127.0.0.1', resolve));
    wire.endpoint = `${target.protocol}//127.0.0.1:${wire.server.address().port}`;
    return wire;
  }
  cut() {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
  end() {
    this.server.close();
    this.cut();
  }
}

// Makes clients and ends them.
export class Crew {
  #ends = [];

  later(end) {
    this.#ends.push(end);
  }
  // access: what goes into the token of accessUrl, or a function that is asked for it at each new connection.
  async sdk(access, options) {
    const client = new SdkClient(typeof access === 'function' ? access : () => access, options);
    this.later(() => client.client.stop());
    return client.start();
  }
  async raw(access, protocols = reliable) {
    const url = typeof access === 'string' ? access : await accessUrl(access);
    const raw = await RawClient.open(url, protocols);
    raw.url = url;
    // With 1000 the server need not wait for a return.
    this.later(() => raw.socket.close(1000));
    return raw;
  }
  async wire() {
    const wire = await Wire.lay();
    this.later(() => wire.end());
    return wire;
  }
  async end() {
    for (const end of this.#ends.reverse()) await end();
    await sleep(20);
  }
}

export { WebPubSubJsonProtocol };
