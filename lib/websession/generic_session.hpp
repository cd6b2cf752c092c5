// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "websession/options.hpp"
#include "websession/reading.hpp"

namespace wscluster::websession {

/// The key of one session.
[[nodiscard]] std::string generic_key(const Options& options, const std::string& id);
/// The text of that key, or of that field of it. With a JSON path its `cookie.expires` (express-session) is observed,
/// where there is one.
[[nodiscard]] Reading read_generic_session(const Options& options, const std::optional<std::string>& value,
                                           WallClock::time_point now);

/// RFC 3339 with Z, as JavaScript writes it: 2026-11-22T10:04:31.120Z
[[nodiscard]] std::optional<WallClock::time_point> parse_javascript_time(const std::string& text);

}  // namespace wscluster::websession
