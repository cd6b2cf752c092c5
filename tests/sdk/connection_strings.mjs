// SPDX-License-Identifier: MIT
// T10: how SDKs are pointed at the cluster, and whose tokens it takes.
import { AzureKeyCredential } from '@azure/core-auth';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient } from '@azure/web-pubsub-client';
import assert from 'node:assert/strict';
import { RawClient, Refused, accessUrl, check, endpoint, hub, key, reliable, until, way, wscluster } from './harness.mjs';

const { protocol, hostname, port } = new URL(endpoint);
const ws = endpoint.replace(/^http/, 'ws');
const insecure = { allowInsecureConnection: true };
const options = way === 'gateway' ? {} : insecure;
const token = async (...words) => (await wscluster('token', ...words)).trim();

async function works(crew, service) {
  const client = new WebPubSubClient({ getClientAccessUrl: async () => (await service.getClientAccessToken({ userId: 'zoe' })).url });
  crew.later(() => client.stop());
  const heard = [];
  client.on('server-message', ({ message }) => heard.push(message.data));
  await client.start();
  await service.sendToUser('zoe', { hello: 1 });
  await until(() => heard.length === 1, 'the message');
  assert.deepEqual(heard, [{ hello: 1 }]);
}

check('an endpoint and a key', (crew) => works(crew, new WebPubSubServiceClient(endpoint, new AzureKeyCredential(key), hub, options)));
check('an endpoint with a slash at its end', (crew) =>
  works(crew, new WebPubSubServiceClient(`${endpoint}/`, new AzureKeyCredential(key), hub, options)));
check('a connection string', (crew) => works(crew, new WebPubSubServiceClient(
  `Endpoint=${protocol}//${hostname};Port=${port};AccessKey=${key};Version=1.0;`, hub, options)));
check('a hub in large letters', (crew) => works(crew, new WebPubSubServiceClient(endpoint, new AzureKeyCredential(key), 'CHAT', options)));
check('the name localhost instead of the address', (crew) =>
  works(crew, new WebPubSubServiceClient(endpoint.replace('127.0.0.1', 'localhost'), new AzureKeyCredential(key), hub, options)));
check('an endpoint behind which another host stands (reverseProxyEndpoint)', async () => {
  const service = new WebPubSubServiceClient(`${protocol}//chat.example.com`, new AzureKeyCredential(key), hub,
    { ...insecure, reverseProxyEndpoint: endpoint });
  await service.sendToUser('nobody', 1);
});

if (way === 'gateway') {
  check('without its authority the certificate is refused', async () => {
    await assert.rejects(RawClient.open(await accessUrl({ userId: 'zoe' }), reliable, { ca: [] }), /self-signed|unable to/);
  });
} else {
  check('without allowInsecureConnection the SDK itself refuses http', async () => {
    const service = new WebPubSubServiceClient(endpoint, new AzureKeyCredential(key), hub);
    await assert.rejects(service.userExists('zoe'), /allowInsecureConnection/);
  });
}

check("a client with a token of 'wscluster token'", async (crew) => {
  const made = await token('--uid', 'yan', '--role', 'webpubsub.sendToGroup.user:zoe', '--ttl', '5m');
  const client = new WebPubSubClient(`${ws}/client/hubs/${hub}?access_token=${made}`, { messageRetryOptions: { maxRetries: 0 } });
  crew.later(() => client.stop());
  const connected = new Promise((resolve) => client.on('connected', resolve));
  await client.start();
  assert.equal((await connected).userId, 'yan');
  const zoe = await crew.sdk({ userId: 'zoe' });
  await client.sendToGroup('user:zoe', 'hello', 'text');
  await zoe.hears('hello');
  await assert.rejects(client.sendToGroup('user:other', 'hello', 'text'), /Failed to send/);
});

check("a client of the service's own path with the same token and with one of the SDK", async (crew) => {
  for (const made of [await token('--uid', 'raw'), new URL(await accessUrl({ userId: 'raw' })).searchParams.get('access_token')]) {
    const raw = await crew.raw(`${ws}/ws?access_token=${made}`, reliable);
    assert.equal((await raw.connected()).userId, 'raw');
  }
});

check("an application's call with a token of 'wscluster token --api'", async () => {
  const path = `/api/hubs/${hub}/users/zoe/:send`;
  const authorization = { Authorization: `Bearer ${await token('--api', path)}`, 'Content-Type': 'application/json' };
  assert.equal((await fetch(`${endpoint}${path}`, { method: 'POST', body: '1', headers: authorization })).status, 202);
  const other = `/api/hubs/${hub}/users/eve/:send`;
  assert.equal((await fetch(`${endpoint}${other}`, { method: 'POST', body: '1', headers: authorization })).status, 401);
});

check('a token that ended', async () => {
  const made = await token('--uid', 'late', '--ttl', '1s');
  // Clocks may differ by five minutes; a token of the far past is in the scenario of edges.
  const raw = await RawClient.open(`${ws}/client/hubs/${hub}?access_token=${made}`, reliable);
  raw.socket.close(1000);
  await assert.rejects(RawClient.open(`${ws}/client/hubs/${hub}?access_token=${made.slice(0, -1)}`, reliable), Refused);
});

check("the CLI's message to a client of the SDK", async (crew) => {
  const zoe = await crew.sdk({ userId: 'zoe' });
  await wscluster('send', '--to', 'zoe', '--message', 'from the operator');
  await zoe.receives(1);
  assert.match(JSON.stringify(zoe.data[0]), /from the operator/);
});
