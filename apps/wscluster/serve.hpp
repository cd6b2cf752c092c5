// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "invocation.hpp"

namespace wscluster::app {

/// Runs a server in the foreground with its log, and as many descriptors as the system allows. `run` gets what to do on
/// SIGHUP: read the configuration again, take over what can be (into the very config it was given, on the caller's
/// thread), name what needs a restart; an invalid one changes nothing. Returns the exit code.
[[nodiscard]] int serve(const Invocation& invocation, const config::Config& config, const std::string& name,
                        const std::function<void(const config::Config& config, std::function<void()> reload)>& run);

}  // namespace wscluster::app
