// SPDX-License-Identifier: MIT
// HTTP/1 and TLS that must not come through (GATEWAY.md, d 18 to 21 and 29): each has its status or its end, and is counted.
import assert from 'node:assert/strict';
import { add, counted, ended, expectAlive, failedHandshakes, settled } from './cases.mjs';
import { Wire, authority, connect, isTls, path, upgrade, userPath } from './wire.mjs';

const requests = 'wscluster_http_requests_total';
const send = userPath('witness', ':send');
const host = `Host: ${authority}`;
const head = (...lines) => [...lines, '', ''].join('\r\n');
const post = (...lines) => head(`POST ${send} HTTP/1.1`, host, 'Content-Type: text/plain', ...lines);

// One answer, the end of the connection and one more of `reason`; nothing of it is executed.
function rejected(id, what, bytes, status, reason = 'protocol_error') {
  add(id, `${what}: ${status}, counted as ${reason}`, async (wires) => {
    await settled();
    await counted({ [ended(reason)]: 1, [requests]: 0 }, async () => {
      const wire = await Wire.open();
      wires.push(wire);
      await wire.send(typeof bytes === 'function' ? bytes() : bytes);
      const answer = await wire.answer();
      assert.equal(answer.status, status, answer.all + answer.body);
      assert.deepEqual(answer.values('connection'), ['close']);
      await wire.end();
      wire.destroy();
    });
  }, { isAlone: true });
}

// ---------------------------------------------------------------------------------------------------------------------
// Where a body ends.

// What another parser would take for the next request.
const hidden = head(`POST ${send} HTTP/1.1`, host, 'Content-Type: text/plain', 'Content-Length: 3') + 'bad';
rejected('length-te-cl', 'Transfer-Encoding and Content-Length', () => post('Transfer-Encoding: chunked', 'Content-Length: 5') + `0\r\n\r\n${hidden}`, 400);
rejected('length-cl-te', 'Content-Length and Transfer-Encoding', () => post('Content-Length: 5', 'Transfer-Encoding: chunked') + `0\r\n\r\n${hidden}`, 400);
rejected('length-cl-cl', 'two Content-Lengths that differ', () => post('Content-Length: 3', 'Content-Length: 0') + 'abc', 400);
rejected('length-cl-cl-same', 'two Content-Lengths that agree', () => post('Content-Length: 3', 'Content-Length: 3') + 'abc', 400);
for (const [name, value] of Object.entries({ list: '3, 3', plus: '+3', minus: '-3', hex: '0x3', fraction: '3.0', text: 'three', empty: '', space: '3 3', huge: '99999999999999999999999' })) {
  rejected(`length-cl-${name}`, `Content-Length: ${value}`, () => `${post(`Content-Length: ${value}`)}abc`, 400);
}
const chunked = (body, ...lines) => () => post('Transfer-Encoding: chunked', ...lines) + body;
rejected('length-te-te', 'chunked on two lines', chunked('0\r\n\r\n', 'Transfer-Encoding: chunked'), 400);
for (const [name, value] of Object.entries({ gzip: 'gzip, chunked', identity: 'identity', unknown: 'xchunked', quoted: '"chunked"', twice: 'chunked, chunked', last: 'chunked, identity' })) {
  rejected(`length-te-${name}`, `Transfer-Encoding: ${value}`, () => `${post(`Transfer-Encoding: ${value}`)}0\r\n\r\n`, 501);
}
rejected('length-te-1.0', 'chunks from HTTP/1.0', () => post('Transfer-Encoding: chunked').replace('HTTP/1.1', 'HTTP/1.0'), 400);
for (const [name, what, body] of [
  ['letters', 'a chunk size of letters', 'zz\r\n'], ['empty', 'no chunk size', '\r\nabc\r\n0\r\n\r\n'], ['minus', 'a chunk size of -1', '-1\r\n'],
  ['0x', 'a chunk size of 0x3', '0x3\r\nabc\r\n0\r\n\r\n'], ['space', 'a space before the chunk size', ' 3\r\nabc\r\n0\r\n\r\n'],
  ['overflow', 'a chunk size beyond 64 bits', 'fffffffffffffffff\r\n'], ['no-end', 'a chunk that is longer than it says', '3\r\nabcd\r\n0\r\n\r\n'],
  ['lf', 'a chunk size that ends with LF alone', '3\nabc\r\n0\r\n\r\n'], ['nul', 'NUL in a chunk size', '3\0\r\nabc\r\n0\r\n\r\n'],
]) {
  rejected(`chunk-${name}`, what, chunked(body), 400);
}
rejected('chunk-extension', 'an extension of a chunk that does not end', chunked(`3;${'x'.repeat(20_000)}`), 431, 'limit');
rejected('chunk-trailers', 'trailers over the limit', chunked(`0\r\n${'X-A: 1\r\n'.repeat(3000)}`), 431, 'limit');
rejected('body-over', 'a Content-Length over the limit', () => post('Content-Length: 1048577'), 413, 'limit');
rejected('body-over-chunks', 'chunks over the limit', chunked(`100001\r\n${'x'.repeat(0x100001)}\r\n`), 413, 'limit');

