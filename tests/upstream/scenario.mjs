// SPDX-License-Identifier: MIT
// Started by tests/upstream/run: the servers of examples/upstream behind two gateways, and their users.
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const { PLACE: place, BINARY: binary, SERVER: serverFile, OUTER: outer, INNER: inner, OUTER_ADMIN: admin } = process.env;
const { WebSocket } = createRequire(serverFile)('ws');
const users = Array.from({ length: 150 }, (_, i) => `user-${i}`);
const [innerHost, innerPort] = inner.split(':');

let failed = 0;
const everybody = [];
function check(what, good, detail = '') {
  console.log(`${good ? 'ok     ' : 'FAILED '} ${what}${detail !== '' ? `: ${detail}` : ''}`);
  if (!good) failed += 1;
}
async function until(what, condition, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what} was awaited in vain`);
    await sleep(50);
  }
}
const wscluster = (...args) => execFileSync(binary, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
const ring = (service) => JSON.parse(wscluster('ring', 'show', '--service', service, '-o', 'json'));
const owners = (service) =>
  new Map(JSON.parse(wscluster('ring', 'owner', '--service', service, '-o', 'json', ...users)).owners.map(({ uid, node }) => [uid, node]));

// Servers.
let nextPort = 20000 + (process.pid % 20000);
const servers = new Map();
const token = wscluster('token', '--service', 'dc', '--key-file', `${place}/access.key`, '--api', '/api/v1/services/dc/broadcast').trim();
function startServer(service) {
  const port = nextPort++;
  const child = spawn(process.execPath, [serverFile], {
    env: {
      ...process.env,
      SERVICE: service,
      PORT: String(port),
      EUREKA_HOST: innerHost,
      EUREKA_PORT: innerPort,
      REDIS: `unix://${place}/redis.sock`,
      BROADCAST_URL: `http://${inner}/api/v1/services/${service}/broadcast`,
      BROADCAST_TOKEN: token,
      GRACE_MS: '4000',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(`${place}/${service}-${port}.log`);
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const id = `127.0.0.1:${service}:${port}`;
  servers.set(id, { child, port, service });
  return id;
}
process.on('exit', () => servers.forEach(({ child }) => child.kill('SIGKILL')));
const nodes = (service) => ring(service).nodes.filter((node) => node.weight !== null);
const members = (service) => nodes(service).map((node) => node.name);

// A user: a cookie, and a WebSocket for each service that comes back when it is closed.
class Session {
  constructor(service, user) {
    everybody.push(this);
    Object.assign(this, { service, user, closes: [], got: [], server: null, cookie: null, refused: 0 });
  }
  async login() {
    const answer = await fetch(`https://${outer}/${this.service}/login?user=${this.user}`, { method: 'POST' });
    this.cookie = answer.headers.get('set-cookie').split(';')[0];
    this.loginServer = (await answer.json()).server;
  }
  connect() {
    this.server = null;
    const socket = new WebSocket(`wss://${outer}/${this.service}/ws`, { headers: { Cookie: this.cookie } });
    this.socket = socket;
    socket.on('message', (data) => {
      const message = JSON.parse(data);
      if (message.welcome) {
        this.server = message.server;
        this.welcome = message.welcome;
      } else {
        this.got.push(message);
      }
    });
    socket.on('unexpected-response', (request, response) => {
      this.refused += 1;
      this.status = response.statusCode;
      request.destroy();
      socket.emit('close', 1006, '');
    });
    socket.on('error', () => {});
    socket.once('close', (code, reason) => {
      const wasIn = this.server !== null;
      if (wasIn) this.closes.push({ code, reason: String(reason), server: this.server });
      if (!this.ends) setTimeout(() => this.connect(), wasIn ? 50 : 200);
    });
  }
  get isOpen() {
    return this.server !== null && this.socket.readyState === WebSocket.OPEN;
  }
}

const counter = async (name, labels = '') => {
  const text = await (await fetch(`http://${admin}/metrics`)).text();
  const line = text.split('\n').find((l) => l.startsWith(`${name}{${labels}`) || l.startsWith(`${name} `));
  return line ? Number(line.split(' ').pop()) : NaN;
};

