// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json/object.hpp>

#include "interrupt.hpp"
#include "ring_state.hpp"

namespace wscluster::app {

/// Follows a change that runs without us until it is done, and prints the result. `out` already holds what the plan
/// knew and is completed. Returns the exit code: ok, negative when sessions stayed misplaced, temp_fail at --timeout,
/// that of the signal after Ctrl-C.
[[nodiscard]] int watch_change(const Invocation& invocation, const config::Config& config,
                               registry::Directory& directory, const registry::Change& change, boost::json::object out);

/// Counters, times and state of a change in wscluster/ring-change/v1.
void add_progress(boost::json::object& out, const registry::Change& change);

}  // namespace wscluster::app
