// SPDX-License-Identifier: MIT
// An application server: it hands out tokens, hears of clients, answers their events and sends by itself.
//
// The cluster's configuration names it, and the access key is the one that the server has:
//
//   services:
//     chat: {key_files: [access.key], webhook_url: "http://127.0.0.1:3000/events/"}
//
//   npm ci
//   export WebPubSubConnectionString="Endpoint=http://127.0.0.1:8080;AccessKey=$(cat access.key);Version=1.0;"
//   node server.mjs
//
//   curl 'http://127.0.0.1:3000/negotiate?user=alice'       an address with a token, for any client of the protocol
//   curl -d 'The lift is out of order' http://127.0.0.1:3000/announce
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubEventHandler } from '@azure/web-pubsub-express';
import express from 'express';
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto; // the SDK wants it, and node 18 has it under this name only

const hub = 'chat';
const service = new WebPubSubServiceClient(process.env.WebPubSubConnectionString, hub, { allowInsecureConnection: true });

const handler = new WebPubSubEventHandler(hub, {
  path: '/events/',
  // Before a client comes in: who it is, what it may do, and what we want to remember of it.
  handleConnect: (request, response) => {
    if (request.context.userId === 'mallory') {
      response.fail(401, 'not you');
      return;
    }
    response.setState('events', 0);
    response.success({ groups: ['lobby'], roles: ['webpubsub.sendToGroup.lobby'] });
  },
  onConnected: ({ context }) => console.log(`${context.userId} is connected`),
  onDisconnected: ({ context, reason }) => console.log(`${context.userId} is gone: ${reason}`),
  // The answer goes to the client as a message from the server.
  handleUserEvent: ({ context, data }, response) => {
    const events = context.states.events + 1;
    response.setState('events', events);
    response.success(JSON.stringify({ event: context.eventName, events, echo: data }), 'json');
  },
});

const application = express();
application.use(handler.getMiddleware());
application.get('/negotiate', async ({ query }, response) => {
  // An application knows from its own session who asks.
  const { url } = await service.getClientAccessToken({ userId: String(query.user ?? '') || undefined });
  response.json({ url });
});
application.post('/announce', express.text({ type: '*/*' }), async ({ body }, response) => {
  await service.group('lobby').sendToAll(body, { contentType: 'text/plain' });
  response.sendStatus(202);
});

const server = application.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () =>
  console.log(`listening on http://127.0.0.1:${server.address().port}`));
