// SPDX-License-Identifier: MIT
// A teacher and two students. One student's session moves when node-4 comes in, the other one's node is killed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import {
  Page, application, epoch, gateway, hasLogged, isComplete, metric, ownersOf, secretOf, signal, site, startBrowser, stopBrowser,
  until, wscluster,
} from './harness.mjs';

const teacher = { role: 'teacher', names: ['Ada', 'Emmy', 'Grace', 'Hedy', 'Ida', 'Lise', 'Mary', 'Rosa'] };
const student = {
  role: 'student',
  names: ['Alan', 'Ben', 'Carl', 'Dan', 'Ed', 'Felix', 'Gus', 'Hugo', 'Ivan', 'Jo', 'Karl', 'Leo', 'Max', 'Nils', 'Otto', 'Paul',
    'Quinn', 'Ralf', 'Sam', 'Tim', 'Udo', 'Vic', 'Will', 'Xaver', 'Yann', 'Zoe'],
};

const checks = [];
const check = (name, body) => checks.push({ name, body });
const same = (page, mark, expected) =>
  until(async () => (await page.heard(mark)).length >= expected.length,
    async () => `${expected.length} messages '${mark}' at ${page.name} (there: ${(await page.heard(mark)).length})`)
    .then(async () => assert.deepEqual(await page.heard(mark), expected, `at ${page.name}`));

let ada;   // the teacher, who stays where she is
let ben;   // moves to node-4
let cleo;  // held by the node that is killed
let everybody = [];
let victim;

// These say something to everybody in turn, until told to stop; what was said, and by whom. With `to`, only to that one.
// more() waits for some of it, however slow the machine is.
function chatter(mark, pages, to = '') {
  const said = [];
  let goes = true;
  const done = (async () => {
    for (let n = 0; goes; n++) {
      const page = pages[n % pages.length];
      const text = `${mark} ${n}`;
      said.push({ text, from: page.name });
      await page.say(text, to);
    }
  })();
  const more = (count, goal = said.length + count) => until(() => said.length >= goal, `${count} more messages`);
  return { more, stop: () => ((goes = false), done.then(() => said)) };
}

// As it is written: fetch() would tidy the path. Each on a connection of its own, so that every core is asked.
const get = (path, headers = {}) =>
  new Promise((resolve, reject) => {
    http.get({ host: gateway.hostname, port: gateway.port, path, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    }).on('error', reject);
  });

check('the page comes from the gateway, and no path leads out of its folder', async () => {
  const page = await get('/');
  assert.equal(page.status, 200);
  assert.match(page.headers['content-type'], /^text\/html/);
  assert.equal((await get('/index.html', { 'if-none-match': page.headers.etag })).status, 304);
  const secret = secretOf('access.key');
  for (const path of ['/../../access.key', '/..%2f..%2faccess.key', '/%2e%2e/%2e%2e/access.key', '/%252e%252e/%252e%252e/access.key',
    '//etc/passwd', '/index.html%00', '/./../server.cjs', '/..%5c..%5caccess.key', '/%c0%ae%c0%ae/access.key']) {
    const answer = await get(path);
    assert.equal(answer.status, 404, path);
    assert.ok(!answer.body.includes(secret));
  }
  assert.equal(await metric('wscluster_static_requests_total', 'missing'), 9, 'each is counted');
  assert.equal((await get('/negotiate?uid=x')).status >= 400, true, 'a REST call stays one');
  assert.equal((await get('/ws')).status, 426, 'and a WebSocket path, too');
});

check('SIGHUP reads the files again, and keeps those before when one is wrong', async () => {
  fs.writeFileSync(`${site}/late.txt`, 'late');
  assert.equal((await get('/late.txt')).status, 404);
  signal('gateway-1', 'SIGHUP');
  await until(async () => (await get('/late.txt')).body === 'late', 'the new file');
  fs.symlinkSync('../../access.key', `${site}/leak.txt`);
  signal('gateway-1', 'SIGHUP');
  await until(() => hasLogged('gateway-1', 'leaves the folder'), 'the complaint');
  assert.equal((await get('/leak.txt')).status, 404);
  assert.equal((await get('/late.txt')).status, 200);
  fs.rmSync(`${site}/leak.txt`);
});

