// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "registry/registration.hpp"
#include "registry/trust.hpp"
#include "ring/document.hpp"

/// What a process does to the ring by itself (DESIGN.md sections 5.3, 5.5 to 5.7); pure.
namespace wscluster::registry {

/// What is known about one service at one moment.
struct ServiceFacts {
  const ring::Document* held = nullptr;  ///< the last good one; null: none ever seen
  bool is_current = false;               ///< Redis has exactly it (or nothing, and nothing is held)
  std::uint64_t done_through = 0;
  std::uint64_t newest_adopted = 0;  ///< the highest epoch that any registered process says it has adopted
  TimePoint
      nobody_since;  ///< since when there is neither a document nor a process that has adopted one; max(): there is
  TimePoint may_change_from;  ///< two leases after a reconnect
  bool is_linked = false;     ///< to every live process
  bool is_leaving = false;
  bool was_member = false;  ///< this incarnation has been in the ring, and left
};

enum class Step : std::uint8_t {
  nothing,
  first_document,  ///< epoch 1 with only us
  enter,           ///< our name is new
  renew,           ///< our name is there in an earlier life
  drain,           ///< our weight becomes 0
  go,              ///< we are empty and disappear from the document; who was drained does so only when it ends
};

[[nodiscard]] Step next_step(const ServiceFacts& facts, const Registration& self, Duration lease, TimePoint now);

/// The members after that step (not for `nothing`); `members` are those before it.
[[nodiscard]] std::vector<ring::Member> apply(Step step, std::vector<ring::Member> members, const Registration& self);

/// Lives whose lease was seen ended, and when first. Seen again at least one heartbeat later, they are due.
class Sightings {
 public:
  /// `gone`: all that are seen ended now; the others are forgotten.
  void see(TimePoint now, const std::set<Life>& gone);
  /// Seen before by at least `apart`; to be called right after see().
  [[nodiscard]] std::set<Life> due(TimePoint now, Duration apart) const;
  /// When the next one becomes due; TimePoint::max() when there is none.
  [[nodiscard]] TimePoint next_due(Duration apart) const;

 private:
  std::map<Life, TimePoint> first_;
};

}  // namespace wscluster::registry
