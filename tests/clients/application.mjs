// SPDX-License-Identifier: MIT
// usage: node application.mjs PORT
// An application server behind the gateway's route /app/**: answers with what it was asked, or with a page at /app/page, counts
// requests for /app/secret, and returns what WebSockets of /app/echo say; it accepts no others.
import http from 'node:http';
import { WebSocketServer } from 'ws';

let secrets = 0;
const server = http.createServer((request, response) => {
  if (request.url === '/app/secret') secrets += 1;
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    const body = Buffer.concat(pieces);
    const isPage = request.url === '/app/page';
    const answer = isPage ? '<!doctype html><title>wscluster</title>' : `${JSON.stringify({ method: request.method, url: request.url, bytes: body.length, headers: request.headers, secrets })}\n`;
    response.writeHead(200, { 'Content-Type': isPage ? 'text/html' : 'application/json', 'Content-Length': Buffer.byteLength(answer) });
    response.end(answer);
  });
});
const echo = new WebSocketServer({ noServer: true, perMessageDeflate: false });
echo.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => {});
  if (request.url.startsWith('/app/echo')) return echo.handleUpgrade(request, socket, head, (accepted) => echo.emit('connection', accepted));
  socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n');
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('listening'));
