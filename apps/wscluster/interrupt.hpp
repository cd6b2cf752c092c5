// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

namespace wscluster::app {

/// While it lives, the first Ctrl-C or SIGTERM is only noted; the second one ends the process as usual. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] bool is_requested() const;
  /// 130 or 143.
  [[nodiscard]] int exit_code() const;
  /// Returns early when a signal comes.
  void sleep_for(Duration time) const;
};

}  // namespace wscluster::app
