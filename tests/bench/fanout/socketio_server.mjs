// SPDX-License-Identifier: MIT
// One process of a Socket.IO cluster: everybody is in one room, and what is published goes there over the Redis adapter.
// Prints its port.
//
//   node socketio_server.mjs REDIS_SOCKET
import {createAdapter} from "@socket.io/redis-adapter";
import {createServer} from "node:http";
import {createClient} from "redis";
import {Server} from "socket.io";

const publisher = createClient({socket: {path: process.argv[2]}});
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);
const http = createServer();
const io = new Server(http, {adapter: createAdapter(publisher, subscriber), transports: ["websocket"]});
io.on("connection", socket => {
  socket.join("g");
  socket.on("publish", text => socket.broadcast.to("g").emit("message", text));
});
http.listen({port: 0, host: "127.0.0.1", backlog: 4096}, () => console.log(http.address().port));
