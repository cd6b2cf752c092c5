// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "load/ledger.hpp"
#include "load/options.hpp"
#include "load/target.hpp"
#include "net/address.hpp"
#include "net/tls.hpp"

namespace wscluster::load {

/// One server.
struct Place {
  Target target;
  std::vector<net::SocketAddress> addresses;
};

/// What all workers of a run share; nothing of it changes after the start except what is atomic.
struct Setup {
  Setup(const Options& asked, std::vector<Place> found)
      : options(asked), places(std::move(found)), identity(options, places.front().target) {}

  Options options;
  std::vector<Place> places;  ///< of url, then of further_urls
  Identity identity;
  std::vector<std::unique_ptr<net::TlsClient>> tls;  ///< one per thread, with its tickets; empty for ws://
  std::uint32_t run = 0;
  Flow flow = Flow::echo;
  bool is_reliable = false;                ///< clients speak the subprotocol
  std::atomic<std::uint64_t> members = 0;  ///< of the group that is fanned out to
  Duration token_lifetime{};
  std::atomic<std::int64_t> end_ns =
      INT64_MAX;  ///< nothing is planned at or after this time since the start of the traffic
};

/// Prepares the host and looks the servers up. Throws Failure as the constructor of Generator says.
[[nodiscard]] std::unique_ptr<Setup> make_setup(const Options& options);

}  // namespace wscluster::load
