// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "config/serve.hpp"
#include "gateway/gateway.hpp"

namespace wscluster::app {

int serve_gateway(const Invocation& invocation, const config::Config& config) {
  config::serve(invocation.sources(), invocation.command().roles, config, config.gateway.front.name,
                [](const config::Config& current, std::function<void()> reload) {
                  gateway::run(current.gateway, current.redis, std::move(reload));
                });
  return static_cast<int>(ExitCode::ok);
}

}  // namespace wscluster::app
