// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "upstream/instance.hpp"

/// What calls make of an instance. Pure: `now_ms` is Redis TIME.
namespace wscluster::upstream {

/// So long a change is told to readers of changes, and an instance that left is remembered.
inline constexpr Duration change_retention{180'000};

/// `before`: what is known under the id, also one that left; null: nothing. A registration of data older than what is
/// known changes nothing but the lease; an operator's word outlives it.
[[nodiscard]] Instance registered(const Instance* before, Instance incoming, std::uint64_t now_ms);

enum class Renewal : std::uint8_t {
  renewed,
  unknown,   ///< not registered, or it has left
  outdated,  ///< the caller has newer data than the registry: it must register again
};
/// `dirty_ms`: lastDirtyTimestamp of the caller, if it said one.
[[nodiscard]] Renewal check_renewal(const Instance* known, std::optional<std::uint64_t> dirty_ms);

[[nodiscard]] Instance cancelled(Instance instance, std::uint64_t now_ms);
/// `status` unknown is the undo; then `own` replaces what the instance says of itself.
[[nodiscard]] Instance overridden(Instance instance, Status status, std::optional<Status> own, std::uint64_t now_ms);
[[nodiscard]] Instance with_status(Instance instance, Status status, std::uint64_t now_ms);
[[nodiscard]] Instance with_metadata(Instance instance, const std::map<std::string, std::string>& entries,
                                     std::uint64_t now_ms);

/// A lease that has ended.
struct EndedLease {
  std::string service;
  std::string id;
  std::uint64_t end_ms = 0;

  friend bool operator==(const EndedLease&, const EndedLease&) = default;
};

/// Those of `ended` whose instances are to be taken out, of `all` that have a lease. One after the other goes at once.
/// Where more than half (and at least three) have fallen silent together, it is rather the way to us that is broken:
/// each of them gets a second lease first (`lease_of` is asked for it). So nobody who is really dead stays for ever.
template <class LeaseOf>
[[nodiscard]] std::vector<EndedLease> due_to_leave(std::vector<EndedLease> ended, std::size_t all, std::uint64_t now_ms,
                                                   LeaseOf lease_of) {
  constexpr std::size_t least_of_a_mass = 3;
  const bool is_mass = ended.size() >= least_of_a_mass && ended.size() * 2 > all;
  std::erase_if(ended, [&](const EndedLease& lease) {
    const std::uint64_t patience = is_mass ? static_cast<std::uint64_t>(lease_of(lease).count()) : 0;
    return lease.end_ms + patience > now_ms;
  });
  return ended;
}

}  // namespace wscluster::upstream
