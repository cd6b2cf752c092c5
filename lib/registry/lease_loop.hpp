// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "registry/board.hpp"
#include "registry/options.hpp"
#include "registry/store.hpp"

namespace wscluster::registry {

/// The lease thread: renews, and does nothing else, on a connection of its own. Each beat is probe and renewal, so that
/// a Redis that has become a black hole swallows the probe: a lost renewal would forbid us to give our word for a whole
/// lease.
class LeaseLoop {
 public:
  /// All outlive it. `on_name_taken` runs on the lease thread.
  LeaseLoop(const Options& options, const Registration& self, Board& board, std::function<void()> on_name_taken);

  /// First heartbeat, on the caller's thread, before run(). Waits for Redis and for the end of the lease of an earlier,
  /// crashed life of the name. Throws Failure.
  void acquire();
  /// Until board.stopping; then gives the lease back unless board.keep_lease.
  void run();

 private:
  [[nodiscard]] Result<Beat> renew();
  [[nodiscard]] Result<> probe();
  bool beat();
  void accept(const Beat& beat, TimePoint sent_at);
  void note_failure(const Error& cause);

  const Options& options_;
  const Registration& self_;
  Board& board_;
  std::function<void()> on_name_taken_;
  Store store_;
  TimePoint sent_at_;
  std::uint64_t redis_ms_ = 0;  ///< Redis TIME at redis_read_at_; 0: not known
  TimePoint redis_read_at_;
  bool is_up_ = true;
  bool is_held_back_ = false;
  bool refuses_writes_ = false;
};

}  // namespace wscluster::registry
