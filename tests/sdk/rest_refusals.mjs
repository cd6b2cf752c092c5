// SPDX-License-Identifier: MIT
// T5: calls of applications that are wrong, and what they are answered.
import { AzureKeyCredential } from '@azure/core-auth';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import assert from 'node:assert/strict';
import { RawClient, check, endpoint, hub, reliable, sleep } from './harness.mjs';
import { answers, fails, jsonType, request, send, service, unknownId } from './rest_calls.mjs';

function isError({ status, headers, text }, expected, what) {
  assert.ok([expected].flat().includes(status), `${what}: ${status} ${text}`);
  const body = JSON.parse(text);
  assert.equal(typeof body.code, 'string', `${what}: ${text}`);
  assert.equal(typeof body.message, 'string', `${what}: ${text}`);
  assert.equal(headers.get('x-ms-error-code'), body.code, what);
}

check('tokens that are not good: 401', async () => {
  const past = Math.floor(Date.now() / 1000) - 3600;
  const bad = { 'no token': { sign: null }, garbage: { sign: null, headers: { Authorization: 'Bearer a.b.c' } },
    'not Bearer': { sign: null, headers: { Authorization: 'Basic YTpi' } }, 'another key': { secret: 'another' },
    expired: { sign: { exp: past } }, 'another path': { sign: { aud: `${endpoint}/api/hubs/${hub}/users/eve/:send` } },
    'a client token': { sign: { aud: `${endpoint}/client/hubs/${hub}`, sub: 'bob' } } };
  for (const [what, options] of Object.entries(bad)) {
    isError(await request('POST', send, { body: '1', ...options, headers: { ...jsonType, ...options.headers } }), 401, what);
  }
  const wrong = new WebPubSubServiceClient(endpoint, new AzureKeyCredential('wrong'), hub, { allowInsecureConnection: true });
  await fails(401, wrong.sendToUser('bob', 1), 'the SDK with a wrong key');
});

check('an audience with another host is fine, an API version that is missing or unknown, too', async () => {
  const body = { body: '1', headers: jsonType };
  assert.equal((await request('POST', send, { ...body, sign: { aud: `https://chat.example.com${send}` } })).status, 202);
  assert.equal((await request('POST', `/api/hubs/${hub}/users/bob/:send`, body)).status, 202);
  assert.equal((await request('POST', `/api/hubs/${hub}/users/bob/:send?api-version=2099-01-01`, body)).status, 202);
  assert.equal((await request('POST', `/api/hubs/CHAT/users/bob/:send`, body)).status, 202);
});

check('paths that are none: 404; methods that are none: 404 or 405', async () => {
  const base = `/api/hubs/${hub}`;
  for (const path of ['/api/hubs/other/users/bob/:send', `${base}/users/bob/:shout`, `${base}/user/bob/:send`, `${base}/users//:send`,
    `${base}/:send/more`, `${base}/permissions/fly/connections/${unknownId}`]) {
    isError(await request('POST', path, { body: '1', headers: jsonType }), [400, 404, 405], path);
  }
  for (const method of ['PUT', 'DELETE', 'PATCH']) isError(await request(method, send, { body: '1', headers: jsonType }), [404, 405], method);
  isError(await request('PUT', `${base}/permissions/fly/connections/${unknownId}`), [400, 404], 'an unknown permission');
});

check('bodies that are wrong: type, JSON, size; chunked and empty ones', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  const post = (body, type = 'application/json') => request('POST', send, { body, headers: type ? { 'Content-Type': type } : {} });
  isError(await post('{"a":'), 400, 'half of a JSON');
  isError(await post('{"a":1} x'), 400, 'more than a JSON');
  isError(await post(''), 400, 'no JSON');
  isError(await post(Buffer.from('"\xff"', 'latin1')), 400, 'JSON in broken UTF-8');
  isError(await post(Buffer.from('\xff', 'latin1'), 'text/plain'), 400, 'text in broken UTF-8');
  isError(await post('1', 'image/png'), [400, 415], 'an unknown type');
  isError(await post(`"${'x'.repeat(3 << 20)}"`).catch((error) => assert.fail(`${error.cause ?? error}`)), 413, '3 MiB');
  isError(await post('['.repeat(100_000) + ']'.repeat(100_000)), 400, 'deeply nested JSON');
  const chunks = async function* () {
    for (const chunk of ['{"chun', 'ked":', '[1,2,', '3]}']) {
      yield Buffer.from(chunk);
      await sleep(5);
    }
  };
  assert.equal((await post(chunks())).status, 202);
  assert.equal((await post('{"a":1}', 'application/json; charset=utf-8')).status, 202);
  assert.equal((await post('', 'text/plain')).status, 202);
  await bob.hears({ chunked: [1, 2, 3] }, { a: 1 }, '');
});

check('queries that are wrong: 400', async () => {
  const base = `/api/hubs/${hub}`;
  const body = { body: '1', headers: jsonType };
  for (const filter of ['userId', "userId eq 'x", 'userId gt 5', "name eq 'x'", "userId eq 'x' and", '(', "'g' in users", ' ']) {
    isError(await request('POST', `${base}/:send?filter=${encodeURIComponent(filter)}`, body), 400, filter);
  }
  for (const seconds of ['301', '-1', 'x', '1.5']) {
    isError(await request('POST', `${base}/users/bob/:send?messageTtlSeconds=${seconds}`, body), 400, `${seconds} seconds`);
  }
  for (const size of ['0', '201', 'x']) {
    isError(await request('GET', `${base}/groups/g/connections?maxpagesize=${size}`), 400, `pages of ${size}`);
  }
  isError(await request('GET', `${base}/groups/g/connections?continuationToken=nonsense`), 400, 'a continuation token that is none');
  for (const groups of ['{}', '{"groups":"g"}', '{"groups":[]}', '{"groups":[" "]}', '{"groups":["g"],"filter":"("}', '[]']) {
    isError(await request('POST', `${base}/:addToGroups`, { body: groups, headers: jsonType }), 400, groups);
  }
});

check('group and user names at their limits and beyond', async (crew) => {
  const bob = await crew.sdk({ userId: 'bob' });
  const longest = 'ü'.repeat(1024);
  await answers(200, (options) => service.group(longest).addConnection(bob.id, options));
  await service.group(longest).sendToAll(1);
  await bob.hears(1);
  const body = { body: '1', headers: jsonType };
  for (const name of ['x'.repeat(1025), '%20', '%FF', '%zz', '%C3%28']) {
    isError(await request('POST', `/api/hubs/${hub}/groups/${name}/:send`, body), 400, name.slice(0, 20));
  }
  // Split first, decode after, and once only.
  await request('PUT', `/api/hubs/${hub}/groups/a%252Fb/connections/${bob.id}`);
  assert.equal(await service.groupExists('a%2Fb'), true);
  assert.equal(await service.groupExists('a/b'), false);
});

check('a client that asks with a REST call for its upgrade, and requests one behind another on one connection', async () => {
  for (let n = 0; n < 20; n++) {
    const answersOfAll = await Promise.all(Array.from({ length: 10 }, () => request('HEAD', `/api/hubs/${hub}/users/x`)));
    assert.deepEqual(new Set(answersOfAll.map(({ status }) => status)), new Set([404]));
  }
  await assert.rejects(RawClient.open(`${endpoint.replace(/^http/, 'ws')}${send}`, reliable));
});
