// SPDX-License-Identifier: MIT
#include "front/memory_ceiling.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string_view>

#include "base/text.hpp"

namespace wscluster::front {
namespace {

/// The kernel's word for "none" in v1 is a number of about 2^63.
constexpr std::uint64_t beyond_any_machine = std::uint64_t{1} << 60U;
constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

std::uint64_t limit_in(const std::string& file) {
  std::ifstream stream(file);
  std::uint64_t bytes = 0;
  // "max" is no number.
  return stream >> bytes && bytes < beyond_any_machine ? bytes : no_limit;
}

/// The least on the way up. A container may see its own group as the root of the tree, whatever /proc says.
std::uint64_t least_up(const std::string& tree, std::string group, const char* file) {
  std::uint64_t least = no_limit;
  for (;;) {
    least = std::min(least, limit_in(tree + group + "/" + file));
    if (group.empty()) return least;
    group.erase(group.rfind('/'));
  }
}

}  // namespace

std::uint64_t cgroup_memory_limit(const std::string& root) {
  const std::string mount = root + "/sys/fs/cgroup";
  std::ifstream groups(root + "/proc/self/cgroup");
  std::uint64_t least = no_limit;
  for (std::string line; std::getline(groups, line);) {
    // NUMBER:CONTROLLERS:PATH; v2 has no controllers.
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string group = line.substr(second + 1);
    if (!group.starts_with('/')) continue;
    if (group == "/") group.clear();
    const auto names = split(controllers, ',');
    if (controllers.empty()) {
      least = std::min(least, least_up(mount, group, "memory.max"));
    } else if (std::find(names.begin(), names.end(), "memory") != names.end()) {
      least = std::min(least, least_up(mount + "/memory", group, "memory.limit_in_bytes"));
    }
  }
  return least == no_limit ? 0 : least;
}

}  // namespace wscluster::front
