// SPDX-License-Identifier: MIT
// T6: an application with @azure/web-pubsub-express hears of clients and answers their events; and applications that hang,
// lie or are away cost only those that wait for them.
import { WebPubSubEventHandler } from '@azure/web-pubsub-express';
import express from 'express';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import {
  RawClient, Refused, WebPubSubJsonProtocol, accessUrl, check, doors, endpointOf, hub, json, key, noRetries, recoveriesOf, refusedWith,
  reliable, ring, sleep, until,
} from './harness.mjs';

const place = process.env.SDK_PLACE;
const url = new URL(process.env.SDK_WEBHOOK);

// ---------------------------------------------------------------------------------------------------------------------
// The application. What it does with connect and with events each check says; what it hears is written down.

const heard = [];
// The SDK changes the states of a request when it is answered.
const hear = (name, request) =>
  heard.push({ name, ...request, context: { ...request.context, states: { ...request.context.states } } });
const heardOf = (name, connection) =>
  heard.filter((call) => call.name === name && (!connection || call.context.connectionId === connection));
let onConnect = (request, response) => response.success();
const events = new Map();

const handler = new WebPubSubEventHandler(hub, {
  path: url.pathname,
  allowedEndpoints: ['https://the-cluster.example'],
  handleConnect: (request, response) => {
    hear('connect', request);
    onConnect(request, response);
  },
  onConnected: (request) => hear('connected', request),
  onDisconnected: (request) => hear('disconnected', request),
  handleUserEvent: (request, response) => {
    hear('user', request);
    const answer = events.get(request.context.eventName);
    if (answer) answer(request, response);
    else response.success();
  },
});
const application = express();
const calls = [];
application.use((request, _, next) => {
  calls.push({ method: request.method, headers: request.headers });
  next();
});
application.use(handler.getMiddleware());

// An application that is wrong takes its place for a while.
let answer = application;
const server = http.createServer((request, response) => answer(request, response));
server.keepAliveTimeout = 30_000;
const listen = () => new Promise((resolve) => server.listen(Number(url.port), url.hostname, resolve));
await listen();

async function connects(at) {
  (await RawClient.open(await accessUrl({ userId: 'prober', at }), json)).socket.close(1000);
}

// A wrong application has opened breakers; they close by themselves when it is right again.
async function heals() {
  answer = application;
  onConnect = (request, response) => response.success();
  for (const door of doors) {
    await until(() => connects(endpointOf(door)).then(() => true, () => false), 'that the application is asked again', 40_000);
  }
  // The holders' cores, too: each user is with one of them.
  for (let n = 0; n < 24; n++) {
    await until(async () => {
      const raw = await RawClient.open(await accessUrl({ userId: `prober-${n}` }), json);
      raw.send({ type: 'event', event: 'probe', dataType: 'text', data: '', ackId: 1 });
      const ack = await raw.ack(1);
      raw.socket.close(1000);
      return ack.success;
    }, 'that events are handled again', 40_000);
  }
}

async function metrics(member) {
  const line = fs.readFileSync(`${place}/${member}.ports`, 'utf8').split('\n').find((l) => l.startsWith('admin '));
  return (await fetch(`http://${line.split(' ')[1]}/metrics`)).text();
}
async function countOf(labels) {
  let sum = 0;
  for (const member of ['gateway-1', 'node-1', 'node-2', 'node-3']) {
    for (const line of (await metrics(member)).split('\n')) {
      if (line.startsWith('wscluster_webhook_calls_total{') && labels.every((label) => line.includes(label))) {
        sum += Number(line.split(' ').at(-1));
      }
    }
  }
  return sum;
}

// ---------------------------------------------------------------------------------------------------------------------

check('nothing is sent before the application has allowed it', async (crew) => {
  await crew.sdk({ userId: 'first' });
  assert.equal(calls[0].method, 'OPTIONS');
  assert.equal(calls[0].headers['webhook-request-origin'], 'the-cluster.example');
  assert.ok(calls.some((call) => call.method === 'POST'));
});

