// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "proxy/options.hpp"
#include "ring/hash_ring.hpp"

namespace wscluster::proxy {

/// One application server.
struct Target {
  std::string name;  ///< of the ring's member
  Endpoint endpoint;
  double weight = 1;

  friend bool operator==(const Target&, const Target&) = default;
};

/// The application servers of one service at one epoch. Immutable; the cores share it.
struct Service {
  std::string name;
  Options options;
  std::vector<Target> targets;  ///< that take requests, sorted by name
  ring::HashRing ring;          ///< of their names
  std::uint64_t seed = 0;       ///< of its keys
  std::uint64_t epoch = 0;

  [[nodiscard]] const Target* find(std::string_view target) const noexcept;
};

using Table = std::map<std::string, std::shared_ptr<const Service>, std::less<>>;

}  // namespace wscluster::proxy
