// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "wire/frame_type.hpp"
#include "wire/group_frames.hpp"
#include "wire/operator_frames.hpp"

/// What two processes say to each other on a link. Plain values; texts are views: on decoding they point into the
/// received bytes. Each struct lists its fields once (`fields`), for the encoder and the decoder. Field and type
/// numbers are persistent, do not renumber; a decoder skips fields it does not know. A field that is 0 or empty is not
/// sent, so no default here is anything else.
namespace wscluster::wire {

struct ServiceEpoch {
  std::string_view service;
  std::uint64_t epoch = 0;
  std::string_view digest;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.number(2, self.epoch);
    v.text(3, self.digest);
  }
};

/// First frame of both sides.
struct Hello {
  static constexpr FrameType type = FrameType::hello;
  std::uint64_t version = 0;  ///< protocol_version of that side
  std::uint64_t oldest = 0;   ///< oldest_protocol_version of that side
  std::string_view cluster;
  std::string_view name;
  std::uint64_t incarnation = 0;
  bool is_gateway = false;
  std::uint64_t cores = 0;
  std::uint64_t shards = 0;  ///< 0 for a gateway
  std::uint64_t link = 0;    ///< number of this link among those of the pair
  std::uint64_t links = 0;
  std::string_view software;
  std::vector<ServiceEpoch> epochs;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.number(1, self.version);
    v.number(2, self.oldest);
    v.text(3, self.cluster);
    v.text(4, self.name);
    v.fixed(5, self.incarnation);
    v.flag(6, self.is_gateway);
    v.number(7, self.cores);
    v.number(8, self.shards);
    v.number(9, self.link);
    v.number(10, self.links);
    v.text(11, self.software);
    v.list(12, self.epochs);
  }
};

/// Last frame of a side that ends the link on purpose.
struct Goodbye {
  static constexpr FrameType type = FrameType::goodbye;
  std::string_view reason;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.reason);
  }
};

struct Heartbeat {
  static constexpr FrameType type = FrameType::heartbeat;

  template <class Self, class V>
  static void fields(Self&, V&) {}
};

/// A ring document, or (empty json) only the news which epoch the sender has.
struct Document {
  static constexpr FrameType type = FrameType::document;
  std::string_view service;
  std::uint64_t epoch = 0;
  std::string_view json;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.number(2, self.epoch);
    v.text(3, self.json);
  }
};

/// "Redis is away for me too", asked for and given (DESIGN section 5, item 4).
struct Word {
  static constexpr FrameType type = FrameType::word;
  bool is_given = false;       ///< false: please give me yours
  std::uint64_t question = 0;  ///< of the asker; comes back with the word, which counts from that question on

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.flag(1, self.is_given);
    v.number(2, self.question);
  }
};

/// Edge to holder: this socket wants to be (or still is) attached to a session.
struct Attach {
  static constexpr FrameType type = FrameType::attach;
  std::uint64_t edge = 0;    ///< the edge's reference of the socket
  std::uint64_t number = 0;  ///< attachment number: every attach of a socket has a higher one
  std::string_view service;
  std::string_view uid;
  std::string_view session;    ///< connection id, 24 raw bytes
  std::uint64_t life = 0;      ///< of the state the counters belong to; 0: a new session
  std::uint64_t answered = 0;  ///< client frames that are answered: the edge has forgotten them
  std::uint64_t received = 0;  ///< holder frames taken by the edge
  std::uint64_t written = 0;   ///< holder frames taken by the kernel
  std::uint64_t ended = 0;     ///< the socket closed with this code: only end the session; answered by Detached
  std::uint64_t process = 0;   ///< incarnation of the edge's
  std::string_view profile;    ///< ClientProfile; empty: a client without a subprotocol
  std::string_view token;      ///< with which the client comes back to a new or recovered reliable session
  bool recovers = false;       ///< the client has come back with its token: only to a session that there is

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.edge);
    v.number(2, self.number);
    v.text(3, self.service);
    v.text(4, self.uid);
    v.text(5, self.session);
    v.fixed(6, self.life);
    v.number(7, self.answered);
    v.number(8, self.received);
    v.number(9, self.written);
    v.number(10, self.ended);
    v.fixed(11, self.process);
    v.text(12, self.profile);
    v.text(13, self.token);
    v.flag(14, self.recovers);
  }
};

