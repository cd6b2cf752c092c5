// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "websession/options.hpp"
#include "websession/reading.hpp"

namespace wscluster::websession {

/// The key of one session.
[[nodiscard]] std::string spring_key(const Options& options, const std::string& id);
/// The fields to ask for; no others are needed.
[[nodiscard]] std::vector<std::string> spring_fields(const Options& options);
/// Values of those fields, serialised by the JDK or as JSON, which their first bytes tell.
[[nodiscard]] Reading read_spring_session(const Options& options, const Fields& fields, WallClock::time_point now);

}  // namespace wscluster::websession
