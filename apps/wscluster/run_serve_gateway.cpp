// SPDX-License-Identifier: MIT
#include "commands.hpp"

namespace wscluster::app {

int serve_gateway(const Invocation&, const config::Config&) {
  throw Failure(ExitCode::software, "serve-gateway is not part of this build");
}

}  // namespace wscluster::app
