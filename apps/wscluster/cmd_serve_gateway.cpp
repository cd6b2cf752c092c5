// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "serve_check.hpp"

namespace wscluster::app {

Command serve_gateway_command() {
  Command command{
      .path = "serve-gateway",
      .heading = "Run servers",
      .summary = "Accept clients and route each user to the node that owns it",
      .description =
          "Holds the clients' sockets: TLS, HTTP and WebSocket end here. Messages go over links to the node that owns "
          "the user, so that a session can change its node while its socket stays open.\n\n"
          "SIGTERM and SIGINT drain: /readyz fails at once, and after --drain-grace clients are closed with 1012 at "
          "--drain-rate; each close says when to come back (after=120ms). A second signal closes at once. "
          "SIGHUP reads the configuration again.",
      .examples = {{"wscluster serve-gateway --config gateway.yaml", ""},
                   {"wscluster serve-gateway -c gateway.yaml --listen 10.0.0.5:8443",
                    "Flags stand above the file and the environment."},
                   {"wscluster serve-gateway --check", "Only look whether the configuration can be used."}},
      .flags = {{.name = "check", .text = "Check the configuration and exit"}},
      .roles = config::Roles::gateway,
      .run = [](const Invocation& invocation) { return check_and_serve(invocation, &serve_gateway); }};
  for (auto& flag : flags_of_roles(config::Roles::gateway))
    command.flags.push_back(std::move(flag));
  return command;
}

}  // namespace wscluster::app
