// SPDX-License-Identifier: MIT
#include "mutations.hpp"

namespace wscluster::simulation {

const std::vector<Mutation>& mutations() {
  static const std::vector<Mutation> table = {
      {"no_self_suspension", "a node trusts itself only as long as its lease", "isolated_node node_cut_from_redis stop_and_continue"},
      {"no_put_back", "whoever holds a newer document puts it back", "redis_rolled_back redis_flushed"},
  };
  return table;
}

bool is_mutation(std::uint64_t index, std::string_view name) {
  return index > 0 && mutations()[index - 1].name == name;
}

void mutate(cluster::ServiceOptions&, std::uint64_t) {}

}  // namespace wscluster::simulation
