// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "base/endpoint.hpp"
#include "front/options.hpp"

namespace wscluster::node {

struct Options {
  front::Options front;
  Endpoint link_listen{"127.0.0.1", 0};  ///< gateways and other nodes
  Endpoint link_advertise;               ///< what the registration tells them; default: the listening address
  double weight = 1.0;                   ///< when it joins the ring by itself
  bool join = true;                      ///< false (--standby): wait for 'ring add'
  std::uint64_t max_sessions = 1'000'000;
};

}  // namespace wscluster::node
