// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "config/problem.hpp"

namespace wscluster::config {

/// One key of a YAML file with its values as text, not yet understood.
struct Entry {
  std::string key;  ///< "redis.url"; of a name only "hold"
  std::vector<std::string> values;
  int line = 0;  ///< of the value
  int column = 0;
};

/// A name in one of the sections of names.
struct NamedEntry {
  std::string section;  ///< "services"
  std::string name;
  int line = 0;
  int column = 0;
  std::vector<Entry> entries;
};

/// What a file says, with everything in it that is not in the key tables reported as a problem.
struct Document {
  std::vector<Entry> entries;
  std::vector<NamedEntry> named;
  std::vector<Problem> problems;
};

/// Never throws: text that is not YAML is one problem. `file` is used for messages only. Sole user of yaml-cpp.
[[nodiscard]] Document read_document(const std::string& text, const std::string& file);

}  // namespace wscluster::config