// ---------------------------------------------------------------------------------------------------------------------
// Heads.

const get = (...lines) => head('GET /api/health HTTP/1.1', host, ...lines);
rejected('head-lf-line', 'LF alone behind the request line', () => get().replace('\r\n', '\n'), 400);
rejected('head-lf-field', 'LF alone behind a field', () => get('X-A: 1').replace('1\r\n', '1\n'), 400);
rejected('head-lf-all', 'LF alone everywhere', () => get().replaceAll('\r\n', '\n'), 400);
rejected('head-cr', 'CR alone in a value', () => get('X-A: 1\rX-B: 2'), 400);
rejected('head-fold', 'a field that is folded', () => get('X-A: 1', ' 2'), 400);
rejected('head-fold-tab', 'a field that is folded with a tab', () => get('X-A: 1', '\t2'), 400);
rejected('head-fold-first', 'a first field that begins with a space', () => `GET /api/health HTTP/1.1\r\n ${get().split('\r\n')[1]}\r\n\r\n`, 400);
rejected('head-nul-value', 'NUL in a value', () => get('X-A: 1\0'), 400);
rejected('head-nul-name', 'NUL in a name', () => get('X\0A: 1'), 400);
rejected('head-nul-target', 'NUL in the target', () => get().replace('health', 'hea\0lth'), 400);
rejected('head-control', 'a control character in a value', () => get('X-A: 1\x01'), 400);
rejected('head-space-colon', 'a space before the colon', () => get('X-A : 1'), 400);
rejected('head-te-space-colon', 'Transfer-Encoding with a space before the colon', () => post('Transfer-Encoding : chunked') + '0\r\n\r\n', 400);
rejected('head-no-colon', 'a field without a colon', () => get('X-A'), 400);
rejected('head-no-name', 'a field without a name', () => get(': 1'), 400);
rejected('head-two-spaces', 'two spaces in the request line', () => get().replace('GET ', 'GET  '), 400);
rejected('head-tab', 'a tab in the request line', () => get().replace('GET ', 'GET\t'), 400);
rejected('head-no-slash', 'a target without a slash', () => get().replace('/api', 'api'), 400);
rejected('head-connect', 'CONNECT', () => head('CONNECT example.org:443 HTTP/1.1', 'Host: example.org:443'), 400);
rejected('head-http-0.9', 'HTTP/0.9', 'GET /api/health\r\n\r\n', 400);
rejected('head-other-host', 'an absolute target of another host', () => get().replace('/api', 'http://other.example/api'), 400);
rejected('head-no-host', 'no Host', 'GET /api/health HTTP/1.1\r\n\r\n', 400);
rejected('head-two-hosts', 'two Hosts', () => get('Host: other.example'), 400);
rejected('head-preface', 'the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505);
rejected('head-garbage', 'bytes that are no HTTP', Buffer.from([0x16, 0x03, 0x01, 0x00, 0xa5, 0x01, 0x00, 0x00]), 400);
rejected('head-long-line', 'a request line over the limit', () => `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n`, 431, 'limit');
rejected('head-long-field', 'a field over the limit', () => get(`X-A: ${'x'.repeat(20_000)}`), 431, 'limit');
rejected('head-flood', '5,000 fields', () => get(...Array.from({ length: 5000 }, (_, i) => `X-${i}: 1`)), 431, 'limit');
rejected('head-flood-endless', 'fields without an end', () => `GET / HTTP/1.1\r\n${'X-A: 1\r\n'.repeat(3000)}`, 431, 'limit');
rejected('head-flood-upgrade', 'an upgrade with 5,000 fields', () => upgrade({ more: Array.from({ length: 5000 }, (_, i) => `X-${i}: 1`) }), 431, 'limit');

add('head-many-fields', '500 fields within the limit: 200', async (wires) => {
  const wire = await Wire.open();
  wires.push(wire);
  await wire.send(get(...Array.from({ length: 500 }, (_, i) => `X-${i}: 1`)));
  assert.equal((await wire.answer()).status, 200);
});
add('head-pipelined', 'ten requests in one segment: ten answers in their order', async (wires) => {
  const wire = await Wire.open();
  wires.push(wire);
  await wire.send(Array.from({ length: 10 }, (_, i) => (i % 2 ? get() : head('GET /conformance HTTP/1.1', host))).join(''));
  for (let i = 0; i < 10; ++i) assert.equal((await wire.answer()).status, i % 2 ? 200 : 426);
});
for (const [id, what, bytes] of [['head-slow', 'half a head and then nothing', 'GET / HTTP/1.1\r\nX-A'], ['body-slow', 'half a body and then nothing', `${post('Content-Length: 10')}half`]]) {
  add(id, `${what}: 408 after the deadline`, async (wires) => {
    const wire = await Wire.open();
    wires.push(wire);
    await wire.send(bytes);
    assert.equal((await wire.answer()).status, 408);
    await wire.end();
  });
}
add('body-early-end', 'the end of the stream inside a body: no answer', async (wires) => {
  const wire = await Wire.open();
  wires.push(wire);
  await wire.send(`${post('Content-Length: 10')}half`);
  wire.finish();
  await wire.end();
});

// ---------------------------------------------------------------------------------------------------------------------
// Requests that hide behind an upgrade. The witness would hear of each one that is executed.

const smuggled = () => head(`POST ${send} HTTP/1.1`, host, 'Content-Type: text/plain', 'Content-Length: 8') + 'smuggled';
add('smuggle-control', 'the same request by itself is executed: its addressee hears it', async (wires) => {
  const wire = await connect(wires, { target: path('addressee') });
  const other = await Wire.open();
  wires.push(other);
  await other.send(smuggled().replace(send, userPath('addressee', ':send')));
  assert.ok([200, 202, 204].includes((await other.answer()).status));
  assert.equal((await wire.frame()).payload.toString(), 'smuggled');
});
for (const [name, what, request, status] of [
  ['version', 'an upgrade of another version', () => upgrade({ fields: { 'Sec-WebSocket-Version': '8' } }), 426],
  ['key', 'an upgrade with a bad key', () => upgrade({ fields: { 'Sec-WebSocket-Key': 'x' } }), 400],
  ['path', 'an upgrade of an unknown path', () => upgrade({ target: '/nowhere?uid=a' }), 404],
  ['user', 'an upgrade without a user', () => upgrade({ target: '/conformance' }), 400],
  ['method', 'an upgrade with POST', () => upgrade({ line: `POST ${path()} HTTP/1.1` }), 405],
  ['origin', 'an upgrade of another origin', () => upgrade({ more: ['Origin: https://evil.example'] }), 403],
]) {
  rejected(`smuggle-${name}`, `a request behind ${what} is not executed`, () => request() + smuggled(), status, 'refused');
}
add('smuggle-later', 'a request behind the answer to a refused upgrade is not executed, either', async (wires) => {
  await settled();
  await counted({ [requests]: 0 }, async () => {
    const wire = await Wire.open();
    wires.push(wire);
    await wire.send(upgrade({ target: '/nowhere?uid=a' }));
    assert.equal((await wire.answer()).status, 404);
    wire.socket.write(smuggled());
    await wire.end();
    wire.destroy();
    await settled();
  });
}, { isAlone: true });

if (isTls) {
  const secrets = async (wires) => {
    const wire = await Wire.open();
    wires.push(wire);
    await wire.send(head('GET /app/count HTTP/1.1', host, 'Connection: close'));
    const answer = await wire.answer();
    assert.equal(answer.status, 200, answer.all);
    return JSON.parse(answer.body).secrets;
  };
  add('smuggle-route', 'a request behind an upgrade that a server behind a route refuses is not executed', async (wires) => {
    const before = await secrets(wires);
    const wire = await Wire.open();
    wires.push(wire);
    await wire.send(upgrade({ target: '/app/socket' }), head('GET /app/secret HTTP/1.1', host));
    const answer = await wire.answer();
    assert.equal(answer.status, 403, answer.all + answer.body);
    await wire.end();
    assert.equal(await secrets(wires), before);
    // By itself it is counted.
    const other = await Wire.open();
    wires.push(other);
    await other.send(head('GET /app/secret HTTP/1.1', host));
    assert.equal((await other.answer()).status, 200);
    assert.equal(await secrets(wires), before + 1);
  }, { isAlone: true });
}

// Bodies that a route passes on while they come: what is broken ends there, with the connection.
if (isTls) {
  const toApplication = (...lines) => head('POST /app/broken HTTP/1.1', host, ...lines);
  for (const [name, what, request, status] of [
    ['te-cl', 'Transfer-Encoding and Content-Length', () => toApplication('Transfer-Encoding: chunked', 'Content-Length: 5') + '0\r\n\r\n', 400],
    ['cl-cl', 'two Content-Lengths', () => toApplication('Content-Length: 3', 'Content-Length: 3') + 'abc', 400],
    ['te', 'gzip, chunked', () => toApplication('Transfer-Encoding: gzip, chunked') + '0\r\n\r\n', 501],
    ['chunk', 'a chunk size of letters', () => toApplication('Transfer-Encoding: chunked') + 'zz\r\n', 400],
    ['chunk-later', 'a good chunk and a bad one', () => toApplication('Transfer-Encoding: chunked') + '3\r\nabc\r\nzz\r\n', 400],
    ['chunk-length', 'a chunk that is longer than it says', () => toApplication('Transfer-Encoding: chunked') + '3\r\nabcd\r\n0\r\n\r\n', 400],
  ]) {
    add(`route-${name}`, `${what}, for an application: ${status}, counted as protocol_error`, async (wires) => {
      await settled();
      await counted({ [ended('protocol_error')]: 1 }, async () => {
        const wire = await Wire.open();
        wires.push(wire);
        await wire.send(request());
        const answer = await wire.answer();
        assert.equal(answer.status, status, answer.all + answer.body);
        await wire.end();
        wire.destroy();
      });
    }, { isAlone: true });
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// TLS where none is spoken, and what is no TLS.

function failedHandshake(id, what, misdeed) {
  add(id, `${what}: counted as a failed handshake`, async (wires) => {
    await settled();
    await counted({ [ended('handshake')]: 1, [failedHandshakes]: 1 }, () => misdeed(wires));
  }, { isAlone: true });
}
// With what Node says of the alert that the server has sent.
function refusedHandshake(id, what, options, alert) {
  failedHandshake(id, what, () => assert.rejects(Wire.open({ options }), (error) => alert.test(error.code ?? error.message) || assert.fail(`${error.code}: ${error.message}`)));
}

if (isTls) {
  failedHandshake('tls-plain-http', 'plain HTTP on the TLS port: 400 in plain text', async (wires) => {
    const wire = await Wire.open({ secure: false });
    wires.push(wire);
    await wire.send(get());
    const answer = await wire.answer();
    assert.equal(answer.status, 400);
    assert.match(answer.body, /TLS/);
    await wire.end();
    wire.destroy();
  });
  failedHandshake('tls-garbage', 'bytes that are neither TLS nor HTTP: an end, no answer in plain text', async (wires) => {
    const wire = await Wire.open({ secure: false });
    wires.push(wire);
    await wire.send(Buffer.alloc(600, 0x2a));
    await wire.over();
    assert.ok(!wire.received.includes('HTTP'), wire.received.toString('latin1'));
    wire.destroy();
  });
  failedHandshake('tls-preface', 'the preface of HTTP/2 in plain text', async (wires) => {
    const wire = await Wire.open({ secure: false });
    wires.push(wire);
    await wire.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await wire.over();
    wire.destroy();
  });
  refusedHandshake('tls-h2-only', 'a client that speaks HTTP/2 only: no_application_protocol', { ALPNProtocols: ['h2'] }, /NO_APPLICATION_PROTOCOL/);
  refusedHandshake('tls-1.1', 'TLS 1.1: protocol_version', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }, /PROTOCOL_VERSION/);
  refusedHandshake('tls-cipher', 'a cipher without forward secrecy: handshake_failure', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }, /HANDSHAKE_FAILURE/);
  add('tls-renegotiation', 'renegotiation of TLS 1.2 is refused: no_renegotiation', async (wires) => {
    const wire = await Wire.open({ options: { maxVersion: 'TLSv1.2' } });
    wires.push(wire);
    let isDone = false;
    wire.socket.renegotiate({ rejectUnauthorized: false }, (error) => (isDone = !error));
    await wire.over();
    assert.ok(!isDone, 'the server has renegotiated');
    assert.match(wire.failure?.code ?? 'no alert', /NO_RENEGOTIATION/);
  });
  add('tls-no-alpn', 'a client without ALPN is served', async (wires) => {
    const wire = await Wire.open({ options: { ALPNProtocols: undefined } });
    wires.push(wire);
    await wire.send(upgrade());
    assert.equal((await wire.head()).status, 101);
    await expectAlive(wire);
  });
} else {
  add('tls-on-plain', 'a TLS client on the plain port: 400, and no TLS', async () => {
    await settled();
    await counted({ [ended('protocol_error')]: 1 }, () => assert.rejects(Wire.open({ secure: true }), /WRONG_VERSION|wrong version|PACKET_LENGTH/i));
  }, { isAlone: true });
}
