// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "session/permissions.hpp"
#include "session/session_id.hpp"
#include "wire/operator_frames.hpp"

namespace wscluster::cluster {

/// One session as its holder described it.
struct SessionFacts {
  std::string uid;
  session::SessionId id;
  std::string node;           ///< the holder
  std::string edge;           ///< the process with the socket; empty: not known here
  bool is_gateway = false;    ///< the edge is one
  std::string owner;          ///< when it is another node
  Duration misplaced_for{0};  ///< since the holder knows
  Duration age{0};
  bool is_detached = false;
  Duration detached_for{0};
  bool is_moving = false;
  std::uint16_t close_code = 0;  ///< 0: open
  std::uint64_t life = 0;
  std::uint64_t in_flight = 0;  ///< frames given to the edge and not yet written to the client
  std::uint64_t in_flight_bytes = 0;
  std::uint64_t waiting = 0;  ///< frames kept behind them
  std::uint64_t waiting_bytes = 0;
};

struct ListRequest {
  std::string service;
  std::string node;  ///< empty: all
  std::string after;
  std::string prefix;
  std::size_t limit = 0;
  bool is_misplaced = false;
  std::string in_group;  ///< only its members; empty: any
};

/// Users in the order of their hashes, each one whole.
struct SessionList {
  std::vector<SessionFacts> sessions;
  std::string next;                  ///< uid to go on after; empty: that was all
  std::vector<std::string> missing;  ///< nodes that did not answer, or not with all shards
};

/// What is to be done with one session, with those of one user, or, without either, with those of everybody (then
/// not wire::Operation::show). Meant are those that fit all of in_group, filter and excluded.
struct Order {
  std::string service;
  wire::Operation operation = wire::Operation::show;
  std::string uid;
  std::optional<session::SessionId> session;
  std::string in_group;  ///< empty: any
  std::string filter;    ///< as protocol::Filter reads it; empty: none
  std::vector<session::SessionId> excluded;
  std::vector<std::string> groups;  ///< to join or leave; the one of a permission, or none for all groups
  session::Permission permission{};
  std::uint16_t code = 0;  ///< to close with
  std::string text;
  std::uint64_t origin = 0;  ///< of a message: the same for all its repeats
  std::string payload;       ///< packed protocol::Envelope
};

struct OrderReport {
  enum class Status : std::uint8_t {
    done,
    nobody,   ///< nobody holds the session or user
    busy,     ///< nothing was done: the user is on its way, or a holder cannot be asked now
    unknown,  ///< a holder was asked and did not answer; of an order for everybody: it may be done in part
  };
  Status status = Status::busy;
  std::uint64_t count = 0;    ///< sessions to which it was done, or that have the permission
  std::uint64_t refused = 0;  ///< sessions to which a limit forbids it
  // Of one session or user:
  std::string node;
  std::uint64_t epoch = 0;
  std::vector<SessionFacts> sessions;
  std::uint64_t held = 0;  ///< messages that wait for a session
  std::uint64_t held_bytes = 0;
};

}  // namespace wscluster::cluster
