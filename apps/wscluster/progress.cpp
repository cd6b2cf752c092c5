// SPDX-License-Identifier: MIT
#include "progress.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>

namespace wscluster::app {

bool Progress::is_due(Duration interval) {
  const auto now = Clock::now();
  if (last_ != TimePoint{} && now - last_ < interval) return false;
  last_ = now;
  return true;
}

void Progress::show(const std::string& bar, const std::string& plain, const boost::json::object& json) {
  switch (style_) {
    case ProgressStyle::none:
      return;
    case ProgressStyle::bar:
      if (!is_due(Duration{250})) return;
      print_error("\r\033[K" + bar);
      has_line_ = true;
      return;
    case ProgressStyle::plain:
      if (is_due(Duration{10'000})) print_error(plain + "\n");
      return;
    case ProgressStyle::json:
      if (is_due(Duration{1'000})) print_error(one_line(json));
      return;
  }
}

void Progress::clear() {
  if (has_line_) print_error("\r\033[K");
  has_line_ = false;
}

std::string bar_of(double ratio) {
  constexpr int cells = 20;
  const double share = std::clamp(ratio, 0.0, 1.0);
  const int full = static_cast<int>(share * cells);
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "] %3d%%", static_cast<int>(share * 100));
  return "[" + std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(cells - full), '-') + text.data();
}

}  // namespace wscluster::app
