// SPDX-License-Identifier: MIT
#include "commands.hpp"

namespace wscluster::app {

int serve_node(const Invocation&, const config::Config&) {
  throw Failure(ExitCode::software, "serve-node is not part of this build");
}

}  // namespace wscluster::app
