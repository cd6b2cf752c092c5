// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wscluster::protocol {

inline constexpr std::size_t max_groups_in_request = 1000;

/// What an application says with :addToGroups and :removeFromGroups: {"groups":["a","b"],"filter":"userId ne null"}
struct GroupsRequest {
  std::vector<std::string> groups;  ///< at least one; checked
  std::string filter;               ///< checked; empty: everybody
};

/// Errc::invalid with a sentence for the application. Unknown fields are skipped.
[[nodiscard]] Result<GroupsRequest> parse_groups_request(std::string_view body);

}  // namespace wscluster::protocol
