// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"

namespace wscluster::config {

/// One line of `config show`.
struct ShownValue {
  std::string key;
  std::string value;  ///< secrets as ***
  Origin origin;
  bool reloadable = false;
};

/// Every effective value; those of each service after the others.
[[nodiscard]] std::vector<ShownValue> show(const Loaded& loaded);

/// A commented example for a gateway, a node or a client; load() accepts it as it is but for missing key files.
[[nodiscard]] std::string example(Roles role);

/// Keys whose values differ, for "changed but needs a restart".
struct Differences {
  std::vector<std::string> reloadable;
  std::vector<std::string> restart;
};
[[nodiscard]] Differences differences(const Config& before, const Config& after);

}  // namespace wscluster::config
