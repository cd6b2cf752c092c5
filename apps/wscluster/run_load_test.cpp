// SPDX-License-Identifier: MIT
#include "commands.hpp"

namespace wscluster::app {

int run_load_test(const Invocation&) { throw Failure(ExitCode::software, "load-test is not part of this build"); }

}  // namespace wscluster::app
