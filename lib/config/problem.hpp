// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wscluster::config {

enum class Severity : std::uint8_t { warning, error };

/// One finding, in the GNU form that editors can jump to.
struct Problem {
  Severity severity = Severity::error;
  std::string file;  ///< file name, "env" or the flag
  int line = 0;      ///< 1-based; 0: none
  int column = 0;
  std::string path;  ///< "redis.timeout"; may be empty
  std::string text;

  /// node.yaml:22:12: error: redis.timeout: '5 sec' is not a duration (examples: 250ms, 5s, 1m30s)
  [[nodiscard]] std::string to_string() const;
};

[[nodiscard]] std::size_t count_errors(const std::vector<Problem>& problems);

}  // namespace wscluster::config
