// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "config/serve.hpp"
#include "node/node.hpp"

namespace wscluster::app {

int serve_node(const Invocation& invocation, const config::Config& config) {
  config::serve(invocation.sources(), invocation.command().roles, config, config.node.front.name,
                [](const config::Config& current, std::function<void()> reload) {
                  node::run(current.node, current.redis, std::move(reload));
                });
  return static_cast<int>(ExitCode::ok);
}

}  // namespace wscluster::app
