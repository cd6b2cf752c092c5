// SPDX-License-Identifier: MIT
// The page: logs in at the application server, then speaks to the cluster with the stock SDK.
import { WebPubSubClient } from '@azure/web-pubsub-client';

const at = (id) => document.getElementById(id);
const settings = await (await fetch('settings.json')).json();
const me = { name: '', role: '' };

async function logIn() {
  const answer = await fetch(`${settings.application}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(me),
  });
  const { url, error } = await answer.json();
  if (!answer.ok) throw new Error(error);
  return url;
}

// What others wrote is text, never markup.
function line(list, name, text, { className = '', note = '' } = {}) {
  const item = document.createElement('li');
  item.className = className;
  const who = document.createElement('b');
  who.textContent = name;
  const small = document.createElement('small');
  small.textContent = note;
  item.append(who, text, ...(note ? [small] : []));
  list.append(item);
  item.scrollIntoView({ block: 'nearest' });
  return item;
}

// ---------------------------------------------------------------------------------------------------------------------
// What the application server says of the cluster.

let people = [];
const roleOf = (name) => people.find((person) => person.name === name)?.role ?? '';

function showPeople() {
  at('people').replaceChildren();
  for (const { name, role, node } of people) line(at('people'), name, role, { className: role, note: node });
  // Who leaves stays in this list: what was meant for one must not go to everybody.
  const offered = [...at('to').options].map(({ value }) => value);
  for (const { name } of people) if (name !== me.name && !offered.includes(name)) at('to').add(new Option(name));
}

function onCluster({ epoch, people: now, moves }) {
  people = now;
  showPeople();
  at('epoch').textContent = epoch;
  at('node').textContent = people.find(({ name }) => name === me.name)?.node ?? '–';
  for (const { name, from, to } of moves) line(at('moves'), name, `${from} → ${to}`, { note: `epoch ${epoch}` });
}

// ---------------------------------------------------------------------------------------------------------------------
// Messages.

const say = (name, text, more) => line(at('messages'), name, text, { className: roleOf(name), ...more });

function onGroupMessage({ group, fromUserId, data }) {
  if (group === 'cluster') onCluster(data);
  else if (typeof data?.text === 'string') say(fromUserId, data.text);
}

let sent = 0;
const seen = new Set(); // ids of private messages

function onPrivate({ from, text, id }) {
  if (!seen.has(id)) say(from, text, { className: 'private', note: 'to me' });
  seen.add(id);
}

async function send(client, to, text) {
  if (!to) return client.sendToGroup('class', { text }, 'json');
  const item = say(me.name, text, { className: 'private', note: `to ${to}` });
  // The SDK sends it again when it fails; whoever has it already knows it by its id.
  const id = `${me.name} ${Date.now()} ${sent++}`;
  return client.sendEvent('private', { to, text, id }, 'json').catch((error) => {
    item.classList.add('failed');
    throw error;
  });
}

// ---------------------------------------------------------------------------------------------------------------------

function enter() {
  const client = new WebPubSubClient({ getClientAccessUrl: logIn });
  let closes = 0;
  const show = (state) => (at('state').textContent = state);
  client.on('connected', () => {
    show('open');
    if (closes > 0) say('', 'Your session was lost with its node; what was said meanwhile is not here.', { className: 'notice' });
  });
  client.on('disconnected', () => {
    at('closes').textContent = ++closes;
    show('coming back');
  });
  client.on('stopped', () => show('closed'));
  client.on('group-message', ({ message }) => onGroupMessage(message));
  client.on('server-message', ({ message: { data } }) => {
    if (data?.type === 'private') onPrivate(data);
  });
  at('compose').addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = at('text').value;
    at('text').value = '';
    await send(client, at('to').value, text).catch((error) => say('', error.message, { className: 'failed' }));
  });
  return client.start();
}

at('login').addEventListener('submit', async (event) => {
  event.preventDefault();
  me.name = at('name').value.trim();
  me.role = at('role').value;
  try {
    await logIn(); // refused: nothing has begun
    await enter();
  } catch (error) {
    at('refusal').textContent = error.message;
    return;
  }
  at('me').textContent = `${me.name} (${me.role})`;
  at('login').hidden = true;
  at('room').hidden = false;
});
