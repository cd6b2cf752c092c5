// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "node/node.hpp"
#include "serve.hpp"

namespace wscluster::app {

int serve_node(const Invocation& invocation, const config::Config& config) {
  return serve(invocation, config, config.node.front.name,
               [](const config::Config& current, std::function<void()> reload) {
                 node::run(current.node, current.redis, std::move(reload));
               });
}

}  // namespace wscluster::app
