// SPDX-License-Identifier: MIT
#include "node/node.hpp"

#include "node/shard.hpp"

namespace wscluster::node {

void run(const Options& options, const registry::Options& registry, std::function<void()> reload,
         const MakeHandler& make_handler) {
  front::Role role;
  role.is_gateway = false;
  role.link_listen = options.link_listen;
  role.link_advertise = options.link_advertise;
  role.joins = options.join;
  role.weight = options.weight;
  role.reload = std::move(reload);
  role.make_holding = [&](front::Desk& desk, const link::Identity& identity,
                          std::function<bool(TimePoint)> is_suspended) {
    return std::make_unique<Shard>(desk, identity, options.front.services, options.max_sessions,
                                   std::move(is_suspended), make_handler);
  };
  front::Ending ending = front::Ending::expelled;
  while (ending == front::Ending::expelled) {
    front::Process process(options.front, registry, role);
    ending = process.run();
  }
}

}  // namespace wscluster::node
