// SPDX-License-Identifier: MIT
#include "load/move_log.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

namespace wscluster::load {
namespace {

using std::chrono::microseconds;

/// Processes adopt an epoch one after the other, and a message may be on its way for so long.
constexpr Duration lead{100};
/// Moves are over sooner; fewer messages would have no p99.
constexpr Duration least_span{1'000};

std::uint64_t as_us(Clock::duration duration) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, std::chrono::duration_cast<microseconds>(duration).count()));
}

}  // namespace

std::optional<double> ChangeLatency::unmoved_factor() const {
  const double before = quiet.percentile(99);
  if (unmoved.empty() || before <= 0) return std::nullopt;
  return unmoved.percentile(99) / before;
}

void MoveLog::record_owner(std::uint32_t user, std::string_view node, std::uint64_t epoch, Clock::duration planned) {
  const auto [seen, is_new] = epochs_.try_emplace(epoch, planned);
  if (!is_new) seen->second = std::min(seen->second, planned);
  auto& owners = owners_[user];
  const bool is_known = std::ranges::any_of(owners, [&](const Owner& owner) { return owner.epoch == epoch; });
  if (!is_known) owners.push_back({epoch, std::string(node)});
}

void MoveLog::record_latency(std::uint32_t user, Clock::duration planned, Clock::duration latency) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  samples_.push_back({as_us(planned), static_cast<std::uint32_t>(std::min(as_us(latency), most)), user});
}

MoveLog::Fate MoveLog::fate_of(std::span<const MoveLog* const> threads, std::size_t user, std::uint64_t first) {
  const std::string* home = nullptr;
  for (const auto* thread : threads) {
    for (const Owner& owner : thread->owners_[user])
      if (owner.epoch == first) home = &owner.node;
  }
  Fate fate = Fate::unknown;
  for (const auto* thread : threads) {
    for (const Owner& owner : thread->owners_[user]) {
      if (home == nullptr || owner.epoch == first) continue;
      if (owner.node != *home) return Fate::moved;
      fate = Fate::unmoved;
    }
  }
  return fate;
}

ChangeLatency MoveLog::split(std::span<const MoveLog* const> threads, Clock::duration change_end) {
  ChangeLatency found;
  std::map<std::uint64_t, Clock::duration> epochs;
  for (const auto* thread : threads) {
    for (const auto& [epoch, planned] : thread->epochs_) {
      const auto [seen, is_new] = epochs.try_emplace(epoch, planned);
      if (!is_new) seen->second = std::min(seen->second, planned);
    }
  }
  if (epochs.size() < 2) return found;
  const std::uint64_t first = epochs.begin()->first;
  epochs.erase(epochs.begin());
  const auto by_time = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto begin = as_us(std::ranges::min_element(epochs, by_time)->second - lead);
  const auto end =
      as_us(std::max<Clock::duration>(std::ranges::max_element(epochs, by_time)->second + least_span, change_end));

  std::vector<Fate> fates;
  for (std::size_t user = 0; user < threads.front()->owners_.size(); ++user) {
    fates.push_back(fate_of(threads, user, first));
    ++(fates.back() == Fate::moved     ? found.moved_users
       : fates.back() == Fate::unmoved ? found.unmoved_users
                                       : found.unknown_users);
  }
  for (const auto* thread : threads) {
    for (const Sample& sample : thread->samples_) {
      const Fate fate = fates[sample.user];
      if (sample.planned_us < begin) {
        found.quiet.record(microseconds(sample.latency_us));
      } else if (sample.planned_us < end && fate != Fate::unknown) {
        (fate == Fate::moved ? found.moved : found.unmoved).record(microseconds(sample.latency_us));
      }
    }
  }
  return found;
}

}  // namespace wscluster::load
