// SPDX-License-Identifier: MIT
#include "gateway/gateway.hpp"

namespace wscluster::gateway {

void run(const Options& options, const registry::Options& registry) {
  front::Process process(options.front, registry, front::Role{});
  static_cast<void>(process.run());
}

}  // namespace wscluster::gateway
