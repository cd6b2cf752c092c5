// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "serve_check.hpp"

namespace wscluster::app {

Command serve_node_command() {
  Command command{
      .path = "serve-node",
      .heading = "Run servers",
      .summary = "Hold the sessions of the users this node owns",
      .description =
          "Registers in Redis, links itself to every other process, enters the ring and holds the sessions of the "
          "users whose keys it owns. Serves clients that connect directly, too, whoever owns them.\n\n"
          "SIGTERM and SIGINT drain: the node leaves the ring, its sessions go to their new owners, and it ends when "
          "it "
          "is empty or after --drain-timeout; a second signal ends it at once. SIGHUP reads the configuration again.",
      .examples = {{"wscluster serve-node --name node-1 --config node.yaml", ""},
                   {"wscluster serve-node --name node-4 --standby", "Wait for 'wscluster ring add node-4'."},
                   {"wscluster serve-node --check", "Only look whether the configuration can be used."}},
      .flags = {{.name = "check", .text = "Check the configuration and exit"}},
      .roles = config::Roles::node,
      .run = [](const Invocation& invocation) { return check_and_serve(invocation, &serve_node); }};
  for (auto& flag : flags_of_roles(config::Roles::node))
    command.flags.push_back(std::move(flag));
  return command;
}

}  // namespace wscluster::app
