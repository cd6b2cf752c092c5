// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "invocation.hpp"

namespace wscluster::app {

/// What was typed.
struct Parsed {
  const Command* command = nullptr;  ///< null: none was named
  Invocation::Values values;
  std::vector<std::string> arguments;
  bool wants_help = false;
  bool wants_version = false;
};

/// Throws Failure (usage) that names the word and the nearest right one. Sole user of CLI11.
[[nodiscard]] Parsed parse(const std::vector<std::string>& words, const config::Environment& environment);

/// Whether errors must be JSON, also when the words cannot be parsed.
[[nodiscard]] bool asks_for_json(const std::vector<std::string>& words, const config::Environment& environment);

}  // namespace wscluster::app
