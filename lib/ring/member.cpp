// SPDX-License-Identifier: MIT
#include "ring/member.hpp"

#include <array>
#include <utility>

#include "ring/key.hpp"

namespace wscluster::ring {
namespace {

constexpr std::array<std::pair<MemberState, const char*>, 6> words{{
    {MemberState::joining, "joining"},
    {MemberState::up, "up"},
    {MemberState::draining, "draining"},
    {MemberState::drained, "drained"},
    {MemberState::down, "down"},
    {MemberState::suspended, "suspended"},
}};

}  // namespace

const char* to_string(MemberState state) noexcept {
  for (const auto& [value, word] : words) {
    if (value == state) return word;
  }
  return "unknown";
}

Result<MemberState> parse_member_state(std::string_view text) {
  for (const auto& [value, word] : words) {
    if (text == word) return value;
  }
  return error(Errc::invalid, "'" + std::string(text) +
                                  "' is not a state: joining, up, draining, drained, down or suspended is expected");
}

void settle_weights(Member& member) {
  member.weight = static_cast<double>(thousandths(member.weight)) / 1000;
  member.resume_weight = static_cast<double>(thousandths(member.resume_weight)) / 1000;
}

}  // namespace wscluster::ring
