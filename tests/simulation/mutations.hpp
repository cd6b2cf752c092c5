// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "cluster/options.hpp"

namespace wscluster::simulation {

/// A rule that is switched off, to show that the simulator would notice.
struct Mutation {
  std::string_view name;
  std::string_view rule;   ///< what is missing without it
  std::string_view plots;  ///< where it is looked for first, separated by blanks
};

[[nodiscard]] const std::vector<Mutation>& mutations();
/// `index` from 1; 0: nothing.
[[nodiscard]] bool is_mutation(std::uint64_t index, std::string_view name);
void mutate(cluster::ServiceOptions& options, std::uint64_t index);

}  // namespace wscluster::simulation
