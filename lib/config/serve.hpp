// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "config/load.hpp"

namespace wscluster::config {

/// Runs a server in the foreground with its log, and as many descriptors as the system allows. `run` gets what to do on
/// SIGHUP: read the sources again, take over what can be (into the very config it was given, on the caller's thread),
/// name what needs a restart; an invalid configuration changes nothing.
void serve(const Sources& sources, Roles roles, const Config& config, const std::string& name,
           const std::function<void(const Config& config, std::function<void()> reload)>& run);

}  // namespace wscluster::config
