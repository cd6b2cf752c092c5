// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ring/member.hpp"

namespace wscluster::ring::testing {

/// node-0, node-1, …
inline std::vector<Member> nodes(std::size_t count, double weight = 1) {
  std::vector<Member> members;
  for (std::size_t i = 0; i < count; ++i) {
    members.push_back({"node-" + std::to_string(i), 100 + i, weight, MemberState::up});
  }
  return members;
}

}  // namespace wscluster::ring::testing