async function main() {
  const [a, b, other] = [startServer('dc'), startServer('dc'), startServer('wecheck')];
  await until('two servers of dc', () => servers.size === 3 && ready('dc', 2));
  await until('one of wecheck', () => ready('wecheck', 1));
  check('servers register with the Eureka client and make a ring each', true, `${members('dc').length} + ${members('wecheck').length}`);

  const sessions = users.map((user) => new Session('dc', user));
  const twins = users.slice(0, 30).map((user) => new Session('wecheck', user));
  for (const session of [...sessions, ...twins]) await session.login();
  const logins = new Set(sessions.map((session) => session.loginServer));
  check('requests of nobody are spread', logins.size === 2, [...logins].join(' '));
  for (const session of [...sessions, ...twins]) session.connect();
  await until('all WebSockets', () => [...sessions, ...twins].every((session) => session.isOpen), 30);
  check('users who logged in over HTTP are recognised', [...sessions, ...twins].every((s) => s.welcome === s.user), users.length);
  check('each is with the owner on the ring', isWithOwners(sessions, 'dc'));
  check('services are not mixed', sessions.every((s) => s.server.includes(':dc:')) && twins.every((s) => s.server === other));

  await plainHttp(sessions[0]);
  await strangers();
  await messages(sessions);

  // One more server, under load.
  const before = new Map(sessions.map((session) => [session, session.server]));
  const traffic = startTraffic(sessions);
  const c = startServer('dc');
  await until('the third server', () => ready('dc', 3));
  const owner = owners('dc');
  const moved = sessions.filter((session) => owner.get(session.user) !== memberOf(before.get(session)));
  await until('that the moved are back', () => isWithOwners(sessions, 'dc'), 30);
  check('a server is added: exactly the moved are closed, with 1012', moved.length > 0 &&
    sessions.every((s) => s.closes.length === (moved.includes(s) ? 1 : 0)) && moved.every((s) => s.closes[0].code === 1012),
    `${moved.length} of ${users.length} moved, ${sessions.filter((s) => s.closes.length).length} closed`);
  check('they say epoch and when to come back', moved.every((s) => /^epoch=\d+ after=\d+ms/.test(s.closes[0].reason)));
  check('the moved are all at the new server', moved.every((s) => s.server === c));

  // One leaves in order.
  sessions.forEach((session) => { session.closes = []; });
  const left = sessions.filter((session) => session.server === a);
  servers.get(a).child.kill('SIGTERM');
  await until('that it has left', () => ready('dc', 2));
  await until('that its users are elsewhere', () => isWithOwners(sessions, 'dc'), 30);
  check('a server is stopped: exactly its users are closed', left.length > 0 &&
    sessions.every((s) => s.closes.length === (left.includes(s) ? 1 : 0)), `${left.length} of ${users.length}`);
  check('with 1012', left.every((s) => s.closes[0].code === 1012));

  // One dies.
  sessions.forEach((session) => { session.closes = []; });
  const lost = sessions.filter((session) => session.server === b);
  servers.get(b).child.kill('SIGKILL');
  await until('that its lease has ended', () => ready('dc', 1));
  await until('that its users are elsewhere', () => isWithOwners(sessions, 'dc'), 30);
  check('a server is killed: only its users are closed', lost.length > 0 &&
    sessions.every((s) => (s.closes.length > 0) === lost.includes(s)), `${lost.length} of ${users.length}`);
  check('until the ring has changed they are refused with 503', lost.every((s) => s.refused === 0 || s.status === 503));
  check('nobody of the other service noticed', twins.every((s) => s.closes.length === 0 && s.isOpen));

  const counts = await traffic();
  check('messages to users elsewhere arrived', counts.got > 0, `${counts.sent} sent, ${counts.got} got`);
  check('nobody is misplaced', (await counter('wscluster_upstream_misplaced', 'service="dc"')) === 0);
  check('evictions are counted', (await counter('wscluster_upstream_evictions_total', 'service="dc"')) === moved.length + left.length,
    `${moved.length + left.length}`);
  for (const session of [...sessions, ...twins]) {
    session.ends = true;
    session.socket.close();
  }
}

