// SPDX-License-Identifier: MIT
#include "gateway/gateway.hpp"

namespace wscluster::gateway {

void run(const Options& options, const registry::Options& registry, std::function<void()> reload) {
  front::Role role;
  role.reload = std::move(reload);
  front::Process process(options.front, registry, std::move(role));
  static_cast<void>(process.run());
}

}  // namespace wscluster::gateway
