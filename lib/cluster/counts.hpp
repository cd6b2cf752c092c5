// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace wscluster::cluster {

/// What one shard or one core's edge has done for the change that made an epoch. planned + taken_on = moved + closed +
/// gone + handed_on when all of a node are done.
struct DonorCount {
  std::uint64_t planned = 0;  ///< sessions that were to go when the epoch was adopted
  std::uint64_t moved = 0;    ///< with their sockets open
  std::uint64_t closed = 0;
  std::uint64_t gone = 0;    ///< ended by themselves, or stayed because a later epoch brought them back
  std::uint64_t forced = 0;  ///< of `closed`: at the deadline
  // Of a change that closes everybody:
  std::uint64_t handed_on = 0;  ///< to be closed, and counted, where they are now
  std::uint64_t taken_on = 0;   ///< planned elsewhere, to be closed, and counted, here
  std::uint64_t closing = 0;    ///< whose turn has not come
  bool is_done = false;
};

struct ReceiverCount {
  std::uint64_t returned = 0;
  std::vector<Duration> gaps;  ///< from close to return; whoever reads them takes them out
};

}  // namespace wscluster::cluster
