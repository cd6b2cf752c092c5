// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace wscluster::load {

/// A rough histogram (steps of about 12 %) with one writer, which other threads may read while it is written.
class LiveHistogram {
 public:
  static constexpr std::size_t buckets = 8 * 33;
  using Counts = std::array<std::uint64_t, buckets>;

  void record(Clock::duration value) noexcept;
  void add_to(Counts& counts) const noexcept;
  /// In seconds.
  [[nodiscard]] static double percentile(const Counts& counts, double percent) noexcept;

 private:
  std::array<std::atomic<std::uint64_t>, buckets> counts_{};
};

/// What one thread shows of itself while it runs: written by it once per turn, read by everybody. Each value is right
/// by itself, not exactly at the same moment as the others.
struct Live {
  std::atomic<std::uint64_t> connected = 0;  ///< open now
  std::atomic<std::uint64_t> connect_failed = 0;
  std::atomic<std::uint64_t> attempted = 0;  ///< connections that were opened or failed at least once
  std::atomic<std::uint64_t> away = 0;       ///< closed, and about to come back
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<std::uint64_t> arrived = 0;
  std::atomic<std::uint64_t> promised = 0;     ///< receipts that promise an arrival
  std::atomic<std::uint64_t> outstanding = 0;  ///< not answered yet, or not sent yet
  std::atomic<std::uint64_t> errors = 0;
  std::atomic<std::uint64_t> closed = 0;
  std::atomic<std::uint64_t> ended = 0;  ///< connections that will do nothing more
  LiveHistogram latency;
  LiveHistogram lag;
};

}  // namespace wscluster::load