/// Holder to edge: attached. The edge sends frames only after this.
struct Attached {
  static constexpr FrameType type = FrameType::attached;
  std::uint64_t edge = 0;
  std::uint64_t number = 0;
  std::uint64_t holder = 0;    ///< the holder's reference of the session
  std::uint64_t life = 0;      ///< another one than the edge's: downstream counters restart
  std::uint64_t accepted = 0;  ///< client frames taken so far: the edge resends those above
  std::uint64_t epoch = 0;
  std::uint64_t shard = 0;  ///< of the holder

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.edge);
    v.number(2, self.number);
    v.fixed(3, self.holder);
    v.fixed(4, self.life);
    v.number(5, self.accepted);
    v.number(6, self.epoch);
    v.number(7, self.shard);
  }
};

/// Holder to edge: not attached.
struct Refused {
  static constexpr FrameType type = FrameType::refused;
  std::uint64_t edge = 0;
  std::uint64_t number = 0;
  RefuseReason reason{};
  std::uint64_t epoch = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.edge);
    v.number(2, self.number);
    v.number(3, self.reason);
    v.number(4, self.epoch);
  }
};

/// Edge to holder: one message of the client.
struct Up {
  static constexpr FrameType type = FrameType::up;
  std::uint64_t holder = 0;
  bool is_binary = false;
  bool maybe_executed = false;  ///< sent before to a state that is lost: answered `unknown`, not executed
  std::uint64_t received = 0;
  std::uint64_t written = 0;
  std::string_view payload;
  bool is_answered = false;  ///< maybe executed, and the client has its answer: only counts

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.holder);
    v.flag(2, self.is_binary);
    v.flag(3, self.maybe_executed);
    v.number(4, self.received);
    v.number(5, self.written);
    v.text(6, self.payload);
    v.flag(7, self.is_answered);
  }
};

/// Holder to edge: one message for the client.
struct Down {
  static constexpr FrameType type = FrameType::down;
  std::uint64_t edge = 0;
  std::uint64_t number = 0;
  bool is_binary = false;
  bool tell_written = false;   ///< somebody waits for the receipt: say at once when it is written
  std::uint64_t answered = 0;  ///< as in Answered; this message is before it
  std::string_view payload;
  std::uint64_t answers = 0;  ///< position of the client's frame that it answers, when others before it are open
  std::uint64_t head = 0;     ///< the payload is the tail of a frame whose head has this sequence id, less 1; 0: whole

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.edge);
    v.number(2, self.number);
    v.flag(3, self.is_binary);
    v.flag(4, self.tell_written);
    v.number(5, self.answered);
    v.text(6, self.payload);
    v.number(7, self.answers);
    v.number(8, self.head);
  }
};

/// Edge to holder: counters without a frame to ride on.
struct Progress {
  static constexpr FrameType type = FrameType::progress;
  std::uint64_t holder = 0;
  std::uint64_t received = 0;
  std::uint64_t written = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.holder);
    v.number(2, self.received);
    v.number(3, self.written);
  }
};

/// Holder to edge: the counter without a frame to ride on.
struct Answered {
  static constexpr FrameType type = FrameType::answered;
  std::uint64_t edge = 0;
  std::uint64_t number = 0;
  std::uint64_t answered = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.edge);
    v.number(2, self.number);
    v.number(3, self.answered);
  }
};

/// Edge to holder: the socket is gone. Answered by Detached, whether the holder knows the session or not; an edge that
/// hears Moved or nothing tells it to the next holder, with an Attach.
struct Detach {
  static constexpr FrameType type = FrameType::detach;
  std::uint64_t holder = 0;
  std::uint64_t code = 0;  ///< what the client said, or what we said to it
  std::uint64_t received = 0;
  std::uint64_t written = 0;
  std::uint64_t edge = 0;
  std::uint64_t number = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.holder);
    v.number(2, self.code);
    v.number(3, self.received);
    v.number(4, self.written);
    v.fixed(5, self.edge);
    v.number(6, self.number);
  }
};

/// Holder to edge: nothing of that socket is left here.
struct Detached {
  static constexpr FrameType type = FrameType::detached;
  std::uint64_t edge = 0;
  std::uint64_t number = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.edge);
    v.number(2, self.number);
  }
};

/// Holder to edge: write what was sent, then close the socket. Answered by Detach.
struct Close {
  static constexpr FrameType type = FrameType::close;
  std::uint64_t edge = 0;
  std::uint64_t number = 0;
  std::uint64_t code = 0;
  std::string_view text;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.edge);
    v.number(2, self.number);
    v.number(3, self.code);
    v.text(4, self.text);
  }
};

