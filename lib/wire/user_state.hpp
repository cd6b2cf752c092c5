// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wire/frames.hpp"

/// All that is known of one user, as it travels in a Snapshot: plain values with their fields, like frames. Texts are
/// views.
namespace wscluster::wire {

/// A reader declines a state whose schema is newer.
inline constexpr std::uint64_t user_state_schema = 1;

/// A frame on its way to a client.
struct FrameState {
  bool is_binary = false;
  std::uint64_t origin = 0;   ///< of the message it belongs to; 0: none
  std::uint64_t counter = 0;  ///< of the message; without one, position of the client's frame that it answers, or 0
  std::string_view payload;
  bool is_spare = false;       ///< the receipt waits for it only when nobody else writes the message
  std::uint64_t sequence = 0;  ///< of a message to a reliable session; without a payload it is among the unacknowledged
  bool is_message = false;     ///< the payload is a packed protocol::Envelope

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.flag(1, self.is_binary);
    v.fixed(2, self.origin);
    v.number(3, self.counter);
    v.text(4, self.payload);
    v.flag(5, self.is_spare);
    v.number(6, self.sequence);
    v.flag(7, self.is_message);
  }
};

/// What a frame of a client is on its way to an answer. Persistent.
enum class SendPurpose : std::uint64_t {
  relay = 0,        ///< a message to a user, answered with its receipt
  publication = 1,  ///< a message to a group
  event = 2,        ///< for the application
};

/// What the session has sent and has no answer to.
struct OwnSendState {
  std::uint64_t begun_by = 0;  ///< the holder's incarnation
  std::uint64_t number = 0;    ///< of the send at that holder
  std::string_view to;
  std::string_view id;         ///< as the client wrote it, JSON
  std::uint64_t position = 0;  ///< of the client's frame
  bool has_ack_id = false;     ///< of a client with a subprotocol, which wants an ack
  std::uint64_t ack_id = 0;
  SendPurpose purpose = SendPurpose::relay;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.begun_by);
    v.fixed(2, self.number);
    v.text(3, self.to);
    v.text(4, self.id);
    v.number(5, self.position);
    v.flag(6, self.has_ack_id);
    v.number(7, self.ack_id);
    v.number(8, self.purpose);
  }
};

/// A group of the session.
struct MembershipState {
  std::string_view group;
  std::uint64_t term = 0;  ///< of its sequencer's state; 0: the session has not joined yet
  std::uint64_t last = 0;  ///< sequence of the last copy that the session got
  // Of one that has not joined:
  std::uint64_t position = 0;  ///< of the client's frame; 0: it waits for no answer
  bool has_ack_id = false;
  std::uint64_t ack_id = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.group);
    v.fixed(2, self.term);
    v.number(3, self.last);
    v.number(4, self.position);
    v.flag(5, self.has_ack_id);
    v.number(6, self.ack_id);
  }
};

/// A shard with members of a group.
struct InterestState {
  std::uint64_t incarnation = 0;
  std::uint64_t shard = 0;
  std::uint64_t taken = 0;  ///< sequence

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.incarnation);
    v.number(2, self.shard);
    v.number(3, self.taken);
  }
};

/// What was published in a group, still kept.
struct PublishedState {
  std::uint64_t origin = 0;
  std::uint64_t counter = 0;
  std::string_view payload;  ///< packed protocol::Envelope
  std::string_view excluded;
  std::string_view filter;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.origin);
    v.number(2, self.counter);
    v.text(3, self.payload);
    v.text(4, self.excluded);
    v.text(5, self.filter);
  }
};

/// Of a group's sequencer.
struct GroupState {
  std::uint64_t term = 0;
  std::uint64_t base = 0;  ///< what is kept begins above it
  std::vector<InterestState> interests;
  std::vector<PublishedState> published;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.term);
    v.number(2, self.base);
    v.list(3, self.interests);
    v.list(4, self.published);
  }
};

