// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/error.hpp"

/// The names that clients and applications write. The errors name the rule.
namespace wscluster::protocol {

inline constexpr std::size_t max_group_characters = 1024;
/// Each of them has at most four bytes.
inline constexpr std::size_t max_group_bytes = 4 * max_group_characters;
/// Groups that begin so are users.
inline constexpr std::string_view user_group_prefix = "user:";

/// ``[A-Za-z][A-Za-z0-9_`,.[\]]{0,127}``. Hubs are compared in lower case; as such they name a service.
[[nodiscard]] Result<> check_hub_name(std::string_view name);
/// 1 to 1024 characters of UTF-8, not all of them white space; behind `user:` there must be a uid.
[[nodiscard]] Result<> check_group_name(std::string_view name);
/// `[A-Za-z][A-Za-z0-9_.-]{0,127}`
[[nodiscard]] Result<> check_event_name(std::string_view name);

/// bob for user:bob; nothing for other groups.
[[nodiscard]] std::optional<std::string_view> user_of_group(std::string_view group) noexcept;

}  // namespace wscluster::protocol
