// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wscluster::registry {

enum class Role : std::uint8_t { node, gateway };
[[nodiscard]] const char* to_string(Role role) noexcept;

/// What a process tells about itself when it starts; the same for its whole life.
struct Registration {
  std::string name;
  std::uint64_t incarnation = 0;  ///< fresh and random at each start, never 0
  Role role = Role::node;
  std::string link_address;    ///< HOST:PORT, where other processes connect
  std::string client_address;  ///< HOST:PORT, WebSocket and REST
  std::string admin_address;   ///< HOST:PORT
  bool client_tls = false;
  unsigned cores = 1;
  unsigned shards = 0;                ///< 0 for a gateway
  std::vector<std::string> services;  ///< a node enters the ring of each
  std::string version;
  bool is_standby = false;  ///< enters no ring by itself
  double weight = 1;        ///< with which it joins

  friend bool operator==(const Registration&, const Registration&) = default;
};

struct ServiceStats {
  std::uint64_t sessions = 0;
  std::uint64_t misplaced = 0;
  // What it holds, written by the Agent; the removal of the dead depends on it.
  std::uint64_t adopted = 0;  ///< epoch; 0: no document
  std::string digest;
  std::uint64_t lineage = 0;

  friend bool operator==(const ServiceStats&, const ServiceStats&) = default;
};

/// What a process tells with each heartbeat.
struct MemberStats {
  std::string state = "joining";  ///< word of ring::MemberState
  std::uint64_t uptime_seconds = 0;
  std::map<std::string, ServiceStats> services;
  std::vector<std::string> alarms;  ///< one line each, as this process sees them; written by the Agent
  bool is_linked = false;           ///< to every live process; written by the Agent

  friend bool operator==(const MemberStats&, const MemberStats&) = default;
};

[[nodiscard]] std::string to_json(const Registration& registration);
[[nodiscard]] std::string to_json(const MemberStats& stats);
[[nodiscard]] Result<Registration> parse_registration(std::string_view text);
[[nodiscard]] Result<MemberStats> parse_stats(std::string_view text);

}  // namespace wscluster::registry
