// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/endpoint.hpp"
#include "base/error.hpp"
#include "base/time.hpp"

namespace wscluster::upstream {

/// Eureka's words in lower case; only `up` makes an instance a member of its service's ring.
enum class Status : std::uint8_t { up, down, starting, out_of_service, unknown };

/// UP, DOWN, STARTING, OUT_OF_SERVICE, UNKNOWN.
[[nodiscard]] const char* to_string(Status status) noexcept;
[[nodiscard]] Result<Status> parse_status(std::string_view text);

/// Who tells us about an instance. Persistent words.
enum class Origin : std::uint8_t { configured, rest, eureka };
[[nodiscard]] const char* to_string(Origin origin) noexcept;

/// What the last write made of it; Eureka's actionType. One that was `deleted` stays for a while, for readers of
/// changes.
enum class Action : std::uint8_t { added, modified, deleted };
[[nodiscard]] const char* to_string(Action action) noexcept;

/// What only readers of the Eureka calls need; kept as it was registered.
struct EurekaFacts {
  std::string host_name;
  std::string ip_addr;
  std::string vip_address;  ///< several are separated by commas
  std::string secure_vip_address;
  std::string home_page_url;
  std::string status_page_url;
  std::string health_check_url;
  std::string secure_health_check_url;
  std::string app_group_name;
  std::string asg_name;
  std::string data_center;  ///< a JSON object
  std::uint16_t port = 0;
  std::uint16_t secure_port = 0;
  bool port_is_enabled = true;
  bool secure_port_is_enabled = false;
  std::uint64_t country_id = 1;
  std::uint64_t renewal_seconds = 30;

  friend bool operator==(const EurekaFacts&, const EurekaFacts&) = default;
};

/// One application server of an upstream service. Times are milliseconds of Redis TIME, 0: never.
struct Instance {
  std::string service;
  std::string id;
  Endpoint address;  ///< where it serves
  bool is_secure = false;
  double weight = 1;
  Status status = Status::up;           ///< what it says of itself
  Status overridden = Status::unknown;  ///< what an operator says of it; unknown: nothing
  std::map<std::string, std::string> metadata;
  Duration lease{90'000};
  Origin origin = Origin::rest;
  Action action = Action::added;
  std::uint64_t dirty_ms = 0;       ///< lastDirtyTimestamp, by the instance's own clock
  std::uint64_t registered_ms = 0;  ///< when this registration's life began; repeats do not change it
  std::uint64_t up_ms = 0;          ///< when it was up first in this life
  std::uint64_t changed_ms = 0;     ///< last write but renewals
  EurekaFacts eureka;

  [[nodiscard]] Status effective_status() const noexcept { return overridden == Status::unknown ? status : overridden; }
  [[nodiscard]] bool is_up() const noexcept { return action != Action::deleted && effective_status() == Status::up; }

  friend bool operator==(const Instance&, const Instance&) = default;
};

inline constexpr std::size_t max_id_bytes = 256;
inline constexpr std::size_t max_metadata = 128;  ///< entries
inline constexpr std::size_t max_text_bytes = 2048;

/// At most max_id_bytes of UTF-8 without blanks and control characters.
[[nodiscard]] Result<> check_instance_id(std::string_view id);
/// Every rule about its fields; the message names the field.
[[nodiscard]] Result<> check_instance(const Instance& instance);

/// The member of the ring that stands for the instance: its id where that is a member's name, else what is left of the
/// id and a hash of it. Different ids have different names.
[[nodiscard]] std::string member_name(std::string_view id);
/// Of this life of the registration; never 0. Every gateway computes the same.
[[nodiscard]] std::uint64_t incarnation_of(const Instance& instance) noexcept;

/// As it lies in Redis. Persistent; unknown fields are skipped.
[[nodiscard]] std::string to_json(const Instance& instance);
[[nodiscard]] Result<Instance> parse_instance(std::string_view text);

}  // namespace wscluster::upstream