struct SessionState {
  std::string_view id;         ///< connection id, 24 raw bytes
  std::uint64_t accepted = 0;  ///< client frames
  std::uint64_t covered = 0;   ///< frames down: written and forgotten
  std::uint64_t sent = 0;      ///< frames down: given to the edge, `covered` included
  std::uint64_t close_code = 0;
  std::string_view close_text;
  std::uint64_t closes = 0;        ///< the change to this epoch will close it
  std::uint64_t evicted = 0;       ///< the change to this epoch has closed it; all ones: an operator
  std::vector<FrameState> frames;  ///< above `covered`
  std::vector<OwnSendState> sends;
  std::uint64_t life = 0;           ///< of its counters; 0: the user's
  std::uint64_t age_ms = 0;         ///< since it began
  std::string_view profile;         ///< ClientProfile
  std::string_view unacknowledged;  ///< session::Unacknowledged
  std::string_view acks;            ///< session::ExecutedAcks
  std::uint64_t detached_ms = 0;    ///< a reliable client is away since then; 0: it is not
  bool is_over = false;             ///< closed for good: not to be recovered
  std::vector<MembershipState> groups;
  bool is_uncounted = false;  ///< the change to `closes` planned it: whoever closes it counts it

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.id);
    v.number(2, self.accepted);
    v.number(3, self.covered);
    v.number(4, self.sent);
    v.number(5, self.close_code);
    v.text(6, self.close_text);
    v.number(7, self.closes);
    v.number(8, self.evicted);
    v.list(9, self.frames);
    v.list(10, self.sends);
    v.fixed(11, self.life);
    v.number(12, self.age_ms);
    v.text(13, self.profile);
    v.text(14, self.unacknowledged);
    v.text(15, self.acks);
    v.number(16, self.detached_ms);
    v.flag(17, self.is_over);
    v.list(18, self.groups);
    v.flag(19, self.is_uncounted);
  }
};

/// A message that was executed: what a repeat of it is answered.
struct ExecutedState {
  std::uint64_t origin = 0;
  std::uint64_t counter = 0;
  Wait wait = Wait::none;
  std::uint64_t pending = 0;
  std::uint64_t written = 0;
  bool is_unsure = false;
  bool is_held = false;
  bool is_answered = false;
  ReceiptStatus status{};
  std::uint64_t sessions = 0;
  std::uint64_t spares = 0;        ///< pending, too, and waited for only when nobody else writes it
  std::uint64_t first_origin = 0;  ///< another message of the same request, whose outcome this one has; 0: none
  std::uint64_t first_counter = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.origin);
    v.number(2, self.counter);
    v.number(3, self.wait);
    v.number(4, self.pending);
    v.number(5, self.written);
    v.flag(6, self.is_unsure);
    v.flag(7, self.is_held);
    v.flag(8, self.is_answered);
    v.number(9, self.status);
    v.number(10, self.sessions);
    v.number(11, self.spares);
    v.fixed(12, self.first_origin);
    v.number(13, self.first_counter);
  }
};

/// How far an origin is known.
struct OriginState {
  std::uint64_t origin = 0;
  std::uint64_t counter = 0;  ///< newest message of it
  std::uint64_t settled = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.origin);
    v.number(2, self.counter);
    v.number(3, self.settled);
  }
};

/// A message that waits for a session.
struct HeldState {
  std::uint64_t origin = 0;
  std::uint64_t counter = 0;
  std::uint64_t deadline_ms = 0;  ///< of its receipt, from now
  std::uint64_t expires_ms = 0;   ///< of the message, from now
  std::string_view payload;       ///< packed protocol::Envelope

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.origin);
    v.number(2, self.counter);
    v.number(3, self.deadline_ms);
    v.number(4, self.expires_ms);
    v.text(6, self.payload);
  }
};

/// Clients that were closed and that may come back.
struct ExpectedState {
  std::uint64_t epoch = 0;  ///< all ones: an operator has closed it
  std::uint64_t closed_ms_ago = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.number(1, self.epoch);
    v.number(2, self.closed_ms_ago);
  }
};

/// A request whose first message is here: what other messages of it are answered.
struct RequestState {
  std::string_view id;
  std::uint64_t origin = 0;  ///< of the first message
  std::uint64_t counter = 0;
  bool is_answered = false;
  ReceiptStatus status{};
  std::uint64_t sessions = 0;
  std::uint64_t answered_ms_ago = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.id);
    v.fixed(2, self.origin);
    v.number(3, self.counter);
    v.flag(4, self.is_answered);
    v.number(5, self.status);
    v.number(6, self.sessions);
    v.number(7, self.answered_ms_ago);
  }
};

struct UserState {
  std::uint64_t schema = 0;
  std::uint64_t life = 0;
  std::uint64_t born = 0;
  std::uint64_t hold_ms = 0;  ///< expected back for so long
  std::vector<SessionState> sessions;
  std::vector<ExecutedState> executed;
  std::vector<OriginState> origins;
  std::vector<HeldState> held;
  std::vector<ExpectedState> expected;
  std::uint64_t early_returns = 0;  ///< clients that were back before their old socket's end was known
  std::vector<RequestState> requests;
  std::vector<GroupState> group;  ///< one, if the user is a group

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.number(1, self.schema);
    v.fixed(2, self.life);
    v.number(3, self.born);
    v.number(4, self.hold_ms);
    v.list(5, self.sessions);
    v.list(6, self.executed);
    v.list(7, self.origins);
    v.list(8, self.held);
    v.list(9, self.expected);
    v.number(10, self.early_returns);
    v.list(11, self.requests);
    v.list(12, self.group);
  }
};

[[nodiscard]] std::string encode(const UserState& state);

}  // namespace wscluster::wire
