// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "node/node.hpp"
#include "serve.hpp"

namespace wscluster::app {

int serve_node(const Invocation&, const config::Config& config) {
  return serve(config, config.node.front.name, [&] { node::run(config.node, config.redis); });
}

}  // namespace wscluster::app
