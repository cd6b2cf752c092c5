// SPDX-License-Identifier: MIT
#include "cluster/close_pace.hpp"

#include <algorithm>
#include <set>

namespace wscluster::cluster {
namespace {

/// A client behind the close comes back within this.
constexpr std::uint64_t return_spread_ms = 250;
/// What was not used for so long is not used later.
constexpr double burst_seconds = 0.05;

}  // namespace

void ClosePace::advance(TimePoint now, const ChangePolicy* given) {
  const ChangePolicy fallback;
  const ChangePolicy& policy = given == nullptr ? fallback : *given;
  is_late_ = policy.deadline > Duration{0} && now - since_ >= policy.deadline;
  const bool is_waiting = now - since_ < policy.lb_wait;
  is_free_ = is_late_ || (policy.rate <= 0 && !is_waiting);
  const double rate = is_waiting ? 0 : policy.rate * share_;
  allowance_ = std::min(allowance_ + rate * seconds(now - last_), std::max(1.0, rate * burst_seconds));
  last_ = now;
}

double part_of_all_closes(const ring::HashRing& before, const ring::Plan& plan, std::string_view node) {
  std::set<std::string_view> donors;
  double part = 0;
  for (const auto& move : plan.moves()) {
    const std::string& from = plan.name(move.from);
    donors.insert(from);
    part += plan.name(move.to) == node ? move.share : 0;
    part -= from == node ? move.share : 0;
  }
  if (donors.contains(node)) part += before.owned_ratio(node);
  double all = 0;
  for (const std::string_view donor : donors)
    all += before.owned_ratio(donor);
  return all > 0 ? std::clamp(part / all, 0.0, 1.0) : 0;
}

std::string close_text(std::uint64_t epoch, const ChangePolicy* policy, std::uint64_t& jitter) {
  jitter = jitter * 6364136223846793005U + 1442695040888963407U;
  std::string text =
      "epoch=" + std::to_string(epoch) + " after=" + std::to_string((jitter >> 33U) % return_spread_ms) + "ms";
  if (policy != nullptr && !policy->close_text.empty()) text += " " + policy->close_text;
  return text;
}

}  // namespace wscluster::cluster
