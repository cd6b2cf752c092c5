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

/// A node as the ring sees it. Only name and weight decide what it owns. Of two members with weight 0 the `draining`
/// one leaves the document when it is empty, the `drained` one stays: the document's state is what is wanted, and a
/// drained member may still be emptying itself.
struct Member {
  std::string name;
  std::uint64_t incarnation = 0;
  double weight = 1;  ///< 0 to 1000 in steps of 0.001
  MemberState state = MemberState::up;
  double resume_weight = 0;  ///< of a drained member: its weight before; 0 for all others

  friend bool operator==(const Member&, const Member&) = default;
};

/// To whole thousandths, as documents keep them.
void settle_weights(Member& member);

}  // namespace wscluster::ring
