// SPDX-License-Identifier: MIT
#pragma once

// The private types of Holder, shared by its sources.

#include "cluster/holder.hpp"

namespace wscluster::cluster {

struct Holder::Session {
  User* user = nullptr;
  session::SessionId id;
  SessionRef ref = 0;
  PathId path = 0;  ///< 0: its link broke
  std::uint64_t edge = 0;
  std::uint64_t number = 0;
  std::uint64_t accepted = 0;
  std::uint64_t accepted_told = 0;
  std::uint32_t open_sends = 0;  ///< relayed and not yet answered
  std::uint16_t close_code = 0;  ///< 0: open
  bool is_close_sent = false;
  bool is_lazy = false;
  std::string close_text;
  TimePoint orphaned;
  session::FrameQueue queue;  ///< downstream; covered by `written`
};

/// A message that was executed or is being delivered: what a repeat of it is answered.
struct Holder::Executed {
  std::uint64_t origin = 0;
  std::uint64_t counter = 0;
  PathId path = 0;
  wire::Wait wait = wire::Wait::none;
  std::uint32_t pending = 0;  ///< sessions that have not written it
  std::uint32_t written = 0;
  bool is_unsure = false;  ///< for one session nobody can know any more
  bool is_held = false;    ///< waits for the user's return
  bool is_answered = false;
  wire::ReceiptStatus status = wire::ReceiptStatus::unknown;
  std::uint64_t sessions = 0;
};

/// Somebody who came before we knew whether an earlier owner holds the user: a message or an attach.
struct Holder::Visit {
  PathId path = 0;
  TimePoint deadline;
  bool is_attach = false;
  // attach
  std::uint64_t edge = 0;
  std::uint64_t number = 0;
  std::uint64_t life = 0;
  std::uint64_t accepted = 0;
  std::uint64_t received = 0;
  std::uint64_t written = 0;
  std::string session;
  // message
  std::uint64_t origin = 0;
  std::uint64_t counter = 0;
  std::uint64_t epoch = 0;
  wire::Wait wait = wire::Wait::none;
  bool is_binary = false;
  std::string payload;
};

struct Holder::User {
  const UserKey* key = nullptr;  ///< in the map
  std::uint64_t life = 0;
  std::uint64_t born = 0;      ///< made anew after a loss in this epoch; 0: not
  std::uint64_t resolved = 0;  ///< since this epoch it is known that nobody else holds it; 0: not known
  std::vector<SessionRef> sessions;
  std::vector<Executed> executed;
  struct LastSeen {
    std::uint64_t origin = 0;
    std::uint64_t counter = 0;
  };
  std::vector<LastSeen> last_seen;  ///< newest counter of each origin
  std::vector<Visit> visits;        ///< before it is known who holds the user
  std::vector<Visit> held;          ///< messages for the return of an evicted user
  std::uint64_t held_bytes = 0;
  TimePoint hold_until;        ///< while there is no session: expected back until then
  std::uint64_t expected = 0;  ///< sessions that were evicted elsewhere and may return
  std::uint64_t evicted_epoch = 0;
  TimePoint evicted_at;

  struct Question {
    std::string node;
    std::uint64_t incarnation = 0;
    PathId path = 0;      ///< 0: not sent
    bool is_open = true;  ///< its change is not done: if it left, it took state along
    bool is_answered = false;
  };
  bool is_asking = false;
  bool pull = false;
  std::uint64_t asked_epoch = 0;
  std::vector<Question> questions;
  std::string elsewhere;  ///< an earlier owner holds it
  TimePoint elsewhere_until;

  std::uint64_t eviction = 0;  ///< epoch of the change that takes it away; 0: none
  bool is_leaving = false;     ///< its turn has come
  TimePoint leaving_since;
  std::uint64_t leaving_sessions = 0;
  std::vector<PathId> askers;  ///< answered at release

  bool in_cleanup = false;
  bool in_waiting = false;
};

}  // namespace wscluster::cluster
