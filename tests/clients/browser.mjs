// SPDX-License-Identifier: MIT
// usage: node browser.mjs PORT KEY
// Headless Chromium at the gateway's TLS port: a page of the application behind it, requests and a WebSocket of that page. KEY
// is the digest of the public key that it may trust without asking.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const [port, key] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', `--ignore-certificate-errors-spki-list=${key}`],
});
try {
  const page = await browser.newPage();
  const answer = await page.goto(`https://localhost:${port}/app/page`);
  assert.equal(answer.status(), 200);
  assert.equal((await answer.securityDetails()).protocol, 'TLS 1.3');
  const seen = await page.evaluate(async () => {
    const posted = await (await fetch('/app/post', { method: 'POST', body: 'x'.repeat(100_000) })).json();
    const health = (await fetch('/api/health', { method: 'HEAD' })).status;
    const socket = new WebSocket(`wss://${location.host}/echo?uid=chromium`);
    socket.binaryType = 'arraybuffer';
    const next = (event) => new Promise((resolve, reject) => {
      socket.addEventListener(event, resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error('the WebSocket failed')), { once: true });
    });
    await next('open');
    const heard = [];
    for (const payload of ['grüße', 'x'.repeat(100_000), Uint8Array.of(0, 255, 128)]) {
      socket.send(payload);
      const { data } = await next('message');
      heard.push(typeof data === 'string' ? data === payload : String(new Uint8Array(data)) === String(payload));
    }
    socket.close(4321, 'bye');
    const { code, wasClean } = await next('close');
    return { bytes: posted.bytes, proto: posted.headers['x-forwarded-proto'], health, heard, code, wasClean, extensions: socket.extensions };
  });
  assert.deepEqual(seen,
    { bytes: 100_000, proto: 'https', health: 200, heard: [true, true, true], code: 4321, wasClean: true, extensions: '' });
} finally {
  await browser.close();
}
