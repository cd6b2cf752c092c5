// SPDX-License-Identifier: MIT
// A client for tests/examples/run: connects at argv[2], sends the event argv[3] if there is one, and prints a line for each
// message until it is told to end.
import { WebPubSubClient } from '@azure/web-pubsub-client';

const [, , url, event] = process.argv;
const client = new WebPubSubClient(url);
const print = ({ message }) => console.log(typeof message.data === 'string' ? message.data : JSON.stringify(message.data));
client.on('group-message', print);
client.on('server-message', print);
client.on('connected', async ({ connectionId }) => {
  console.log(`connected ${connectionId}`);
  if (event) await client.sendEvent(event, { n: 1 }, 'json');
});
client.on('stopped', () => process.exit()); // its timers would keep the process for half a minute
process.on('SIGTERM', () => client.stop());
await client.start();
