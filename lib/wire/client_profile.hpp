// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wscluster::wire {

/// Persistent, do not renumber.
enum class Subprotocol : std::uint64_t { none = 0, json = 1, reliable = 2 };

/// What a message of a client without a subprotocol is. Persistent.
enum class SimpleKind : std::uint64_t {
  service = 0,        ///< what its service says (RawMode)
  send_event = 1,     ///< an event
  send_to_group = 2,  ///< a message to one group
};

struct ProfileGroup {
  std::string_view name;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.name);
  }
};

/// Who a client is beside its uid, as its URL and token say. The edge sends it with every attach: a session whose state
/// was lost is made anew from it.
struct ClientProfile {
  Subprotocol subprotocol = Subprotocol::none;
  SimpleKind simple = SimpleKind::service;
  std::string_view group;            ///< of send_to_group
  std::string_view permissions;      ///< session::Permissions
  std::vector<ProfileGroup> groups;  ///< to be joined at once
  std::string_view state;            ///< of the application, opaque

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.number(1, self.subprotocol);
    v.number(2, self.simple);
    v.text(3, self.group);
    v.text(4, self.permissions);
    v.list(5, self.groups);
    v.text(6, self.state);
  }
};

[[nodiscard]] std::string encode(const ClientProfile& profile);

}  // namespace wscluster::wire