check('clients that do not read their files cost a bounded amount, and only other files have to wait', async () => {
  fs.writeFileSync(`${site}/large.bin`, Buffer.alloc(4 << 20));
  signal('gateway-1', 'SIGHUP');
  await until(async () => (await get('/large.bin')).status === 200, 'the large file');
  const idlers = Array.from({ length: 4 }, () => net.connect(gateway.port, gateway.hostname).pause());
  const refused = await until(async () => {
    // Again and again: a whole file or two may lie in the kernel's buffers.
    for (const socket of idlers) socket.write(`GET /large.bin HTTP/1.1\r\nHost: ${gateway.host}\r\n\r\n`);
    const answer = await get('/style.css');
    return answer.status === 503 && answer;
  }, 'that there is no room');
  assert.equal(refused.headers['retry-after'], '1');
  assert.ok((await metric('wscluster_static_requests_total', 'no_room')) > 0);
  assert.equal((await get('/api/health')).status, 200);
  for (const socket of idlers) socket.destroy();
  await until(async () => (await get('/style.css')).status === 200, 'that there is room again');
});

check('names that are none are refused where they are asked for', async () => {
  const page = await (await Page.open()).logIn('<b>', 'student');
  await until(async () => (await page.text('refusal')).includes('up to 32 letters'), 'the refusal');
  await page.page.context().close();
});

check('a teacher and two students come in', async () => {
  await until(() => isComplete(3), 'the ring of three nodes');
  const students = await ownersOf(student.names);
  const moving = students.find(({ then }) => then === 'node-4');
  const staying = students.find(({ node, then }) => node === then);
  const other = (await ownersOf(teacher.names)).find(({ node, then }) => node === then && node !== staying.node);
  assert.ok(moving && staying && other, 'no ring is so uneven');
  victim = staying.node;
  ada = await Page.of(other.uid, 'teacher');
  ben = await Page.of(moving.uid, 'student');
  cleo = await Page.of(staying.uid, 'student');
  everybody = [ada, ben, cleo];
  const expected = [other, moving, staying].map(({ uid, node }) => `${uid} ${node}`).sort();
  for (const page of everybody) {
    await until(async () => (await page.people()).length === 3, `that ${page.name} sees everybody`);
    assert.deepEqual((await page.people()).map(({ name, node }) => `${name} ${node}`).sort(), expected);
  }
  assert.equal(await ben.text('node'), moving.node);
  assert.equal(await ben.text('epoch'), String(await epoch()));
});

check('a message to the class reaches everybody, a private one only whom it is for', async () => {
  await ada.say('class: good morning');
  for (const page of everybody) await same(page, 'class:', ['class: good morning']);
  await cleo.say('private: may I go', ada.name);
  await same(ada, 'private:', ['private: may I go']);
  await same(cleo, 'private:', ['private: may I go']);
  await ada.say('private: yes', cleo.name);
  await same(cleo, 'private:', ['private: may I go', 'private: yes']);
  await ben.say('class: me, too');
  for (const page of everybody) await same(page, 'class:', ['class: good morning', 'class: me, too']);
  assert.deepEqual(await ben.heard('private:'), []);
  await cleo.say('<img src=x onerror=alert(1)>');
  await same(ada, '<img', ['<img src=x onerror=alert(1)>']);
});

check('ring add: the session moves, nothing is lost and nobody is disconnected', async () => {
  const before = await ben.text('node');
  const talk = chatter('add', everybody);
  await talk.more(6);
  await wscluster('ring', 'add', 'node-4', '--yes', '--progress', 'none');
  await talk.more(6);
  const said = await talk.stop();
  for (const page of everybody) {
    for (const from of everybody) {
      const own = said.filter((message) => message.from === from.name).map(({ text }) => text);
      await until(async () => {
        const heard = await page.heard('add ');
        return own.every((text) => heard.includes(text));
      }, `everything of ${from.name} at ${page.name}`);
      assert.deepEqual((await page.heard('add ')).filter((text) => own.includes(text)), own, 'once each, and in order');
    }
    assert.equal((await page.heard('add ')).length, said.length);
    assert.equal(page.sockets, 1, 'one WebSocket for everything');
    assert.equal(page.closes, 0);
    assert.equal(await page.text('closes'), '0');
    await until(async () => (await page.lines('moves')).some((line) => line.startsWith(`${ben.name}${before} → node-4`)),
      `the move at ${page.name}`);
  }
  await until(async () => (await ben.text('node')) === 'node-4', 'the new node on the page');
  await until(async () => (await ben.text('epoch')) === String(await epoch()), 'the new epoch on the page');
  await ada.say('You did not notice that node-4 came in?', '');
  await same(ben, 'You did', ['You did not notice that node-4 came in?']);
  await ben.say('No. My socket is still the first one.', '');
  await same(ada, 'No. My', ['No. My socket is still the first one.']);
  await ada.screenshot('after-ring-add');
});