check('connect is asked, with what is known of the client and without its secrets', async (crew) => {
  const access = await accessUrl({ userId: 'alice', roles: ['webpubsub.sendToGroup'] });
  const raw = await crew.raw(`${access}&room=7&room=8`, [json, 'other']);
  const { connectionId } = await raw.connected();
  const [asked] = heardOf('connect', connectionId);
  assert.equal(asked.context.userId, 'alice');
  assert.equal(asked.context.hub, hub);
  assert.equal(asked.context.eventName, 'connect');
  assert.deepEqual(asked.claims.sub, ['alice']);
  assert.deepEqual(asked.claims.role, ['webpubsub.sendToGroup']);
  assert.deepEqual(asked.queries.room, ['7', '8']);
  assert.equal(asked.queries.access_token, undefined);
  assert.deepEqual(asked.subprotocols, [json, 'other']);
  const names = Object.keys(asked.headers).map((name) => name.toLowerCase());
  assert.ok(names.includes('host') && !names.includes('authorization') && !names.includes('cookie'));
  const mac = createHmac('sha256', key).update(connectionId).digest('hex');
  assert.equal(asked.context.signature, `sha256=${mac}`);
});

check('the application says who it is, what it may do, its groups and its state', async (crew) => {
  onConnect = (request, response) => {
    response.setState('visits', 1);
    response.success({ userId: 'renamed', groups: ['hall'], roles: ['webpubsub.sendToGroup.hall'] });
  };
  const client = await crew.sdk({ userId: 'whoever', roles: [] });
  onConnect = (request, response) => response.success();
  assert.equal(client.connected[0].userId, 'renamed');
  const other = await crew.sdk({ userId: 'other', groups: ['hall'] });
  await client.client.sendToGroup('hall', 'hello', 'text');
  await other.hears('hello');
  await client.hears('hello');
  await assert.rejects(client.client.sendToGroup('attic', 'hello', 'text', noRetries), refusedWith('Forbidden'));
  const [connected] = await until(() => heardOf('connected', client.id).length && heardOf('connected', client.id), 'connected');
  assert.equal(connected.context.userId, 'renamed');
  assert.deepEqual(connected.context.states, { visits: 1 });
});

check('an anonymous client gets its name from the application', async (crew) => {
  onConnect = (request, response) => response.success({ userId: 'named' });
  const client = await crew.sdk({});
  onConnect = (request, response) => response.success();
  assert.equal(client.connected[0].userId, 'named');
  assert.equal(heardOf('connect').at(-1).context.userId, undefined);
});

check('anonymous clients that it gives no name come in under the id that it was asked about', async (crew) => {
  for (let n = 0; n < 12; n++) {
    const client = await crew.sdk({});
    assert.equal(client.connected[0].userId, undefined);
    assert.equal(heardOf('connect', client.id).length, 1);
    await client.client.sendEvent('here', '', 'text');
  }
});

check('a client that the application refuses is answered with its status', async (crew) => {
  for (const status of [401, 400, 403, 500]) {
    onConnect = (request, response) => response.fail(status, 'not you');
    await assert.rejects(crew.raw({ userId: 'mallory' }), (error) => error instanceof Refused && error.status === status);
  }
  onConnect = (request, response) => response.success();
  await crew.raw({ userId: 'mallory' });
});

check('the application chooses the subprotocol', async (crew) => {
  onConnect = (request, response) => response.success({ subprotocol: 'own.v1' });
  const raw = await crew.raw({ userId: 'own' }, ['own.v1', json]);
  assert.equal(raw.socket.protocol, 'own.v1');
  onConnect = (request, response) => response.success({ subprotocol: json });
  const second = await crew.raw({ userId: 'own' }, [reliable, json]);
  assert.equal(second.socket.protocol, json);
  onConnect = (request, response) => response.success();
});

check('connected and disconnected come once each, around the events', async (crew) => {
  const client = await crew.sdk({ userId: 'carol' }, { protocol: WebPubSubJsonProtocol() });
  const { id } = client;
  for (let n = 0; n < 5; n++) await client.client.sendEvent('note', { n }, 'json');
  client.client.stop();
  await until(() => heardOf('disconnected', id).length === 1, 'disconnected');
  await sleep(100);
  const names = heard.filter((call) => call.context.connectionId === id).map((call) => call.name);
  assert.deepEqual(names, ['connect', 'connected', 'user', 'user', 'user', 'user', 'user', 'disconnected']);
});

check('neither a recovery nor a move is an event', async (crew) => {
  const wire = await crew.wire();
  const client = await crew.sdk({ userId: 'dora', at: wire.endpoint });
  wire.cut();
  await until(() => recoveriesOf(client.id) > 0 && client.isConnected, 'the recovery');
  await ring('add', 'node-4');
  await ring('remove', 'node-4', '--lb-wait', '0s');
  await until(() => client.isConnected, 'that it is connected');
  await client.client.sendEvent('note', 'still here', 'text');
  const names = heard.filter((call) => call.context.connectionId === client.id).map((call) => call.name);
  assert.deepEqual(names, ['connect', 'connected', 'user']);
  assert.deepEqual([client.connected.length, client.disconnected.length], [1, 0]);
}, { timeout: 60_000 });

