// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "registry/alarm.hpp"
#include "registry/change.hpp"
#include "registry/registration.hpp"
#include "ring/document.hpp"
#include "upstream/state.hpp"

namespace wscluster::registry {

/// A process as Redis knows it.
struct MemberRecord {
  Registration registration;
  MemberStats stats;  ///< as of the last reading, which an Agent repeats only when something else changed
  bool is_alive = false;
  WallClock::time_point last_seen;  ///< by Redis TIME
  Duration silence{0};              ///< at the time of reading

  /// The same process in the same condition; stats and times, which change all the time, left out.
  [[nodiscard]] bool is_same_as(const MemberRecord& other) const {
    return registration == other.registration && is_alive == other.is_alive;
  }
};

struct ServiceState {
  std::shared_ptr<const ring::Document> document;  ///< the last good one; null: none yet
  std::uint64_t done_through = 0;                  ///< no donor of a change up to this epoch has anything left
  std::vector<Change> running;                     ///< not done yet, ascending

  friend bool operator==(const ServiceState&, const ServiceState&) = default;
};

/// All that the registry knows; immutable, shared by everybody who got it.
struct Snapshot {
  std::vector<MemberRecord> members;  ///< nodes and gateways, sorted by name
  std::map<std::string, ServiceState> services;
  /// Those whose ring is of instances. One that did not change since the last snapshot is the same object. Never null.
  upstream::Upstreams upstreams;
  std::vector<std::string> alarms;      ///< one line each; empty when all is well
  AlarmCounts alarm_counts{};           ///< the same by kind; only in those of an Agent
  std::uint64_t put_backs = 0;          ///< so often this process has put a ring back into Redis
  std::uint64_t instances_expired = 0;  ///< so many leases of instances this process has seen end
  bool redis_up = false;

  /// nullptr when it is no upstream service.
  [[nodiscard]] const upstream::UpstreamState* upstream(std::string_view service) const {
    const auto found = upstreams.find(service);
    return found == upstreams.end() ? nullptr : found->second.get();
  }
};

}  // namespace wscluster::registry
