// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "invocation.hpp"

namespace wscluster::app {

/// The arguments as uids; "-" stands for those on stdin, one a line. Throws Failure (data) for what cannot be a uid.
[[nodiscard]] std::vector<std::string> uids_of(const Invocation& invocation);

/// --group, or "" without it. Throws Failure (data) for what cannot be the name of a group.
[[nodiscard]] std::string group_named(const Invocation& invocation);

}  // namespace wscluster::app