/// Holder to edge, the last of an attachment: the session is with the owner in `epoch` now; attach there.
struct Moved {
  static constexpr FrameType type = FrameType::moved;
  std::uint64_t edge = 0;
  std::uint64_t number = 0;
  std::uint64_t epoch = 0;
  std::uint64_t closes = 0;  ///< close the socket for the change that made this epoch, at its pace; 0: keep it
  std::uint64_t share = 0;   ///< of the pace of that change, for this core, in millionths

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.edge);
    v.number(2, self.number);
    v.number(3, self.epoch);
    v.number(4, self.closes);
    v.number(5, self.share);
  }
};

/// Edge to holder: it is this socket's turn to be closed for a change. Answered by Close, so that the holder knows that
/// the client comes back before it can.
struct Evict {
  static constexpr FrameType type = FrameType::evict;
  std::uint64_t holder = 0;
  std::uint64_t epoch = 0;  ///< made by that change
  std::uint64_t code = 0;
  std::string_view text;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.holder);
    v.number(2, self.epoch);
    v.number(3, self.code);
    v.text(4, self.text);
  }
};

/// Origin to owner: a unicast message.
struct Message {
  static constexpr FrameType type = FrameType::message;
  std::string_view service;
  std::string_view uid;
  std::uint64_t origin = 0;       ///< one life of one sender; random
  std::uint64_t counter = 0;      ///< of this origin, growing
  std::uint64_t after = 0;        ///< the last still open message of this origin to the same uid, or 0
  std::uint64_t settled = 0;      ///< everything of this origin below is answered
  std::uint64_t epoch = 0;        ///< of the first sending
  std::uint64_t deadline_ms = 0;  ///< from now
  Wait wait = Wait::none;
  std::string_view payload;    ///< packed protocol::Envelope
  std::string_view request;    ///< the application's id of what it asks for; messages of one request are one message
  std::string_view only;       ///< to this session of the user, 24 raw bytes; empty: to all
  std::string_view excluded;   ///< not to these, 24 raw bytes each
  std::string_view filter;     ///< of the sessions that get it; empty: all
  std::uint64_t lifetime = 0;  ///< waits so many ms, less 1, for a session; 0: as the service says

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.uid);
    v.fixed(3, self.origin);
    v.number(4, self.counter);
    v.number(5, self.after);
    v.number(6, self.settled);
    v.number(7, self.epoch);
    v.number(8, self.deadline_ms);
    v.number(9, self.wait);
    v.text(11, self.payload);
    v.text(12, self.request);
    v.text(13, self.only);
    v.text(14, self.excluded);
    v.text(15, self.filter);
    v.number(16, self.lifetime);
  }
};

/// Holder to origin: the fate of a message. Final.
struct Receipt {
  static constexpr FrameType type = FrameType::receipt;
  std::uint64_t counter = 0;
  ReceiptStatus status{};
  std::uint64_t sessions = 0;
  std::uint64_t epoch = 0;
  bool is_duplicate = false;  ///< of an earlier message of the same request

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.number(1, self.counter);
    v.number(2, self.status);
    v.number(3, self.sessions);
    v.number(4, self.epoch);
    v.flag(5, self.is_duplicate);
  }
};

/// To the origin: not executed here, or not answered from here; send it and all later open ones to that uid again.
struct Refusal {
  static constexpr FrameType type = FrameType::refusal;
  std::uint64_t counter = 0;
  RefuseReason reason{};
  std::uint64_t epoch = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.number(1, self.counter);
    v.number(2, self.reason);
    v.number(3, self.epoch);
  }
};

/// Origin to holder: dedupe entries below may go.
struct Settled {
  static constexpr FrameType type = FrameType::settled;
  std::string_view service;
  std::uint64_t origin = 0;
  std::uint64_t counter = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.fixed(2, self.origin);
    v.number(3, self.counter);
  }
};

/// New owner to an earlier owner: do you hold this uid? If so, hand it over now, ahead of its turn (DESIGN section 7,
/// item 2).
struct Ask {
  static constexpr FrameType type = FrameType::ask;
  std::string_view service;
  std::string_view uid;
  std::uint64_t epoch = 0;  ///< the asker's

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.uid);
    v.number(3, self.epoch);
  }
};