check('every kind of data comes to the application as it was sent, and back', async (crew) => {
  events.set('back', (request, response) => {
    const data = request.dataType === 'json' ? JSON.stringify(request.data) : request.data;
    response.success(data, request.dataType);
  });
  const client = await crew.sdk({ userId: 'erin' });
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const kinds = [['json', { a: [1, null, 'ü€😀"'] }], ['text', 'plain "text" ü\n'], ['text', 'x'.repeat(100_000)]];
  for (const [type, data] of kinds) await client.client.sendEvent('back', data, type);
  await client.client.sendEvent('back', bytes.buffer, 'binary');
  await client.receives(kinds.length + 1);
  assert.deepEqual(client.messages.slice(0, -1).map((message) => [message.from, message.dataType, message.data]),
    kinds.map(([type, data]) => ['server', type, data]));
  assert.deepEqual(new Uint8Array(client.data.at(-1)), bytes);
});

check('the answer comes before the ack', async (crew) => {
  events.set('question', (request, response) => response.success('the answer', 'text'));
  const raw = await crew.raw({ userId: 'frank' });
  await raw.connected();
  raw.send({ type: 'event', event: 'question', dataType: 'text', data: '?', ackId: 9 });
  await raw.ack(9);
  assert.deepEqual(raw.frames.slice(1).map((frame) => frame.type), ['message', 'ack']);
  raw.send({ type: 'event', event: 'question', dataType: 'text', data: '?', ackId: 9 });
  const again = await raw.next((frame) => frame.type === 'ack' && frame.error, 'the second ack');
  assert.equal(again.error.name, 'Duplicate');
  assert.equal(heardOf('user').filter((call) => call.context.userId === 'frank').length, 1);
});

check('the state goes with the connection', async (crew) => {
  events.set('count', (request, response) => {
    response.setState('count', (request.context.states.count ?? 0) + 1);
    response.success(String(request.context.states.count ?? 0), 'text');
  });
  const client = await crew.sdk({ userId: 'gina' });
  for (let n = 0; n < 3; n++) await client.client.sendEvent('count', '', 'text');
  await ring('add', 'node-4');
  for (let n = 0; n < 3; n++) await client.client.sendEvent('count', '', 'text');
  await ring('remove', 'node-4', '--lb-wait', '0s');
  await client.client.sendEvent('count', '', 'text');
  await client.hears('1', '2', '3', '4', '5', '6', '7');
  assert.deepEqual(heardOf('user', client.id).map((call) => call.context.states.count ?? 0), [0, 1, 2, 3, 4, 5, 6]);
}, { timeout: 60_000 });

check('events of one connection come in order, however long each takes', async (crew) => {
  events.set('slow', (request, response) => setTimeout(() => response.success(), Math.random() * 20));
  const client = await crew.sdk({ userId: 'hugo' });
  const sent = [];
  for (let n = 0; n < 40; n++) sent.push(client.client.sendEvent('slow', n, 'json'));
  await Promise.all(sent);
  assert.deepEqual(heardOf('user', client.id).map((call) => call.data), Array.from({ length: 40 }, (_, n) => n));
});

check('an event that is being handled while its user moves is answered, once', async (crew) => {
  events.set('long', (request, response) => setTimeout(() => response.success(`done ${request.data}`, 'text'), 700));
  const clients = [];
  for (let n = 0; n < 12; n++) clients.push(await crew.sdk({ userId: `mover-${n}` }));
  const sent = clients.map((client, n) => client.client.sendEvent('long', n, 'json', noRetries));
  await sleep(100);
  await ring('add', 'node-4');
  await Promise.all(sent);
  for (const [n, client] of clients.entries()) await client.hears(`done ${n}`);
  await ring('remove', 'node-4', '--lb-wait', '0s');
  for (const client of clients) {
    assert.equal(heardOf('user', client.id).length, 1);
    assert.deepEqual([client.connected.length, client.disconnected.length], [1, 0]);
  }
}, { timeout: 60_000 });

check('an event that the application refuses is an ack error, and its client lives on', async (crew) => {
  events.set('no', (request, response) => response.fail(400, 'no'));
  for (const protocol of [undefined, WebPubSubJsonProtocol()]) {
    const client = await crew.sdk({ userId: 'ida' }, { ...noRetries, protocol });
    await assert.rejects(client.client.sendEvent('no', '', 'text', noRetries), refusedWith('InvocationFailed'));
    await client.client.sendEvent('yes', '', 'text');
    assert.equal(client.disconnected.length, 0);
  }
});

