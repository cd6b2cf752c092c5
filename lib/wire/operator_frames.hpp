// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/frame_type.hpp"

/// Frames that carry what operators and applications ask and order (see frames.hpp for the rules of all frames).
namespace wscluster::wire {

/// What a holder answers. Persistent.
enum class Finding : std::uint64_t {
  done = 1,
  nobody = 2,      ///< the user is not held here
  unresolved = 3,  ///< ours, and it is being asked who holds it
  moving = 4,      ///< between two holders
  forbidden = 5,   ///< the service is not served here
};

/// To a shard: which sessions do you hold? Users come in the order of their hashes.
struct ListSessions {
  static constexpr FrameType type = FrameType::list_sessions;
  std::uint64_t number = 0;  ///< of the question; comes back with the answer
  std::string_view service;
  std::string_view after;     ///< uid: begin behind it; empty: with the first
  std::string_view prefix;    ///< of the uids
  std::uint64_t limit = 0;    ///< sessions; the last user comes whole
  bool is_misplaced = false;  ///< only those that another node owns
  std::string_view in_group;  ///< only members; empty: any

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.number(1, self.number);
    v.text(2, self.service);
    v.text(3, self.after);
    v.text(4, self.prefix);
    v.number(5, self.limit);
    v.flag(6, self.is_misplaced);
    v.text(7, self.in_group);
  }
};

/// What is ordered. Persistent.
enum class Operation : std::uint64_t {
  show = 1,  ///< nothing but tell
  close = 2,
  join_groups = 3,
  leave_groups = 4,
  leave_all_groups = 5,
  grant = 6,   ///< of a permission
  revoke = 7,  ///< the same
  check = 8,   ///< how many of the sessions have it?
  send = 9,    ///< a message, without a receipt
};

struct GroupName {
  std::string_view name;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.name);
  }
};

/// To a shard: do this to one session, or to those of one user, if you hold it; without either, to those of everybody.
/// Of them it means those that fit all of in_group, filter and excluded.
struct Order {
  static constexpr FrameType type = FrameType::order;
  std::uint64_t number = 0;
  std::string_view service;
  Operation operation{};
  std::string_view uid;
  std::string_view session;       ///< connection id
  std::string_view after;         ///< of everybody: begin behind this uid
  std::string_view in_group;      ///< empty: any
  std::string_view filter;        ///< as protocol::Filter reads it; empty: none
  std::string_view excluded;      ///< connection ids, one behind the other
  std::vector<GroupName> groups;  ///< to join or leave; the one of a permission, or none for all groups
  std::uint64_t permission = 0;   ///< session::Permission
  std::uint64_t code = 0;         ///< to close with
  std::string_view text;
  std::uint64_t origin = 0;  ///< of the message: the same for all its repeats
  std::string_view payload;  ///< packed protocol::Envelope

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.number(1, self.number);
    v.text(2, self.service);
    v.number(3, self.operation);
    v.text(4, self.uid);
    v.text(5, self.session);
    v.text(6, self.after);
    v.text(7, self.in_group);
    v.text(8, self.filter);
    v.text(9, self.excluded);
    v.list(10, self.groups);
    v.number(11, self.permission);
    v.number(12, self.code);
    v.text(13, self.text);
    v.fixed(14, self.origin);
    v.text(15, self.payload);
  }
};

/// A session as its holder knows it.
struct SessionEntry {
  std::string_view uid;
  std::string_view session;   ///< connection id
  std::uint64_t process = 0;  ///< incarnation of the edge's; 0: unknown
  std::uint64_t age_ms = 0;
  bool is_detached = false;  ///< no edge is attached to it
  std::uint64_t detached_ms = 0;
  bool is_moving = false;  ///< its state is on the way to the owner
  std::uint64_t close_code = 0;
  std::uint64_t life = 0;
  std::uint64_t in_flight = 0;  ///< frames given to the edge and not yet written to the client
  std::uint64_t in_flight_bytes = 0;
  std::uint64_t waiting = 0;  ///< frames kept behind them
  std::uint64_t waiting_bytes = 0;
  std::string_view owner;          ///< when it is another node
  std::uint64_t misplaced_ms = 0;  ///< since that is known here

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.uid);
    v.text(2, self.session);
    v.fixed(3, self.process);
    v.number(4, self.age_ms);
    v.flag(5, self.is_detached);
    v.number(6, self.detached_ms);
    v.flag(7, self.is_moving);
    v.number(8, self.close_code);
    v.fixed(9, self.life);
    v.number(10, self.in_flight);
    v.number(11, self.in_flight_bytes);
    v.number(12, self.waiting);
    v.number(13, self.waiting_bytes);
    v.text(14, self.owner);
    v.number(15, self.misplaced_ms);
  }
};

/// The answer to both.
struct Sessions {
  static constexpr FrameType type = FrameType::sessions;
  std::uint64_t number = 0;
  Finding finding{};
  std::uint64_t epoch = 0;
  std::vector<SessionEntry> entries;
  std::string_view through;  ///< when it goes on behind it: the last uid that was looked at
  std::uint64_t held = 0;    ///< messages that wait for a session of the user
  std::uint64_t held_bytes = 0;
  std::uint64_t count = 0;    ///< sessions to which it was done, or that have the permission
  std::uint64_t refused = 0;  ///< sessions to which a limit forbids it
  // Of an order for everybody:
  std::uint64_t moving = 0;  ///< users between two holders, who were passed over
  std::uint64_t came = 0;    ///< users that have come to this shard, ever
  bool is_settled = false;   ///< no change moves anybody

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.number(1, self.number);
    v.number(2, self.finding);
    v.number(3, self.epoch);
    v.list(4, self.entries);
    v.text(5, self.through);
    v.number(6, self.held);
    v.number(7, self.held_bytes);
    v.number(8, self.count);
    v.number(9, self.refused);
    v.number(10, self.moving);
    v.number(11, self.came);
    v.flag(12, self.is_settled);
  }
};

}  // namespace wscluster::wire
