// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"

namespace wscluster {

/// 250ms 5s 2m 1h30m 1d. A number without a unit is an error, except 0.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
[[nodiscard]] std::string format_duration(Duration duration);

/// 128B 64KiB 1MiB 1GiB (powers of two), 1kB 1MB 1GB (powers of ten). A number without a unit is an error, except 0.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);
[[nodiscard]] std::string format_size(std::uint64_t bytes);

/// Per second: 500/s 30/m 1k/s. A number without a unit is an error, except 0.
[[nodiscard]] Result<double> parse_rate(std::string_view text);
[[nodiscard]] std::string format_rate(double per_second);

/// 0.01 or 1%; between 0 and 1.
[[nodiscard]] Result<double> parse_ratio(std::string_view text);

/// 10k 1m 2500.
[[nodiscard]] Result<std::uint64_t> parse_count(std::string_view text);

/// 12543 -> "12,543"
[[nodiscard]] std::string format_count(std::uint64_t count);

}  // namespace wscluster