function ready(service, count) {
  try {
    return members(service).length === count;
  } catch {
    return false;
  }
}

// The name that stands for an instance in the ring.
const names = new Map();
function memberOf(id) {
  if (!names.has(id)) nodes('dc').forEach((node) => names.set(node.instance, node.name));
  return names.get(id);
}
function isWithOwners(sessions, service) {
  if (!sessions.every((session) => session.isOpen)) return false;
  const owner = owners(service);
  return sessions.every((session) => memberOf(session.server) === owner.get(session.user));
}

async function plainHttp(session) {
  const get = async (path, options = {}) => fetch(`https://${outer}/dc${path}`, { ...options, headers: { Cookie: session.cookie, ...options.headers } });
  const who = await (await get('/whoami')).json();
  check('HTTP requests of a user go to the owner', who.user === session.user && who.server === session.server);
  const { headers } = await (await get('/headers', { headers: { 'X-Forwarded-For': '6.6.6.6', 'X-Wscluster-Uid': 'root' } })).json();
  check('servers see who asks, and from where', headers['x-wscluster-uid'] === session.user && headers['x-forwarded-for'] === '127.0.0.1' &&
    headers['x-forwarded-proto'] === 'https' && headers['x-forwarded-host'] === outer && headers.forwarded.startsWith('for=127.0.0.1;'));
  const big = Buffer.alloc(8 << 20, 'x');
  const echo = await (await get('/echo', { method: 'POST', body: big })).json();
  check('a large body passes', echo.bytes === big.length, `${echo.bytes} bytes`);
  check('what is not there is the server\'s 404', (await get('/nothing')).status === 404);
  check('the locator makes a route of every service', (await (await fetch(`https://${outer}/wecheck/health`)).json()).status === 'UP');
}

async function strangers() {
  const status = (cookie) => new Promise((resolve) => {
    const socket = new WebSocket(`wss://${outer}/dc/ws`, { headers: cookie ? { Cookie: cookie } : {} });
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
    socket.on('open', () => resolve(101));
    socket.on('error', () => {});
  });
  check('without a session 401, and no server', (await status()) === 401 && (await status('SESSION=bm9ib2R5')) === 401);
  const climbing = execFileSync('curl', ['--silent', '--path-as-is', '--cacert', `${place}/cert.pem`, '--output', '/dev/null',
    '--write-out', '%{http_code}', `https://${outer}/dc/%2e%2e/x`], { encoding: 'utf8' });
  check('a path that climbs is 400', climbing === '400', climbing);
}

async function messages(sessions) {
  const [from] = sessions;
  const to = sessions.find((session) => session.server !== from.server);
  from.socket.send(JSON.stringify({ to: to.user, text: 'hello' }));
  await until('the message', () => to.got.some((message) => message.text === 'hello' && message.from === from.user));
  check('a message reaches a user at another server (broadcast)', true);
  to.got = [];
}

function startTraffic(sessions) {
  let runs = true;
  let sent = 0;
  const loop = (async () => {
    for (let i = 0; runs; i += 1) {
      const from = sessions[i % sessions.length];
      if (from.isOpen) {
        from.socket.send(JSON.stringify({ to: users[(i * 7 + 1) % users.length], text: `n${i}` }));
        sent += 1;
      }
      await sleep(10);
    }
  })();
  return async () => {
    runs = false;
    await loop;
    await sleep(500);
    return { sent, got: sessions.reduce((sum, session) => sum + session.got.length, 0) };
  };
}

try {
  await main();
} catch (problem) {
  check(problem.message, false, problem.stack?.split('\n')[2]?.trim());
  const away = everybody.filter((session) => !session.isOpen);
  console.log(`${away.length} are away; answers: ${JSON.stringify(away.slice(0, 5).map(({ user, status, closes }) => ({ user, status, closes })))}`);
}
console.log(`${failed} failures`);
process.exit(failed === 0 ? 0 : 1);
