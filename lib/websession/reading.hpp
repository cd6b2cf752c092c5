// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace wscluster::websession {

enum class Verdict : std::uint8_t {
  absent,      ///< no such session
  found,       ///< of a user
  nobody,      ///< of no user who has logged in
  expired,     ///< Redis still has it
  unreadable,  ///< not as the configuration says; see `why`
};

/// What a session says of its user.
struct Reading {
  Verdict verdict = Verdict::absent;
  std::string uid;
  std::string why;
  std::optional<WallClock::time_point> expires;  ///< empty: unknown, or never
};

[[nodiscard]] Reading unreadable(std::string why);
/// Found, unless it is no uid.
[[nodiscard]] Reading user(std::string uid, std::optional<WallClock::time_point> expires);

/// Fields of a hash as Redis gives them, in the order they were asked for; empty where there is none.
using Fields = std::vector<std::optional<std::string>>;

/// The session exists, but there is more in one of its fields than is read.
inline constexpr std::size_t max_value_bytes = 256U << 10U;

}  // namespace wscluster::websession
