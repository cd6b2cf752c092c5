// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wscluster::ring {

/// The words of tables, JSON, logs and metrics.
enum class MemberState : std::uint8_t { joining, up, draining, drained, down, suspended };

[[nodiscard]] const char* to_string(MemberState state) noexcept;
[[nodiscard]] Result<MemberState> parse_member_state(std::string_view text);

/// A node as the ring sees it. Only name and weight decide what it owns: a leaving member has weight 0.
struct Member {
  std::string name;
  std::uint64_t incarnation = 0;
  double weight = 1;  ///< 0 to 1000 in steps of 0.001
  MemberState state = MemberState::up;

  friend bool operator==(const Member&, const Member&) = default;
};

}  // namespace wscluster::ring
