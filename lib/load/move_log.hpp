// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "load/histogram.hpp"

namespace wscluster::load {

/// How long messages took around a change of the ring, by what became of the user that each was for.
struct ChangeLatency {
  Histogram quiet;    ///< to everybody, before the change
  Histogram unmoved;  ///< while the ring changed, to users that stayed with their owner
  Histogram moved;    ///< while the ring changed, to users that went to another one
  std::uint64_t unmoved_users = 0;
  std::uint64_t moved_users = 0;
  std::uint64_t unknown_users = 0;  ///< without a receipt before or after the change: in neither

  /// p99 of unmoved by p99 of quiet; nothing when one of them has no sample.
  [[nodiscard]] std::optional<double> unmoved_factor() const;
};

/// Sees who moves: a receipt names the owner of the user it is about and the epoch. Keeps the latencies of one thread
/// until the end of the run, 16 bytes each, since only then it is known whose owner has changed. A user that goes and
/// comes back without a message in between counts as one that stayed. Times are since the start of the traffic.
class MoveLog {
 public:
  explicit MoveLog(std::uint64_t users) : owners_(users) {}

  /// The receipt of the message to `user` that was planned for this time.
  void record_owner(std::uint32_t user, std::string_view node, std::uint64_t epoch, Clock::duration planned);
  void record_latency(std::uint32_t user, Clock::duration planned, Clock::duration latency);

  /// The ring changes from the first message that is receipted in a new epoch until a second after the first one of
  /// the last epoch, or until `change_end` if that is later. What was planned just before may have met it and belongs
  /// to it. Without a new epoch everything is empty. Call when all threads have ended.
  [[nodiscard]] static ChangeLatency split(std::span<const MoveLog* const> threads, Clock::duration change_end);

 private:
  struct Owner {
    std::uint64_t epoch;
    std::string node;
  };
  struct Sample {
    std::uint64_t planned_us;
    std::uint32_t latency_us;
    std::uint32_t user;
  };
  enum class Fate : std::uint8_t { unknown, unmoved, moved };
  [[nodiscard]] static Fate fate_of(std::span<const MoveLog* const> threads, std::size_t user, std::uint64_t first);

  std::vector<std::vector<Owner>> owners_;           ///< by user; each epoch once
  std::map<std::uint64_t, Clock::duration> epochs_;  ///< when the first message that is receipted in it was planned
  std::vector<Sample> samples_;
};

}  // namespace wscluster::load
