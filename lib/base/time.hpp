// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

namespace wscluster {

/// Monotonic time: deadlines, leases, latencies. Never compared between machines.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = std::chrono::milliseconds;

/// Wall time: shown to people and written into documents, never used to decide.
using WallClock = std::chrono::system_clock;

/// RFC 3339 in UTC with milliseconds: 2026-11-22T10:04:31.120Z
[[nodiscard]] std::string format_rfc3339(WallClock::time_point time);

[[nodiscard]] inline double seconds(Clock::duration d) {
  return std::chrono::duration<double>(d).count();
}

}  // namespace wscluster
