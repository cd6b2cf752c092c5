// SPDX-License-Identifier: MIT
#pragma once

#include "front/process.hpp"
#include "gateway/options.hpp"

namespace wscluster::gateway {

/// Runs a gateway until it is told to stop; starts again after a ring was replaced by one of another origin. `reload`
/// is called on SIGHUP, on core 0. Throws Failure when it cannot start.
void run(const Options& options, const registry::Options& registry, std::function<void()> reload);

}  // namespace wscluster::gateway