check('kill -9 of a node: everybody is back, and what was said before and after is there', async () => {
  const closedBefore = ada.closes + ben.closes;
  await ada.say('kill before');
  for (const page of everybody) await same(page, 'kill before', ['kill before']);
  const talk = chatter('kill during', [ada, ben]);
  const whispers = chatter('secret', [ben], cleo.name);
  await talk.more(4);
  signal(victim, 'SIGKILL');
  await until(() => cleo.closes > 0, 'that the page notices', 30_000);
  await until(async () => (await cleo.text('state')) === 'open', 'that it is back', 30_000);
  await until(() => isComplete(3), 'that the ring goes on', 30_000);
  await until(async () => (await cleo.text('node')).startsWith('node-') && (await cleo.text('node')) !== victim, 'another node', 30_000);
  const whispered = await whispers.stop();
  const said = await talk.stop();
  // What has not arrived, its sender knows of.
  await until(async () => {
    const known = new Set([...(await cleo.heard('secret ')), ...(await ben.heard('secret ', '.failed'))]);
    return whispered.every(({ text }) => known.has(text));
  }, 'each private message at one of the two', 30_000);
  const secrets = await cleo.heard('secret ');
  assert.equal(new Set(secrets).size, secrets.length, 'no private message twice');
  // Nobody else's socket has been on the dead node: they have it all, once, and in order.
  for (const page of [ada, ben]) {
    for (const from of [ada, ben]) {
      const own = said.filter((message) => message.from === from.name).map(({ text }) => text);
      await until(async () => {
        const heard = await page.heard('kill during');
        return own.every((text) => heard.includes(text));
      }, async () => {
        const heard = await page.heard('kill during');
        return `${JSON.stringify(own.filter((text) => !heard.includes(text)))} of ${from.name} at ${page.name}`;
      }, 30_000);
      assert.deepEqual((await page.heard('kill during')).filter((text) => own.includes(text)), own, `of ${from.name} at ${page.name}`);
    }
  }
  assert.equal(ada.closes + ben.closes, closedBefore, 'the sockets of the others stay open');
  const heard = await cleo.heard('kill during');
  assert.equal(new Set(heard).size, heard.length, 'nothing twice');
  for (const [n, page] of everybody.entries()) await page.say(`after ${n}`);
  for (const page of everybody) {
    await until(async () => (await page.heard('after ')).length === 3, `what was said afterwards, at ${page.name}`);
    assert.deepEqual((await page.heard('after ')).sort(), ['after 0', 'after 1', 'after 2']);
    assert.deepEqual(page.errors, []);
  }
  await cleo.screenshot('after-kill');
});

check('a page that reconnects in a loop disturbs nobody', async () => {
  const loop = await Page.of('Loop', 'student');
  const refused = await metric('wscluster_sessions_closed_total', 'refused');
  const talk = chatter('loop', [ada, ben]);
  const opened = await loop.page.evaluate(async ([login, ws]) => {
    const connect = (url) =>
      new Promise((resolve) => {
        const socket = new WebSocket(url, 'json.webpubsub.azure.v1');
        socket.onopen = () => socket.close();
        socket.onclose = ({ wasClean }) => resolve(wasClean);
      });
    let clean = 0;
    for (let n = 0; n < 200; n++) {
      const answer = await fetch(login, {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"Loop","role":"student"}',
      });
      clean += await connect((await answer.json()).url);
      await connect(ws); // and without a token
    }
    return clean;
  }, [`${application}/login`, `ws://${gateway.host}/client/hubs/chat`]);
  const said = await talk.stop();
  assert.equal(opened, 200);
  assert.equal((await metric('wscluster_sessions_closed_total', 'refused')) - refused, 200, 'each refusal is counted');
  for (const page of [ada, ben]) {
    await until(async () => (await page.heard('loop ')).length === said.length, `what was said meanwhile, at ${page.name}`);
    assert.equal(page.closes, 0);
  }
  await loop.page.context().close();
  await until(async () => (await ada.people()).every(({ name }) => name !== 'Loop'), 'that it is gone');
});

// ---------------------------------------------------------------------------------------------------------------------

let failed = false;
await startBrowser();
for (const { name, body } of checks) {
  try {
    await body();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed = true;
    console.log(`FAILED  ${name}\n${error.stack}`);
    for (const page of everybody) await page.screenshot(`failed-${page.name}`).catch(() => {});
    break; // each goes on from where the one before has ended
  }
}
await stopBrowser();
process.exitCode = failed ? 1 : 0;
