// SPDX-License-Identifier: MIT
#pragma once

#include "front/process.hpp"
#include "node/options.hpp"

namespace wscluster::node {

/// Runs a node until it is told to stop. After being expelled from its ring (a pause longer than its lease) it starts again, empty, under a
/// new incarnation. Throws Failure when it cannot start.
void run(const Options& options, const registry::Options& registry);

}  // namespace wscluster::node
