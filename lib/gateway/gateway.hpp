// SPDX-License-Identifier: MIT
#pragma once

#include "front/process.hpp"
#include "gateway/options.hpp"

namespace wscluster::gateway {

/// Runs a gateway until it is told to stop. Throws Failure when it cannot start.
void run(const Options& options, const registry::Options& registry);

}  // namespace wscluster::gateway
