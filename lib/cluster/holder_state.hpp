// SPDX-License-Identifier: MIT
#pragma once

// The private types of Holder, shared by its sources.

#include <algorithm>
#include <deque>

#include "cluster/holder.hpp"
#include "session/executed_acks.hpp"
#include "session/permissions.hpp"
#include "session/shared_payload.hpp"
#include "session/unacknowledged.hpp"
#include "wire/client_profile.hpp"

namespace wscluster::cluster {

/// In place of an epoch: no change has closed the session, an operator has.
inline constexpr std::uint64_t by_operator = ~std::uint64_t{0};
/// The close code after which a client begins anew.
inline constexpr std::uint16_t policy_violation = 1008;

/// As frames tell a time that has passed.
[[nodiscard]] inline std::uint64_t milliseconds(Clock::duration time) {
  return static_cast<std::uint64_t>(std::max<Duration>(std::chrono::duration_cast<Duration>(time), {}).count());
}

/// What a client is beside its uid: only those that speak a subprotocol, whose URL says what their messages are, or
/// whose token names groups have it.
struct Holder::Client {
  wire::Subprotocol subprotocol = wire::Subprotocol::none;
  wire::SimpleKind simple = wire::SimpleKind::service;
  std::string group;  ///< of wire::SimpleKind::send_to_group
  std::string state;  ///< of the application, opaque
  session::Permissions permissions;
  session::ExecutedAcks acks;
  session::Unacknowledged unacknowledged;  ///< reliable clients only
  std::vector<std::string> first_groups;   ///< of the token, until they are joined
  /// A group that it joins, and the answer that the client waits for.
  struct Join {
    std::string group;
    std::uint64_t position = 0;  ///< of the client's frame; 0: it waits for none
    std::optional<std::uint64_t> ack_id;
  };
  std::vector<Join> joins;
  std::vector<std::pair<std::string, GroupPosition>> arriving;  ///< until the user is active
};

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
  bool is_repeating = false;          ///< waits for what became of a frame that the client has said again
  bool is_away = false;               ///< a reliable client whose socket has ended and that may come back
  bool is_over = false;               ///< closed for good: a reliable client does not find it any more
  bool is_planned_elsewhere = false;  ///< `planned` was counted by an earlier holder; until the user is active here
  std::uint64_t planned = 0;          ///< the change to this epoch counts it as planned, and nothing else yet
  std::uint64_t closes = 0;           ///< the change to this epoch closes everybody, and its turn has not come
  std::uint64_t evicted = 0;          ///< closed by the change to this epoch, or by_operator: the client comes back
  TimePoint closing_since;
  std::string close_text;
  TimePoint orphaned;
  session::FrameQueue queue;             ///< downstream; covered by `written`
  std::vector<std::uint64_t> sends;      ///< own ones, not yet answered; in sends_
  std::uint32_t inherited = 0;           ///< of them, begun at an earlier holder
  std::vector<std::string> waiting_ups;  ///< wire::Up, until nothing inherited is left
  std::unique_ptr<Client> client;        ///< null: a client without a subprotocol like all others of its service

  [[nodiscard]] wire::Subprotocol subprotocol() const noexcept {
    return client ? client->subprotocol : wire::Subprotocol::none;
  }
  [[nodiscard]] bool is_reliable() const noexcept { return subprotocol() == wire::Subprotocol::reliable; }

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

/// Somebody who came before we knew whether an earlier owner holds the user.
struct Holder::Visit {
  PathId path = 0;
  TimePoint deadline;
  std::string frame;         ///< wire::Attach, wire::Subscribe or wire::Message
  std::uint64_t origin = 0;  ///< of a message; 0: none
  std::uint64_t counter = 0;

  [[nodiscard]] bool is_message() const noexcept { return origin != 0; }
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

/// A shard with members, or one that may have some.
struct Holder::Interest {
  std::uint64_t incarnation = 0;
  unsigned shard = 0;
  PathId path = 0;          ///< 0: it is not known where it is, so it is asked
  std::uint64_t taken = 0;  ///< sequence
  TimePoint ask_at;
  bool was_member = false;  ///< of a document that we have had
};

/// What a group's owner knows of it. Sequences count from 1 in each term.
struct Holder::Group {
  struct Published {
    std::uint64_t origin = 0;
    std::uint64_t counter = 0;
    session::SharedPayload message;
    std::string excluded;
    std::string filter;
  };
  std::uint64_t term = 0;
  std::uint64_t base = 0;           ///< `published` begins above it
  std::deque<Published> published;  ///< kept for members that are behind
  std::uint64_t bytes = 0;          ///< of them
  std::vector<Interest> interests;
  /// Nobody is interested, but a member may be between two holders: with another term it would have missed something.
  std::optional<TimePoint> kept_until;

  [[nodiscard]] std::uint64_t newest() const noexcept { return base + published.size(); }
  /// Of that shard; null: it has none.
  [[nodiscard]] Interest* find(std::uint64_t incarnation, unsigned shard) noexcept {
    const auto found = std::find_if(interests.begin(), interests.end(), [&](const Interest& interest) {
      return interest.incarnation == incarnation && interest.shard == shard;
    });
    return found == interests.end() ? nullptr : &*found;
  }
};

/// An order while it is carried out, and what will be answered.
struct Holder::Execution {
  const wire::Order& order;
  protocol::Filter filter;
  wire::Sessions answer;
  std::string through;                                    ///< of the answer: its user may be gone when that is sent
  std::vector<std::pair<SessionRef, std::string>> joins;  ///< of sessions and keys of groups, not yet done
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
    session::SharedPayload message;
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

  std::unique_ptr<Group> group;  ///< of a group's key

  bool in_cleanup = false;
  bool in_waiting = false;
  bool in_groups = false;

  /// Its state is here, and nobody else acts for it.
  [[nodiscard]] bool is_held() const noexcept { return phase != Phase::unresolved; }
};

}  // namespace wscluster::cluster
