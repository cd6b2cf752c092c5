// SPDX-License-Identifier: MIT
#pragma once

#include "invocation.hpp"

namespace wscluster::app {

/// Loads the configuration for the command's role; with --check says so and returns, otherwise serves.
[[nodiscard]] inline int check_and_serve(const Invocation& invocation,
                                         int (*serve)(const Invocation&, const config::Config&)) {
  const auto config = invocation.load_config();
  if (!invocation.has("check")) return serve(invocation, config);
  if (!invocation.output().is_quiet) print_error("The configuration is valid.\n");
  return 0;
}

}  // namespace wscluster::app
