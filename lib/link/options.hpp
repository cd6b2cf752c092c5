// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace wscluster::link {

/// Links between the processes of a cluster.
struct Options {
  Duration heartbeat{1'000};        ///< sent only when nothing else was
  Duration dead_after{4'000};       ///< nothing heard for so long: the link is broken
  Duration connect_timeout{3'000};  ///< TCP, TLS and hello together
  Duration reconnect_min{50};       ///< back-off, doubled up to
  Duration reconnect_max{2'000};
  std::uint64_t max_frame_bytes = 4U << 20U;
  std::uint64_t max_unsent_bytes = 64U << 20U;  ///< a peer that reads nothing: the link is broken
  bool plain = false;                           ///< no TLS; refused unless every link address is loopback
};

[[nodiscard]] std::vector<std::string> problems(const Options& options);

}  // namespace wscluster::link
