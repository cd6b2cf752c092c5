// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.hpp"

namespace wscluster {

/// A uid is at most this many bytes of UTF-8.
inline constexpr std::size_t max_uid_bytes = 256;

/// `[a-z][a-z0-9_.-]{0,62}`; the error names the rule.
[[nodiscard]] Result<> check_service_name(std::string_view name);
/// Node, gateway and cluster names: `[A-Za-z0-9][A-Za-z0-9_.-]{0,62}`.
[[nodiscard]] Result<> check_member_name(std::string_view name);
/// Not empty, at most max_uid_bytes, UTF-8, no control characters.
[[nodiscard]] Result<> check_uid(std::string_view uid);

}  // namespace wscluster
