// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace wscluster::load {

/// Milliseconds with three digits: 0.81, 11.9, 2400.
[[nodiscard]] std::string format_ms(double seconds);
/// The same with the fitting unit: 0.81ms, 2.40s.
[[nodiscard]] std::string format_time(double seconds);
/// 99.99%, 0%, 0.012%
[[nodiscard]] std::string format_percent(double ratio);
/// Times as much: 1.25x
[[nodiscard]] std::string format_factor(double factor);
/// 19,997.9
[[nodiscard]] std::string format_per_second(double rate);
/// 1:05
[[nodiscard]] std::string format_minutes(double seconds);
/// The shortest decimal text that reads back as the same number.
[[nodiscard]] std::string format_number(double value);

}  // namespace wscluster::load
