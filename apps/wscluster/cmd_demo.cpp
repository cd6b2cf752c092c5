// SPDX-License-Identifier: MIT
#include "commands.hpp"

namespace wscluster::app {

using config::Type;

Command demo_command() {
  return {
      .path = "demo",
      .heading = "Run servers",
      .summary = "Start a private Redis, a gateway and three nodes on loopback",
      .description =
          "Everything listens on loopback, on ports that the system chooses, with a certificate made for this run; "
          "the variables with which every other command reaches it are printed. It ends with Ctrl-C, or with the "
          "command of --exec, and leaves nothing behind. It needs redis-server. With --classroom, the gateways also "
          "serve the page of examples/classroom, and its application server runs beside them: open the address that "
          "is printed in several windows and add, drain or kill nodes meanwhile. It needs node 18 or newer and npm, "
          "which installs what the example's lock file names; and the gateways speak plain HTTP, since a browser "
          "would not trust the certificate.",
      .examples = {{"wscluster demo", "Then copy the printed variables into another shell."},
                   {"wscluster demo --exec 'wscluster ring show'", "Run one command inside it."},
                   {"wscluster demo --classroom --standby 1", "A class in the browser; then 'ring add node-4'."}},
      .flags =
          {{.name = "nodes",
            .value = "N",
            .type = Type::count,
            .default_text = "3",
            .text = "Nodes that enter the ring"},
           {.name = "standby",
            .value = "N",
            .type = Type::count,
            .default_text = "0",
            .text = "Further nodes that wait for 'ring add'"},
           {.name = "gateways", .value = "N", .type = Type::count, .default_text = "1", .text = "Gateways"},
           {.name = "cores", .value = "N", .type = Type::count, .default_text = "1", .text = "Threads of each process"},
           {.name = "raw",
            .value = "MODE",
            .type = Type::choice,
            .choices = {"echo", "relay"},
            .default_text = "relay",
            .text = "What a client's own frame does in the service 'chat'"},
           {.name = "delivery",
            .value = "MODE",
            .type = Type::choice,
            .choices = {"ring", "broadcast"},
            .default_text = "ring",
            .text = "How the service 'chat' finds the node of a user"},
           {.name = "rate",
            .value = "RATE",
            .type = Type::rate,
            .default_text = "500/s",
            .text = "Sessions closed per second when a process drains"},
           {.name = "dir",
            .value = "DIR",
            .default_note = "a temporary one, removed at the end",
            .text = "Directory for sockets, keys and logs",
            .complete = Complete::files},
           {.name = "classroom", .text = "Serve examples/classroom, with its application server"},
           {.name = "exec",
            .value = "CMD",
            .text = "Run CMD with sh(1) when the cluster is ready, then end with its exit code"}},
      .run = run_demo};
}

}  // namespace wscluster::app
