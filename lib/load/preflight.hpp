// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "load/options.hpp"

namespace wscluster::load {

/// What this host can do, as read from it.
struct HostLimits {
  std::uint64_t descriptors = 0;      ///< soft RLIMIT_NOFILE
  std::uint64_t descriptors_max = 0;  ///< hard
  std::uint64_t first_port = 32768;   ///< net.ipv4.ip_local_port_range
  std::uint64_t last_port = 60999;
};

/// Why the run cannot be done on this host and what to do about it; both empty when it can. Pure.
struct Shortage {
  std::string problem;
  std::string remedy;
};
[[nodiscard]] Shortage find_shortage(const Options& options, const HostLimits& limits);

/// Raises the soft limit of descriptors as far as needed and possible, and checks descriptors, local ports and source
/// addresses. Throws Failure(os_error) with the remedy as its hint.
void prepare_host(const Options& options);

}  // namespace wscluster::load
