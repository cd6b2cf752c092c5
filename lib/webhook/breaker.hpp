// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

namespace wscluster::webhook {

/// Keeps calls away from an application that fails: after some failures in a row none is made for a while, then one to
/// try; each further failure doubles the while. Pure.
class Breaker {
 public:
  static constexpr unsigned failures_in_a_row = 5;
  static constexpr Duration first_pause{1'000};
  static constexpr Duration longest_pause{30'000};

  /// False: not now. True while it is half open is said once, until the outcome of that call is known.
  [[nodiscard]] bool allows(TimePoint now) noexcept;
  void succeeded() noexcept;
  void failed(TimePoint now) noexcept;
  /// As if it had failed often enough.
  void trip(TimePoint now) noexcept;
  [[nodiscard]] bool is_open() const noexcept { return pause_ > Duration::zero(); }

 private:
  unsigned failures_ = 0;
  Duration pause_{0};  ///< 0: closed
  TimePoint paused_until_;
  bool is_trying_ = false;
};

}  // namespace wscluster::webhook
