// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "cluster/view.hpp"
#include "registry/snapshot.hpp"

namespace wscluster::topology {

/// Turns what the registry knows into the view that every core gets. Keeps the rings that did not change, because
/// making one is the expensive part: so use it on the registry's thread, not on a core. Not thread-safe.
class ViewMaker {
 public:
  [[nodiscard]] std::shared_ptr<const cluster::View> make(const registry::Snapshot& snapshot);

 private:
  std::shared_ptr<const cluster::View> last_;
};

}  // namespace wscluster::topology
