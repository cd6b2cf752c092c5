// SPDX-License-Identifier: MIT
#include "base/time.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace wscluster {

std::string format_rfc3339(WallClock::time_point time) {
  const auto since = time.time_since_epoch();
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(since);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since - whole).count();
  const std::time_t t = whole.count();
  std::tm utc{};
  gmtime_r(&t, &utc);
  std::array<char, 64> text{};
  const int n = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                              utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(ms));
  return {text.data(), static_cast<std::size_t>(n)};
}

}  // namespace wscluster
