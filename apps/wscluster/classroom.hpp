// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "child.hpp"

namespace wscluster::app {

/// What the classroom adds to the configuration of a demo.
struct ClassroomConfig {
  std::string of_service;
  std::string of_process;
};

/// Installs the packages of examples/classroom and bundles its page and its server into `place`; done when the child
/// has ended with 0. Throws Failure when the example, node or npm are missing.
[[nodiscard]] Child prepare_classroom(const std::string& place);
/// Its application server, which writes `place`/classroom.ports; it finds the cluster in the port file of `door`.
[[nodiscard]] Child serve_classroom(const std::string& place, const std::string& door);
[[nodiscard]] ClassroomConfig classroom_config(const std::string& place, const std::string& application);

}  // namespace wscluster::app
