// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "base/time.hpp"
#include "front/memory_guard.hpp"
#include "metrics/exposition.hpp"

namespace wscluster::front {

/// Resident bytes of this process.
[[nodiscard]] std::uint64_t resident_bytes();

/// Looks after this process's memory, four times a second, and trims the heap where it is short. Core 0.
class MemoryWatch {
 public:
  void use_ceiling(std::uint64_t bytes) noexcept { guard_.use_ceiling(bytes); }
  [[nodiscard]] std::uint64_t ceiling() const noexcept { return guard_.ceiling(); }
  [[nodiscard]] Pressure level() const noexcept { return guard_.level(); }

  /// The level where it was time to look, else nothing.
  std::optional<Pressure> look(TimePoint now);
  /// How many of so many per second may be closed at this look. What is not needed is not saved up.
  [[nodiscard]] std::size_t portion(double rate);

  void add_metrics(std::vector<metrics::Family>& families) const;

 private:
  MemoryGuard guard_;
  TimePoint next_look_;
  TimePoint next_trim_;
  double budget_ = 0;
  std::uint64_t trims_ = 0;
};

}  // namespace wscluster::front
