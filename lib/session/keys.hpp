// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// What stands on the ring beside the users that people name. No uid begins with a control character (check_uid), so
/// none of these can be one.
namespace wscluster::session {

/// The key of a group: who owns it orders what is published in it.
[[nodiscard]] std::string group_key(std::string_view group);
[[nodiscard]] bool is_group_key(std::string_view key) noexcept;
/// The group of that key.
[[nodiscard]] std::string_view group_of_key(std::string_view key) noexcept;

/// The uid of a client whose token names none: random, so that such clients are spread over the ring.
[[nodiscard]] std::string anonymous_uid();
/// Who the user is for clients and applications: empty when anonymous.
[[nodiscard]] std::string_view user_id_of(std::string_view uid) noexcept;

}  // namespace wscluster::session
