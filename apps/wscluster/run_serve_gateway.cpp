// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "gateway/gateway.hpp"
#include "serve.hpp"

namespace wscluster::app {

int serve_gateway(const Invocation&, const config::Config& config) {
  return serve(config, config.gateway.front.name, [&] { gateway::run(config.gateway, config.redis); });
}

}  // namespace wscluster::app
