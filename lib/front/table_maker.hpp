// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "front/options.hpp"
#include "proxy/table.hpp"
#include "registry/snapshot.hpp"

namespace wscluster::front {

/// Registry snapshot -> proxy::Table: the application servers of each upstream service, and those that routes name
/// themselves. What did not change stays the same object. One thread.
class TableMaker {
 public:
  /// The options outlive it.
  explicit TableMaker(const Options& options);

  [[nodiscard]] std::shared_ptr<const proxy::Table> make(const registry::Snapshot& snapshot);
  /// Before anything is known.
  [[nodiscard]] std::shared_ptr<const proxy::Table> make_first() const;

 private:
  /// What a service of the table was made of.
  struct Source {
    std::shared_ptr<const ring::Document> document;
    std::shared_ptr<const upstream::UpstreamState> state;

    friend bool operator==(const Source&, const Source&) = default;
  };

  [[nodiscard]] std::shared_ptr<const proxy::Service> make_service(const std::string& name, const Source& source) const;

  const Options& options_;
  proxy::Table fixed_;  ///< of routes
  std::map<std::string, std::pair<Source, std::shared_ptr<const proxy::Service>>> made_;
};

}  // namespace wscluster::front
