// SPDX-License-Identifier: MIT
// A minimal server with `ws`: what one client says goes to all others. Prints its port.
import {WebSocketServer} from "ws";

const server = new WebSocketServer({port: 0, host: "127.0.0.1", perMessageDeflate: false, backlog: 4096}, () =>
    console.log(server.address().port));
server.on("connection", client => {
  client.on("error", () => {});
  client.on("message", (data, isBinary) => {
    for (const other of server.clients) {
      if (other !== client) other.send(data, {binary: isBinary});
    }
  });
});