/// The answer of one who does not (one who does sends a snapshot). A promise: it has adopted `epoch`, holds nothing and
/// will neither create nor install the uid before a newer epoch makes it the owner.
struct None {
  static constexpr FrameType type = FrameType::none;
  std::string_view service;
  std::string_view uid;
  std::uint64_t epoch = 0;  ///< the answerer's

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.uid);
    v.number(3, self.epoch);
  }
};

/// Holder to owner: a part of the state of a frozen user (UserState). The bytes go in order.
struct Snapshot {
  static constexpr FrameType type = FrameType::snapshot;
  std::string_view service;
  std::string_view uid;
  std::uint64_t handover = 0;  ///< number of this hand-over at its holder
  std::uint64_t epoch = 0;     ///< the holder's: taken only under the equal one
  std::string_view node;       ///< the holder
  std::uint64_t incarnation = 0;
  std::uint64_t shard = 0;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;  ///< bytes of the whole state
  std::string_view bytes;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.uid);
    v.number(3, self.handover);
    v.number(4, self.epoch);
    v.text(5, self.node);
    v.fixed(6, self.incarnation);
    v.number(7, self.shard);
    v.number(8, self.offset);
    v.number(9, self.total);
    v.text(10, self.bytes);
  }
};

/// Owner to holder: so much of the state is here; the whole of it is installed and waits for the release.
struct Prepared {
  static constexpr FrameType type = FrameType::prepared;
  std::string_view service;
  std::string_view uid;
  std::uint64_t handover = 0;
  std::uint64_t incarnation = 0;  ///< of the owner
  std::uint64_t taken = 0;        ///< bytes
  bool is_installed = false;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.uid);
    v.number(3, self.handover);
    v.fixed(4, self.incarnation);
    v.number(5, self.taken);
    v.flag(6, self.is_installed);
  }
};

/// Holder to owner: it is yours. Irrevocable.
struct Release {
  static constexpr FrameType type = FrameType::release;
  std::string_view service;
  std::string_view uid;
  std::uint64_t handover = 0;
  std::uint64_t incarnation = 0;  ///< of the holder

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.uid);
    v.number(3, self.handover);
    v.fixed(4, self.incarnation);
  }
};

/// Owner to holder: not installed (another epoch, not the owner, or unreadable); keep it and try again.
struct Declined {
  static constexpr FrameType type = FrameType::declined;
  std::string_view service;
  std::string_view uid;
  std::uint64_t handover = 0;
  std::uint64_t epoch = 0;  ///< of the one who declines

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.uid);
    v.number(3, self.handover);
    v.number(4, self.epoch);
  }
};

/// Earlier holder to holder: what became of a message that a session had sent before it moved.
struct Outcome {
  /// Of the application that was asked.
  struct Reply {
    bool is_done = false;
    std::string_view error;
    bool has_message = false;
    std::uint64_t data_type = 0;  ///< protocol::DataType
    std::string_view data;
    bool has_state = false;
    std::string_view state;

    template <class Self, class V>
    static void fields(Self& self, V& v) {
      v.flag(1, self.is_done);
      v.text(2, self.error);
      v.flag(3, self.has_message);
      v.number(4, self.data_type);
      v.text(5, self.data);
      v.flag(6, self.has_state);
      v.text(7, self.state);
    }
  };

  static constexpr FrameType type = FrameType::outcome;
  std::string_view service;
  std::uint64_t begun_by = 0;  ///< incarnation of the holder where it began
  std::uint64_t number = 0;    ///< of the send there
  ReceiptStatus status{};
  std::uint64_t sessions = 0;
  std::string_view node;
  std::uint64_t epoch = 0;
  std::uint64_t latency_us = 0;
  std::vector<Reply> reply;  ///< one, of an event that was answered

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.fixed(2, self.begun_by);
    v.fixed(3, self.number);
    v.number(4, self.status);
    v.number(5, self.sessions);
    v.text(6, self.node);
    v.number(7, self.epoch);
    v.number(8, self.latency_us);
    v.list(9, self.reply);
  }
};

using Frame = std::variant<Hello, Goodbye, Heartbeat, Document, Word, Attach, Attached, Refused, Up, Down, Progress,
                           Answered, Detach, Detached, Close, Moved, Evict, Message, Receipt, Refusal, Settled, Ask,
                           None, Snapshot, Prepared, Release, Declined, Outcome, Fan, Subscribe, Subscribed,
                           SubscribeRefused, Unsubscribe, AskInterest, Copy, CopyTaken, ListSessions, Order, Sessions>;

}  // namespace wscluster::wire
