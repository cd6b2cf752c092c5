// SPDX-License-Identifier: MIT
#pragma once

// The private types of Holder, shared by its sources.

#include "cluster/holder.hpp"

namespace wscluster::cluster {

/// In place of an epoch: no change has closed the session, an operator has.
inline constexpr std::uint64_t by_operator = ~std::uint64_t{0};

struct Holder::Session {
  User* user = nullptr;
  session::SessionId id;
  SessionRef ref = 0;
  PathId path = 0;  ///< 0: no edge is attached
  std::uint64_t edge = 0;
  std::uint64_t number = 0;
  std::uint64_t process = 0;  ///< incarnation of the edge's
  TimePoint since;
  std::uint64_t life = 0;           ///< of its counters: the user's, or its own if it was made anew beside others
  std::uint64_t accepted = 0;       ///< client frames taken
  std::uint64_t answered_told = 0;  ///< what the edge may forget
  std::vector<std::uint64_t>
      unanswered;                ///< positions of frames taken whose answer has not gone to the edge; ascending
  std::uint16_t close_code = 0;  ///< 0: open
  bool is_close_sent = false;
  bool is_lazy = false;
  std::uint64_t planned = 0;  ///< the change to this epoch counts it as planned, and nothing else yet
  std::uint64_t closes = 0;   ///< the change to this epoch closes everybody, and its turn has not come
  std::uint64_t evicted = 0;  ///< closed by the change to this epoch, or by_operator: the client comes back
  TimePoint closing_since;
  std::string close_text;
  TimePoint orphaned;
  session::FrameQueue queue;             ///< downstream; covered by `written`
  std::vector<std::uint64_t> sends;      ///< own ones, not yet answered; in sends_
  std::uint32_t inherited = 0;           ///< of them, begun at an earlier holder
  std::vector<std::string> waiting_ups;  ///< wire::Up, until nothing inherited is left
  session::Permissions permissions;
  std::vector<std::string> groups;

  /// Client frames up to here need not be sent again, whatever happens to this state.
  [[nodiscard]] std::uint64_t answered() const { return unanswered.empty() ? accepted : unanswered.front() - 1; }
};

/// A message that was executed or is being delivered: what a repeat of it is answered.
struct Holder::Executed {
  std::uint64_t origin = 0;
  std::uint64_t counter = 0;
  PathId path = 0;
  wire::Wait wait = wire::Wait::none;
  std::uint32_t pending = 0;  ///< sessions that have not written it
  std::uint32_t spares = 0;   ///< the same, of those without an edge: waited for only when nobody else writes it
  std::uint32_t written = 0;
  bool is_unsure = false;  ///< for one session nobody can know any more
  bool is_held = false;    ///< waits for a session
  bool is_answered = false;
  wire::ReceiptStatus status = wire::ReceiptStatus::unknown;
  std::uint64_t sessions = 0;
  // The first message of the same request, whose outcome this one has. 0: itself.
  std::uint64_t first_origin = 0;
  std::uint64_t first_counter = 0;
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
  std::uint64_t answered = 0;
  std::uint64_t received = 0;
  std::uint64_t written = 0;
  std::uint64_t ended = 0;
  std::uint64_t process = 0;
  std::string session;
  // message
  std::uint64_t origin = 0;
  std::uint64_t counter = 0;
  std::uint64_t after = 0;
  std::uint64_t epoch = 0;
  wire::Wait wait = wire::Wait::none;
  bool is_binary = false;
  std::string payload;
  std::string request;
};

/// A state on its way to us.
struct Holder::Arrival {
  std::uint64_t handover = 0;
  std::string node;
  std::uint64_t incarnation = 0;
  unsigned shard = 0;
  LinkId link = 0;      ///< the parts come on it; 0: prepared must be told again
  TimePoint repeat_at;  ///< prepared is told again then in any case
  std::string bytes;    ///< until it is whole
  std::uint64_t total = 0;
  bool is_installed = false;
};

/// Our state on its way to its owner.
struct Holder::Departure {
  std::uint64_t handover = 0;
  std::string node;
  std::uint64_t incarnation = 0;
  std::uint64_t epoch = 0;
  PathId path = 0;  ///< 0: the snapshot must be sent again
  std::string bytes;
  std::size_t sent = 0;
  std::size_t taken = 0;  ///< bytes that the owner has
  struct Frame {
    PathId path = 0;
    std::string bytes;
  };
  std::vector<Frame> parked;  ///< worked off after a thaw
  std::size_t parked_bytes = 0;
};

struct Holder::User {
  enum class Phase : std::uint8_t {
    unresolved,  ///< ours, and perhaps still held by an earlier owner
    active,
    frozen,   ///< its snapshot is out
    passive,  ///< installed, waits for the release
  };

  const UserKey* key = nullptr;  ///< in the map
  Phase phase = Phase::unresolved;
  std::uint64_t life = 0;
  std::uint64_t born = 0;  ///< made anew after a loss in this epoch; 0: not
  std::vector<SessionRef> sessions;
  std::vector<Executed> executed;
  struct LastSeen {
    std::uint64_t origin = 0;
    std::uint64_t counter = 0;
  };
  std::vector<LastSeen> last_seen;  ///< newest counter of each origin
  std::vector<Visit> visits;        ///< before it is known who holds the user
  struct Request {
    std::string id;
    std::uint64_t origin = 0;  ///< of its first message
    std::uint64_t counter = 0;
    bool is_answered = false;
    wire::ReceiptStatus status = wire::ReceiptStatus::unknown;
    std::uint64_t sessions = 0;
    TimePoint answered_at;
  };
  std::vector<Request> requests;  ///< those that may be repeated, oldest first
  struct Held {
    std::uint64_t origin = 0;
    std::uint64_t counter = 0;
    TimePoint deadline;  ///< of its receipt
    TimePoint expires;
    bool is_binary = false;
    std::string payload;
  };
  std::vector<Held> held;  ///< messages that wait for a session
  std::uint64_t held_bytes = 0;
  TimePoint hold_until;  ///< while there is no session: expected back until then
  struct Expected {
    std::uint64_t epoch = 0;  ///< or by_operator
    TimePoint closed_at;
  };
  std::vector<Expected> expected;   ///< sessions that were closed and that may come back
  std::uint64_t early_returns = 0;  ///< back before the end of their old socket was known

  struct Question {
    std::string node;
    std::uint64_t incarnation = 0;
    PathId path = 0;  ///< 0: not sent
    bool is_answered = false;
  };
  std::uint64_t asked_epoch = 0;  ///< 0: not asking
  std::vector<Question> questions;

  std::vector<PathId> askers;  ///< of the current epoch; are told `none` after the release

  std::unique_ptr<Arrival> arrival;
  std::unique_ptr<Departure> departure;
  std::uint64_t leaves = 0;  ///< the change to this epoch takes it away; 0: none
  unsigned attempts = 0;     ///< to move it

  bool in_cleanup = false;
  bool in_waiting = false;

  /// Its state is here, and nobody else acts for it.
  [[nodiscard]] bool is_held() const noexcept { return phase != Phase::unresolved; }
};

}  // namespace wscluster::cluster