check('a client without a subprotocol sends events by its URL', async (crew) => {
  events.set('message', (request, response) => response.success(request.data, request.dataType));
  const access = `${await accessUrl({ userId: 'jack' })}&webpubsub_mode=sendEvent`;
  const raw = await crew.raw(access, []);
  raw.send('hello');
  raw.send(Buffer.from([1, 2, 3]));
  await until(() => raw.frames.length === 2, 'both answers');
  assert.equal(raw.frames[0], 'hello');
  assert.deepEqual([...raw.frames[1]], [1, 2, 3]);
  events.set('message', (request, response) => response.fail(500, 'broken'));
  raw.send('now it fails');
  await raw.closesWith(1011);
  events.delete('message');
});

// ---------------------------------------------------------------------------------------------------------------------
// Applications that are wrong. Each answers connect as it must, so that somebody is there to say something.

const good = (request, response) => application(request, response);
const isConnect = (request) => request.headers['ce-type']?.endsWith('sys.connect');
const hanging = [];
const wrong = [
  ['hangs', 504, (request, response) => hanging.push(response)],
  ['closes without an answer', 502, (request) => request.socket.destroy()],
  ['answers what is no HTTP', 502, (request) => request.socket.end('SSH-2.0-OpenSSH_9.2\r\n\r\n')],
  ['answers 16 MB', 502, (request, response) => response.end(Buffer.alloc(16 << 20, 'x'))],
  ['redirects', 502, (request, response) => response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end()],
  ['answers connect with what is no JSON', 502, (request, response) => response.writeHead(200).end('{"userId":')],
  ['gives a user id that is none', 502, (request, response) => response.writeHead(200).end('{"userId":"a\\u0001b"}')],
  ['gives a subprotocol that was not offered', 502, (request, response) => response.writeHead(200).end('{"subprotocol":"x"}')],
  ['gives a group that is none', 502, (request, response) => response.writeHead(200).end('{"groups":[" "]}')],
];
for (const [what, status, misbehave] of wrong) {
  check(`an application that ${what} is no loss for others`, async (crew) => {
    await heals();
    const bystander = await crew.sdk({ userId: 'bystander' });
    const other = await crew.sdk({ userId: 'other' });
    answer = (request, response) =>
      (isConnect(request) && request.headers['ce-userid'] === 'victim' ? misbehave : good)(request, response);
    await assert.rejects(crew.raw({ userId: 'victim' }), (error) => {
      assert.equal(error.status, status, `${error}`);
      return true;
    });
    await other.client.sendToGroup('user:bystander', what, 'text');
    await bystander.hears(what);
    answer = application;
    for (const response of hanging.splice(0)) response.destroy();
    await heals();
  }, { timeout: 90_000 });
}

check('an event for an application that hangs is answered after the deadline, others meanwhile', async (crew) => {
  await heals();
  const victim = await crew.sdk({ userId: 'victim' }, noRetries);
  const bystander = await crew.sdk({ userId: 'bystander' });
  events.set('hang', (request, response) => setTimeout(() => response.success(), 3000));
  const refused = assert.rejects(victim.client.sendEvent('hang', '', 'text', noRetries), refusedWith('InvocationFailed'));
  await bystander.client.sendEvent('fine', '', 'text');
  await victim.client.sendToGroup('user:bystander', 'meanwhile', 'text');
  await bystander.hears('meanwhile');
  await refused;
  assert.ok((await countOf(['event="user"', 'result="timed_out"'])) >= 1);
}, { timeout: 60_000 });

check('while the application is away clients are told so at once, and it is found again', async (crew) => {
  await heals();
  const client = await crew.sdk({ userId: 'kate' }, noRetries);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const statuses = new Set();
  for (let n = 0; n < 12; n++) {
    await crew.raw({ userId: 'late' }).then(() => assert.fail('it came in'), (error) => statuses.add(error.status));
  }
  assert.ok(statuses.has(502) && statuses.has(503), `statuses ${[...statuses]}`);
  await assert.rejects(client.client.sendEvent('lost', '', 'text', noRetries), refusedWith('InvocationFailed'));
  await listen();
  await heals();
  await client.client.sendEvent('found', '', 'text');
  assert.equal(client.disconnected.length, 0);
  assert.ok((await countOf(['result="not_called"'])) >= 1);
}, { timeout: 90_000 });
