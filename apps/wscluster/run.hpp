// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"

namespace wscluster::app {

/// Parses the words behind the program's name, runs the command and turns whatever it throws into one complaint on
/// stderr. Returns the exit code.
[[nodiscard]] int run(const std::vector<std::string>& words, const config::Environment& environment);

}  // namespace wscluster::app
