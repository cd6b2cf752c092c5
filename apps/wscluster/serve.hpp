// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "config/config.hpp"

namespace wscluster::app {

/// Runs a server in the foreground with its log, and as many descriptors as the system allows. Returns its exit code.
[[nodiscard]] int serve(const config::Config& config, const std::string& name, const std::function<void()>& run);

}  // namespace wscluster::app
