// SPDX-License-Identifier: MIT
#include "config/problem.hpp"

#include <algorithm>

namespace wscluster::config {

std::string Problem::to_string() const {
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line) + ":" + std::to_string(column);
  if (!out.empty()) out += ": ";
  out += severity == Severity::error ? "error: " : "warning: ";
  if (!path.empty()) out += path + ": ";
  return out + text;
}

std::size_t count_errors(const std::vector<Problem>& problems) {
  return static_cast<std::size_t>(
      std::count_if(problems.begin(), problems.end(), [](const Problem& p) { return p.severity == Severity::error; }));
}

}  // namespace wscluster::config
