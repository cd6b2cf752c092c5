// SPDX-License-Identifier: MIT
#include "gateway/gateway.hpp"

namespace wscluster::gateway {

void run(const Options& options, const registry::Options& registry, std::function<void()> reload) {
  front::Role role;
  role.reload = std::move(reload);
  front::Ending ending = front::Ending::expelled;
  while (ending == front::Ending::expelled) {
    front::Process process(options.front, registry, role);
    ending = process.run();
  }
}

}  // namespace wscluster::gateway
