// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "session/permissions.hpp"
#include "session/session_id.hpp"

/// Paths of requests: split first, decoded after, so that a name may hold a slash.
namespace wscluster::front {

/// The segments of `path` that stand where `pattern` has a `*`, as they are written; nothing when it does not fit.
[[nodiscard]] std::optional<std::vector<std::string_view>> match_path(std::string_view pattern, std::string_view path);

/// What a segment names. Errc::invalid when it names nothing of that kind.
[[nodiscard]] Result<std::string> uid_in_path(std::string_view segment);
[[nodiscard]] Result<std::string> group_in_path(std::string_view segment);
[[nodiscard]] Result<session::Permission> permission_in_path(std::string_view segment);
/// Nothing when it is no id of ours: then there is no such connection.
[[nodiscard]] std::optional<session::SessionId> connection_in_path(std::string_view segment);

}  // namespace wscluster::front
