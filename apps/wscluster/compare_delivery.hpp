// SPDX-License-Identifier: MIT
#pragma once

#include "invocation.hpp"

namespace wscluster::app {

/// load-test --compare-delivery: the same load on private clusters (`demo`) with a ring and with broadcast, for each
/// number of nodes. Prints what a message costs the servers. Returns the exit code.
[[nodiscard]] int compare_delivery(const Invocation& invocation);

}  // namespace wscluster::app
