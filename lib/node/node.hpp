// SPDX-License-Identifier: MIT
#pragma once

#include "front/process.hpp"
#include "node/options.hpp"
#include "node/shard.hpp"

namespace wscluster::node {

/// Runs a node until it is told to stop. After being expelled from its ring (a pause longer than its lease) it starts
/// again, empty, under a new incarnation. `reload` is called on SIGHUP, on core 0. `make_handler` makes
/// the applications inside of the process. Throws Failure when it cannot start.
void run(const Options& options, const registry::Options& registry, std::function<void()> reload,
         const MakeHandler& make_handler = {});

}  // namespace wscluster::node
