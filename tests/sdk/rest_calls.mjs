// SPDX-License-Identifier: MIT
// Calls of the data plane and their status: through the application's SDK, and by hand.
import assert from 'node:assert/strict';
import { endpoint, hub, key, serviceAt } from './harness.mjs';
import jwt from 'jsonwebtoken';

export const service = serviceAt();
export const unknownId = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

// The status with which the call was answered; the SDK throws where it is not one of those it expects.
async function statusOf(call) {
  let status;
  await call({ onResponse: (response) => { status = response.status; } });
  return status;
}
export const answers = async (status, call) => assert.equal(await statusOf(call), status, `${call}`);
export const fails = (statusCode, promise, what) => assert.rejects(promise, (error) => {
  assert.equal(error.statusCode, statusCode, `${what}: ${error.message}`);
  return true;
});

// A call by hand. `sign: null`: without a token.
export async function request(method, path, { body, headers = {}, sign = {}, secret = key } = {}) {
  const url = `${endpoint}${path}`;
  const authorization = sign && { Authorization: `Bearer ${jwt.sign({ aud: url, exp: Math.floor(Date.now() / 1000) + 600, ...sign }, secret)}` };
  const response = await fetch(url, { method, body, headers: { ...authorization, ...headers }, duplex: 'half' });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
export const send = `/api/hubs/${hub}/users/bob/:send?api-version=2024-12-01`;
export const jsonType = { 'Content-Type': 'application/json' };
