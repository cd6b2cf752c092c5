// SPDX-License-Identifier: MIT
#include "commands.hpp"

namespace wscluster::app {

int run_demo(const Invocation&) {
  throw Failure(ExitCode::software, "demo is not part of this build");
}

}  // namespace wscluster::app
