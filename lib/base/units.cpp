// SPDX-License-Identifier: MIT
#include "base/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <span>
#include <utility>

#include "base/text.hpp"

namespace wscluster {
namespace {

/// Takes a decimal number off the front; false when there is none.
bool take_number(std::string_view& text, double& value) {
  std::size_t n = 0;
  while (n < text.size() && (std::isdigit(static_cast<unsigned char>(text[n])) != 0 || text[n] == '.'))
    ++n;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + n, value, std::chars_format::fixed);
  if (n == 0 || ec != std::errc{} || end != text.data() + n) return false;
  text.remove_prefix(n);
  return true;
}

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

/// "20", "1.5": without trailing zeros.
std::string plain_number(double value) {
  std::array<char, 64> text{};
  const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), ec == std::errc{} ? end : text.data()};
}

struct Unit {
  std::string_view name;
  double factor;
};

const Unit* find_unit(std::string_view& text, std::span<const Unit> units) {
  const Unit* best = nullptr;
  for (const auto& unit : units) {
    if (text.starts_with(unit.name) && (best == nullptr || unit.name.size() > best->name.size())) best = &unit;
  }
  if (best != nullptr) text.remove_prefix(best->name.size());
  return best;
}

constexpr std::array<Unit, 5> duration_units{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 8> size_units{{{"B", 1},
                                          {"KiB", 1024.0},
                                          {"MiB", 1024.0 * 1024},
                                          {"GiB", 1024.0 * 1024 * 1024},
                                          {"kB", 1e3},
                                          {"KB", 1e3},
                                          {"MB", 1e6},
                                          {"GB", 1e9}}};
constexpr std::array<Unit, 2> count_units{{{"k", 1e3}, {"m", 1e6}}};

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration{0};
  const auto bad = [&](const std::string& why) { return error(Errc::invalid, quoted(text) + why); };
  std::string_view rest = text;
  double total = 0;
  double last_factor = std::numeric_limits<double>::max();
  if (rest.empty()) return bad(" is not a duration (examples: 250ms, 5s, 1m30s)");
  while (!rest.empty()) {
    double value = 0;
    if (!take_number(rest, value)) return bad(" is not a duration (examples: 250ms, 5s, 1m30s)");
    if (rest.empty()) return bad(" has no unit: write " + std::string(text) + "s or " + std::string(text) + "ms");
    const Unit* unit = find_unit(rest, duration_units);
    if (unit == nullptr || unit->factor >= last_factor) return bad(" is not a duration (examples: 250ms, 5s, 1m30s)");
    last_factor = unit->factor;
    total += value * unit->factor;
  }
  if (total > 1e13) return bad(" is too long");
  return Duration{static_cast<Duration::rep>(std::llround(total))};
}

std::string format_duration(Duration duration) {
  auto ms = duration.count();
  if (ms == 0) return "0s";
  std::string out;
  const auto take = [&](long long factor, const char* unit) {
    if (ms / factor != 0) out += std::to_string(ms / factor) + unit;
    ms %= factor;
  };
  if (ms % 1000 != 0 && ms < 60'000) {
    if (ms < 1000) return std::to_string(ms) + "ms";
    return plain_number(static_cast<double>(ms) / 1000.0) + "s";
  }
  take(86'400'000, "d");
  take(3'600'000, "h");
  take(60'000, "m");
  take(1000, "s");
  take(1, "ms");
  return out;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  if (text == "0") return std::uint64_t{0};
  std::string_view rest = text;
  double value = 0;
  if (!take_number(rest, value)) return error(Errc::invalid, quoted(text) + " is not a size (examples: 64KiB, 1MB)");
  if (rest.empty()) return error(Errc::invalid, quoted(text) + " has no unit: write " + std::string(text) + "B or KiB");
  const Unit* unit = find_unit(rest, size_units);
  if (unit == nullptr || !rest.empty())
    return error(Errc::invalid, quoted(text) + " is not a size (examples: 64KiB, 1MB)");
  if (value * unit->factor > 1e18) return error(Errc::invalid, quoted(text) + " is too large");
  return static_cast<std::uint64_t>(std::llround(value * unit->factor));
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<std::pair<std::uint64_t, const char*>, 3> steps{
      {{1ULL << 30U, "GiB"}, {1ULL << 20U, "MiB"}, {1ULL << 10U, "KiB"}}};
  for (const auto& [factor, name] : steps) {
    if (bytes >= factor && bytes % factor == 0) return std::to_string(bytes / factor) + name;
  }
  return std::to_string(bytes) + "B";
}

Result<double> parse_rate(std::string_view text) {
  if (text == "0") return 0.0;
  const auto bad = [&] { return error(Errc::invalid, quoted(text) + " is not a rate (examples: 500/s, 30/m, 2k/s)"); };
  std::string_view rest = text;
  double value = 0;
  if (!take_number(rest, value)) return bad();
  if (const Unit* unit = find_unit(rest, count_units)) value *= unit->factor;
  if (rest.empty()) return error(Errc::invalid, quoted(text) + " has no unit: write " + std::string(text) + "/s");
  if (rest == "/s") return value;
  if (rest == "/m") return value / 60.0;
  if (rest == "/h") return value / 3600.0;
  return bad();
}

std::string format_rate(double per_second) {
  return plain_number(per_second) + "/s";
}

Result<double> parse_ratio(std::string_view text) {
  std::string_view rest = text;
  double value = 0;
  const auto bad = [&] { return error(Errc::invalid, quoted(text) + " is not a ratio (examples: 0.01, 1%)"); };
  if (!take_number(rest, value)) return bad();
  if (rest == "%") {
    value /= 100.0;
  } else if (!rest.empty()) {
    return bad();
  }
  if (value > 1) return error(Errc::invalid, quoted(text) + " is more than 1 (100%)");
  return value;
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::string_view rest = text;
  double value = 0;
  const auto bad = [&] { return error(Errc::invalid, quoted(text) + " is not a count (examples: 2500, 10k, 1m)"); };
  if (!take_number(rest, value)) return bad();
  if (const Unit* unit = find_unit(rest, count_units)) value *= unit->factor;
  if (!rest.empty() || value > 1e15 || value != std::floor(value)) return bad();
  return static_cast<std::uint64_t>(value);
}

std::string format_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

}  // namespace wscluster
