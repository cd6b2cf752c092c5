// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "cluster/view.hpp"
#include "registry/snapshot.hpp"

namespace wscluster::topology {

/// Turns what the registry knows into the view that every core gets. Keeps the rings that did not change, because
/// making one is the expensive part: so use it on the registry's thread, not on a core. Not thread-safe.
class ViewMaker {
 public:
  ViewMaker() = default;
  /// `broadcast`: services with cluster::Delivery::broadcast. `self`: this process, when it is a node.
  ViewMaker(std::set<std::string> broadcast, std::optional<ring::Member> self)
      : broadcast_(std::move(broadcast)), self_(std::move(self)) {}

  [[nodiscard]] std::shared_ptr<const cluster::View> make(const registry::Snapshot& snapshot);

 private:
  [[nodiscard]] std::shared_ptr<const cluster::ServiceView> make_service(const std::string& name,
                                                                         const registry::ServiceState& state,
                                                                         const cluster::ServiceView* old) const;

  std::set<std::string> broadcast_;
  std::optional<ring::Member> self_;
  std::shared_ptr<const cluster::View> last_;
};

}  // namespace wscluster::topology
