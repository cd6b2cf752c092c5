// SPDX-License-Identifier: MIT
// The application server of the classroom: it hands out tokens, decides who may come in, carries private messages, and
// tells the class what the cluster says of itself.
import { AzureKeyCredential } from '@azure/core-auth';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubEventHandler } from '@azure/web-pubsub-express';
import express from 'express';
import { createHmac, webcrypto } from 'node:crypto';
import fs from 'node:fs';
import { parseArgs } from 'node:util';

globalThis.crypto ??= webcrypto; // the SDK wants it, and node 18 has it under this name only

const usage = 'usage: server.mjs --site DIR --key-file FILE --cluster FILE --port-file FILE';
const { values: options } = parseArgs({
  options: {
    site: { type: 'string' }, // where the page finds settings.json
    'key-file': { type: 'string' }, // the service's access key
    cluster: { type: 'string' }, // the port file of a gateway or node
    'port-file': { type: 'string' }, // where to say where we listen
  },
});
for (const name of ['site', 'key-file', 'cluster', 'port-file']) {
  if (!options[name]) {
    console.error(`--${name} is missing; ${usage}`);
    process.exit(64);
  }
}

const hub = 'chat';
const key = fs.readFileSync(options['key-file'], 'utf8').trim();
const lookEvery = 300; // milliseconds

// ---------------------------------------------------------------------------------------------------------------------
// The cluster. It starts after us, since it wants our address; its port file is there when somebody can log in.

let known = null;
function cluster() {
  if (known) return known;
  if (!fs.existsSync(options.cluster)) return null;
  const line = fs.readFileSync(options.cluster, 'utf8').split('\n').find((text) => text.startsWith('clients '));
  const endpoint = `http://${line.split(' ')[1]}`;
  const service = new WebPubSubServiceClient(endpoint, new AzureKeyCredential(key), hub, { allowInsecureConnection: true });
  known = { endpoint, service };
  return known;
}

function token() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ exp: Math.floor(Date.now() / 1000) + 60 })}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

// The SDK does not know these calls: they are wscluster's own.
async function ask(path, message) {
  const answer = await fetch(`${cluster().endpoint}/api/v1/services/${hub}/${path}`, {
    method: message ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
    body: message && JSON.stringify(message),
    signal: AbortSignal.timeout(5000),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// ---------------------------------------------------------------------------------------------------------------------
// Who is there. There are no passwords: an application that has some asks for them in logIn().

const roles = new Map(); // of everybody who has logged in, by name

function logIn({ name, role }) {
  if (typeof name !== 'string' || !/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,31}$/u.test(name)) {
    return 'a name has up to 32 letters, digits, spaces, dots, - and _';
  }
  if (role !== 'teacher' && role !== 'student') return 'the role is teacher or student';
  if (roles.has(name) && roles.get(name) !== role) return `${name} is a ${roles.get(name)} already`;
  roles.set(name, role);
  return null;
}

const accessUrl = async (name) =>
  (await cluster().service.getClientAccessToken({
    userId: name,
    roles: ['webpubsub.sendToGroup.class'], // and not to the group 'cluster', in which we speak
    groups: ['class', 'cluster'],
  })).url;

const handler = new WebPubSubEventHandler(hub, {
  path: '/events/',
  handleConnect: (request, response) => {
    if (roles.has(request.context.userId)) response.success();
    else response.fail(401, 'log in first');
  },
  onConnected: () => look({ tell: true }),
  onDisconnected: () => look(),
  handleUserEvent: async (request, response) => {
    const { userId: from, eventName } = request.context;
    const { to, text, id } = request.data ?? {};
    if (eventName !== 'private' || typeof text !== 'string' || typeof id !== 'string' || !roles.has(to)) {
      response.fail(400, 'a private message is {to, text, id}, to somebody of the class');
      return;
    }
    try {
      // The SDK's sendToUser does not say whether it has arrived; the receipt does.
      const message = { type: 'private', from, text, id };
      const { status } = await ask(`users/${encodeURIComponent(to)}/messages?timeout=3s`, message);
      if (status === 'delivered') response.success();
      else response.fail(500, `${to} is ${status}`);
    } catch (error) {
      response.fail(500, error.message);
    }
  },
});

// ---------------------------------------------------------------------------------------------------------------------
// What the cluster says: who is connected, the node that holds each, and the epoch. Told to the class when it changes.

let epoch = 0;
let people = new Map(); // name -> node
let isLooking = false;
let isToTell = false;
let complaint = '';

async function look({ tell = false } = {}) {
  isToTell ||= tell;
  if (isLooking || !cluster()) return;
  isLooking = true;
  try {
    await lookOnce();
    complaint = '';
  } catch ({ message }) {
    if (message !== complaint) console.error(`the cluster cannot be asked: ${message}`);
    complaint = message;
  } finally {
    isLooking = false;
  }
}

async function lookOnce() {
  const { sessions, missing } = await ask('sessions?limit=1000');
  if (missing.length > 0) return; // a node that does not answer; who is there will be known soon
  // A session whose client is away waits a while for its return; on the page it is nobody.
  const there = sessions.filter(({ state }) => state === 'attached' || state === 'moving');
  const now = new Map(there.map(({ uid, node }) => [uid, node]));
  const moves = [...now]
    .filter(([name, node]) => people.has(name) && people.get(name) !== node)
    .map(([name, to]) => ({ name, from: people.get(name), to }));
  const differs = moves.length > 0 || now.size !== people.size || [...now.keys()].some((name) => !people.has(name));
  people = now;
  if (now.size === 0) return; // there is nobody to tell it
  const [anybody] = now.keys();
  const current = (await ask(`users/${encodeURIComponent(anybody)}/sessions`)).epoch;
  if (!differs && !isToTell && current === epoch) return;
  isToTell = false;
  epoch = current;
  const list = [...people].map(([name, node]) => ({ name, node, role: roles.get(name) ?? 'student' }));
  await cluster().service.group('cluster').sendToAll({ type: 'cluster', epoch, people: list, moves });
}

// ---------------------------------------------------------------------------------------------------------------------

const application = express();
application.use(handler.getMiddleware());
// The page comes from the cluster, so it calls us across origins.
application.use('/login', (request, response, next) => {
  const { endpoint } = cluster() ?? {};
  if (!endpoint) return response.status(503).json({ error: 'the cluster is not there yet' });
  response.set({ 'access-control-allow-origin': endpoint, 'access-control-allow-headers': 'content-type', vary: 'origin' });
  return request.method === 'OPTIONS' ? response.sendStatus(204) : next();
});
application.post('/login', express.json({ limit: '1kb' }), async (request, response) => {
  const error = logIn(request.body ?? {});
  if (error) return response.status(400).json({ error });
  return response.json({ url: await accessUrl(request.body.name) });
});

const server = application.listen(0, '127.0.0.1', () => {
  const { address, port } = server.address();
  fs.writeFileSync(`${options.site}/settings.json`, JSON.stringify({ application: `http://${address}:${port}` }));
  fs.writeFileSync(`${options['port-file']}.tmp`, `application ${address}:${port}\n`);
  fs.renameSync(`${options['port-file']}.tmp`, options['port-file']);
});
setInterval(look, lookEvery);
