// SPDX-License-Identifier: MIT
#include "load/text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "base/units.hpp"

namespace wscluster::load {
namespace {

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string three_digits(double value) {
  if (value < 9.995) return fixed(value, 2);
  return fixed(value, value < 99.95 ? 1 : 0);
}

}  // namespace

std::string format_ms(double seconds) {
  return three_digits(seconds * 1e3);
}

std::string format_time(double seconds) {
  return seconds < 0.9995 ? format_ms(seconds) + "ms" : three_digits(seconds) + "s";
}

std::string format_percent(double ratio) {
  const double percent = ratio * 100;
  std::string text = fixed(percent, percent != 0 && std::abs(percent) < 0.1 ? 4 : 2);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + "%";
}

std::string format_factor(double factor) {
  return fixed(factor, 2) + "x";
}

std::string format_per_second(double rate) {
  const auto tenths = static_cast<std::uint64_t>(std::llround(std::max(rate, 0.0) * 10));
  const std::string whole = format_count(tenths / 10);
  return tenths % 10 == 0 ? whole : whole + "." + std::to_string(tenths % 10);
}

std::string format_minutes(double seconds) {
  const auto whole = static_cast<long long>(seconds);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%lld:%02lld", whole / 60, whole % 60);
  return text.data();
}

std::string format_number(double value) {
  std::array<char, 64> text{};
  const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), ec == std::errc{} ? end : text.data()};
}

}  // namespace wscluster::load
