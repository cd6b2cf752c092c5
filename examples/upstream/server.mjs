// SPDX-License-Identifier: MIT
// An application server that knows nothing of wscluster: HTTP and WebSockets in one process, its users' sessions in Redis as
// Spring Session keeps them (JSON), registered with Eureka's client. A gateway in front is its Eureka server as well:
//
//   eureka: {enabled: true}
//   http_session: {kind: spring, attribute: userId}
//   locator: {enabled: true, user: session}
//
//   npm ci
//   SERVICE=dc PORT=3001 EUREKA_PORT=8080 REDIS=redis://127.0.0.1:6379 node server.mjs
//
// Through the gateway: POST /dc/login?user=alice, GET /dc/whoami, wss …/dc/ws. A message {"to": "bob", "text": "hi"} on the
// WebSocket goes to whichever server has bob: the gateway asks them all (POST /api/v1/services/dc/broadcast).
import { Eureka } from 'eureka-js-client';
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { createClient } from 'redis';
import { WebSocketServer } from 'ws';

const service = process.env.SERVICE ?? 'dc';
const port = Number(process.env.PORT ?? 3001);
const gateway = { host: process.env.EUREKA_HOST ?? '127.0.0.1', port: Number(process.env.EUREKA_PORT ?? 8080) };
const broadcastUrl = process.env.BROADCAST_URL; // of the gateway, with a token in BROADCAST_TOKEN
const id = `127.0.0.1:${service}:${port}`;
const sessionSeconds = 1800;

const place = process.env.REDIS ?? 'redis://127.0.0.1:6379'; // or unix:///PATH
const redis = createClient(place.startsWith('unix://') ? { socket: { path: place.slice(7) } } : { url: place });
redis.on('error', (problem) => console.error(`Redis: ${problem.message}`));
await redis.connect();

// Sessions, as org.springframework.session writes them with its JSON serializer.
const sessionKey = (session) => `spring:session:sessions:${session}`;

async function openSession(user) {
  const session = randomUUID();
  const now = String(Date.now());
  await redis.hSet(sessionKey(session), {
    creationTime: now,
    lastAccessedTime: now,
    maxInactiveInterval: String(sessionSeconds),
    'sessionAttr:userId': JSON.stringify(user),
  });
  await redis.expire(sessionKey(session), sessionSeconds);
  return Buffer.from(session).toString('base64');
}

async function userOf(request) {
  const cookie = /(?:^|;\s*)SESSION=([^;]+)/.exec(request.headers.cookie ?? '');
  if (!cookie) return null;
  const value = await redis.hGet(sessionKey(Buffer.from(cookie[1], 'base64').toString()), 'sessionAttr:userId');
  return value ? JSON.parse(value) : null;
}

// Who is connected here: user -> sockets.
const sockets = new Map();

function deliver({ to, from, text }) {
  const theirs = sockets.get(to) ?? [];
  for (const socket of theirs) socket.send(JSON.stringify({ from, text, server: id }));
  return theirs.size ?? 0;
}

async function broadcast(message) {
  if (!broadcastUrl) return deliver(message);
  const answer = await fetch(`${broadcastUrl}?path=/deliver`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${process.env.BROADCAST_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(message),
  });
  return answer.status;
}

const read = async (request) => {
  let body = '';
  for await (const piece of request) body += piece;
  return body;
};

const routes = {
  'POST /login': async (request, response, query) => {
    response.setHeader('Set-Cookie', `SESSION=${await openSession(query.get('user'))}; Path=/; HttpOnly; SameSite=Lax`);
    return { server: id };
  },
  'GET /whoami': async (request) => ({ user: await userOf(request), server: id }),
  'GET /headers': async (request) => ({ headers: request.headers, server: id }),
  'POST /echo': async (request) => ({ bytes: (await read(request)).length, server: id }),
  'POST /deliver': async (request) => ({ delivered: deliver(JSON.parse(await read(request))), server: id }),
  'GET /health': async () => ({ status: 'UP' }),
  'GET /sockets': async () => ({ server: id, users: [...sockets.keys()].sort() }),
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://server');
  try {
    const route = routes[`${request.method} ${url.pathname}`];
    const answer = route ? await route(request, response, url.searchParams) : { error: 'not found' };
    response.writeHead(route ? 200 : 404, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer));
  } catch (problem) {
    response.writeHead(500).end(problem.message);
  }
});

// The gateway has found the user by the session, and nobody else can set this header.
new WebSocketServer({ server, path: '/ws' }).on('connection', (socket, request) => {
  const user = request.headers['x-wscluster-uid'];
  sockets.set(user, (sockets.get(user) ?? new Set()).add(socket));
  socket.send(JSON.stringify({ welcome: user, server: id }));
  socket.on('message', (data) => broadcast({ ...JSON.parse(data), from: user }).catch((problem) => console.error(problem)));
  socket.on('close', (code) => {
    sockets.get(user)?.delete(socket);
    if (sockets.get(user)?.size === 0) sockets.delete(user);
    console.log(`${user} left with ${code}`);
  });
});

const eureka = new Eureka({
  instance: {
    app: service,
    instanceId: id,
    hostName: '127.0.0.1',
    ipAddr: '127.0.0.1',
    port: { $: port, '@enabled': true },
    vipAddress: service,
    status: 'UP',
    healthCheckUrl: `http://127.0.0.1:${port}/health`,
    leaseInfo: { renewalIntervalInSecs: 1, durationInSecs: 3 },
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
  },
  eureka: { ...gateway, servicePath: '/eureka/apps/', heartbeatInterval: 1000, registryFetchInterval: 1000 },
});
eureka.logger.level(process.env.DEBUG ? 'debug' : 'warn');

server.listen(port, '127.0.0.1', () => {
  eureka.start((problem) => console.log(problem ? `not registered: ${problem.message}` : `${id} is registered`));
});

// In order: out of the ring first, then the gateway closes who is to move.
process.on('SIGTERM', () => {
  eureka.stop(() => {
    console.log(`${id} has left`);
    setTimeout(() => process.exit(0), Number(process.env.GRACE_MS ?? 2000));
  });
});
