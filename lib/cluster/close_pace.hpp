// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cluster/view.hpp"
#include "ring/plan.hpp"

namespace wscluster::cluster {

/// When the sockets that a change closes may be closed, for one core's share of the change.
class ClosePace {
 public:
  ClosePace() = default;
  ClosePace(TimePoint now, double share) : share_(share), since_(now), last_(now) {}

  /// Time passes; how many may be closed now is asked with may_close(). A null policy is the default one.
  void advance(TimePoint now, const ChangePolicy* policy);
  [[nodiscard]] bool may_close() const noexcept { return is_free_ || allowance_ >= 1; }
  void closed() noexcept { allowance_ -= is_free_ ? 0 : 1; }
  /// The change's deadline is over: what is closed now is `forced`.
  [[nodiscard]] bool is_late() const noexcept { return is_late_; }

 private:
  double share_ = 0;
  double allowance_ = 0;
  TimePoint since_;
  TimePoint last_;
  bool is_free_ = false;
  bool is_late_ = false;
};

/// When a change closes every session of the nodes that give: how much of that falls to this node, which keeps some of
/// theirs or gets some. 0 to 1; all nodes together make 1.
[[nodiscard]] double part_of_all_closes(const ring::HashRing& before, const ring::Plan& plan, std::string_view node);

/// "epoch=43 after=120ms TEXT": what a client reads that is closed for a change. `jitter` is the state of a small
/// generator: clients closed together shall not come back together.
[[nodiscard]] std::string close_text(std::uint64_t epoch, const ChangePolicy* policy, std::uint64_t& jitter);

}  // namespace wscluster::cluster
