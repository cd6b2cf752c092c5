// SPDX-License-Identifier: MIT
// Pages of the classroom, what they show, and what their WebSockets went through; and the cluster beneath them.
import { chromium } from 'playwright-core';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';

const { BROWSER_BINARY: binary, BROWSER_SCREENSHOTS: screenshots, DEMO_DIR: place, WSCLUSTER_CONFIG } = process.env;

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
export async function until(holds, what, milliseconds = 20_000) {
  for (const end = Date.now() + milliseconds; ; await sleep(20)) {
    const value = await holds();
    if (value) return value;
    assert.ok(Date.now() < end, `${typeof what === 'function' ? await what() : what} was awaited in vain`);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The cluster.

const execute = promisify(execFile);
export const wscluster = async (...words) => (await execute(binary, words, { env: { ...process.env, WSCLUSTER_CONFIG } })).stdout;

const portOf = (member, kind) =>
  fs.readFileSync(`${place}/${member}.ports`, 'utf8').split('\n').find((line) => line.startsWith(`${kind} `)).split(' ')[1];
export const gateway = new URL(`http://${portOf('gateway-1', 'clients')}/`);
export const application = `http://${portOf('classroom', 'application')}`;
export const secretOf = (file) => fs.readFileSync(`${place}/${file}`, 'utf8').trim();
export const site = `${place}/classroom/site`;
export const hasLogged = (member, text) => fs.readFileSync(`${place}/${member}.log`, 'utf8').includes(text);

// [{uid, node, then}]: who owns each name now, and with node-4 in the ring.
export const ownersOf = async (names) =>
  JSON.parse(await wscluster('ring', 'owner', ...names, '--with', 'node-4', '-o', 'json')).owners;

// So many nodes are up, and nothing is under way.
export async function isComplete(count) {
  const { nodes, change } = JSON.parse(await wscluster('ring', 'show', '-o', 'json'));
  return !change && nodes.filter(({ state }) => state === 'up').length === count;
}
export const epoch = async () => JSON.parse(await wscluster('ring', 'show', '-o', 'json')).epoch;

// The demo is our parent; its children are the members.
export function signal(member, name) {
  const children = fs.readFileSync(`/proc/${process.ppid}/task/${process.ppid}/children`, 'utf8').trim().split(' ');
  const pid = children.find((child) => fs.readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(`\0--name\0${member}\0`));
  process.kill(Number(pid), name);
}

// The sum of a metric of the gateway over all labels that hold `label`.
export async function metric(name, label = '') {
  const text = await (await fetch(`http://${portOf('gateway-1', 'admin')}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// Pages.

let browser = null;
export const startBrowser = async () => {
  // As root, as in containers, Chromium has no sandbox; the pages are ours.
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
};
export const stopBrowser = () => browser?.close();

export class Page {
  sockets = 0;
  closes = 0;
  errors = [];
  #said = Promise.resolve();

  static async open() {
    const self = new Page();
    const context = await browser.newContext({ viewport: { width: 1120, height: 560 } });
    self.page = await context.newPage();
    self.page.on('websocket', (socket) => {
      self.sockets++;
      socket.on('close', () => self.closes++);
    });
    self.page.on('pageerror', (error) => self.errors.push(error.message));
    await self.page.goto(gateway.href);
    return self;
  }

  async logIn(name, role) {
    this.name = name;
    await this.page.fill('#name', name);
    await this.page.selectOption('#role', role);
    await this.page.click('#login button');
    return this;
  }
  static async of(name, role) {
    const self = await (await Page.open()).logIn(name, role);
    await self.page.waitForSelector('#room:not([hidden])');
    return self;
  }

  text(id) {
    return this.page.textContent(`#${id}`);
  }
  lines(id) {
    return this.page.locator(`#${id} li`).allTextContents();
  }
  // [{name, node}] as the page shows it
  people() {
    return this.page.locator('#people li').evaluateAll((items) =>
      items.map((item) => ({ name: item.querySelector('b').textContent, node: item.querySelector('small').textContent })));
  }
  // What the page shows that begins with `mark`, in order; with `only`, of those items.
  async heard(mark, only = '') {
    return this.page.locator(`#messages li${only}`).evaluateAll((items, prefix) =>
      items.map((item) => item.childNodes[1].textContent).filter((text) => text.startsWith(prefix)), mark);
  }
  // One after the other, whoever asks.
  say(text, to = '') {
    this.#said = this.#said.then(async () => {
      await this.page.selectOption('#to', to);
      await this.page.fill('#text', text);
      await this.page.click('#compose button');
    });
    return this.#said;
  }
  screenshot(name) {
    return this.page.screenshot({ path: `${screenshots}/${name}.png` });
  }
}
