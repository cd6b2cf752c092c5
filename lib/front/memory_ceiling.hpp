// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace wscluster::front {

/// What the cgroup of this process (v2 or v1), or one above it, allows in bytes; 0: nothing is limited. `root` stands
/// before /proc and /sys.
[[nodiscard]] std::uint64_t cgroup_memory_limit(const std::string& root = "");

/// Of limits.memory: empty means that of the cgroup.
[[nodiscard]] inline std::uint64_t memory_ceiling(const std::optional<std::uint64_t>& wanted) {
  return wanted ? *wanted : cgroup_memory_limit();
}

}  // namespace wscluster::front
