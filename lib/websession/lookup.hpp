// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "registry/connection.hpp"
#include "websession/options.hpp"
#include "websession/reading.hpp"

namespace wscluster::websession {

/// The ids that one request may mean.
using Candidates = std::vector<std::string>;

/// What Redis has for each request, read in one or two round trips for all of them together: the first session that is
/// there and has not expired counts, as application servers do it. What is foreign or too large at the place of one
/// session concerns that one only. An error: Redis cannot be asked.
[[nodiscard]] Result<std::vector<Reading>> look_up(registry::Connection& redis, const Options& options,
                                                   std::span<const Candidates> requests, WallClock::time_point now);

}  // namespace wscluster::websession
