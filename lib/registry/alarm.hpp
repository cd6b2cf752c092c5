// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wscluster::registry {

/// What an operator is woken for; the `kind` of the metric wscluster_registry_alarms. Append only.
enum class AlarmKind : std::uint8_t {
  fork,         ///< another document under the same epoch, or on another predecessor
  lineage,      ///< a ring of another origin
  rollback,     ///< Redis has lost or has older what is held here, and it could not be put back yet
  unreadable,   ///< something in Redis cannot be read
  name,         ///< another process holds our name
  eviction,     ///< maxmemory-policy lets Redis throw leases and documents away
  memory,       ///< Redis has reached its maxmemory
  disk,         ///< Redis cannot write to its disk
  replication,  ///< fewer replicas than redis.min_replicas acknowledge writes
};
inline constexpr std::size_t alarm_kinds = 9;

[[nodiscard]] const char* to_string(AlarmKind kind) noexcept;

/// A condition that holds now; gone when it does not any more.
struct Alarm {
  AlarmKind kind = AlarmKind::unreadable;
  std::string text;  ///< one line that names the remedy

  friend bool operator==(const Alarm&, const Alarm&) = default;
};

/// By kind.
using AlarmCounts = std::array<std::size_t, alarm_kinds>;

/// The texts for other processes, at most 16; a last line says how many more there are.
[[nodiscard]] std::vector<std::string> texts_of(const std::vector<Alarm>& alarms);

}  // namespace wscluster::registry
