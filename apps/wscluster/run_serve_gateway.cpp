// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "gateway/gateway.hpp"
#include "serve.hpp"

namespace wscluster::app {

int serve_gateway(const Invocation& invocation, const config::Config& config) {
  return serve(invocation, config, config.gateway.front.name,
               [](const config::Config& current, std::function<void()> reload) {
                 gateway::run(current.gateway, current.redis, std::move(reload));
               });
}

}  // namespace wscluster::app
