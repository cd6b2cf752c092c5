// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace wscluster::cluster {

/// What a message of a client without a subprotocol does, unless its URL says otherwise.
enum class RawMode : std::uint8_t {
  echo,   ///< comes back to the same session
  relay,  ///< {"to":"uid","data":…} goes to that user and is answered with its receipt
  event,  ///< is an event "message" for the application
};

/// What happens when a client does not read and its outbox is full.
enum class SlowConsumer : std::uint8_t { close, drop_oldest, drop_newest };

/// What becomes of a message to a user without a session who is not on the way back.
enum class Inbox : std::uint8_t {
  off,     ///< answered `offline`
  memory,  ///< kept by the holder, travels with the user; answered `queued`
};

/// How the node that has a user is found.
enum class Delivery : std::uint8_t {
  ring,       ///< computed: every user has one owner, and moves when the ring changes
  broadcast,  ///< every node is asked: a session lives where it connected, and nothing moves
};

/// Rules of the protocol switched off one at a time, so that a test can show that it would notice. Tests only.
struct Mutations {
  bool no_dedupe = false;       ///< a repeat is executed again
  bool no_order_hold = false;   ///< later messages do not wait for a refused one
  bool no_resend = false;       ///< nothing is sent again from the counters
  bool no_life = false;         ///< another life's counters count
  bool active_install = false;  ///< a snapshot is active before its release
  bool any_epoch = false;       ///< a snapshot is taken under another epoch
  bool no_repeats = false;      ///< snapshot and prepared are not repeated after a broken link
  bool no_after = false;        ///< a message does not wait for the one before
  bool no_linger = false;       ///< a message is forgotten while copies of it may be under way
  bool no_catch_up = false;     ///< a member that came from another holder is not told what it lacks
  bool no_gather = false;       ///< a sequencer made anew after a loss does not ask who has members
  bool no_hold = false;         ///< a member that is on its way to another holder gets copies here
  bool any_term = false;        ///< a position in another term counts, as if nothing were missing
  bool no_lateness = false;     ///< what is not answered does not wait for a shard that subscribes late
  bool no_requests = false;     ///< a repeat under the application's id is executed again
};

/// One service as its holders and senders see it. The same values on every process of the cluster.
struct ServiceOptions {
  std::string name;
  Delivery delivery = Delivery::ring;
  RawMode raw = RawMode::relay;
  SlowConsumer slow_consumer = SlowConsumer::close;
  std::uint64_t outbox_messages = 4096;      ///< waiting for one session, beyond the window in flight
  std::uint64_t outbox_bytes = 4U << 20U;    ///< the same in bytes
  std::uint64_t window_messages = 1024;      ///< sent to the edge and not yet written to the client's socket
  std::uint64_t window_bytes = 512U << 10U;  ///< the same in bytes; also of a client's unanswered messages
  std::uint64_t max_open_sends = 256;  ///< messages of one client without an answer; beyond it the client is not read
  std::uint64_t max_sessions_per_user = 64;
  Duration hold{10'000};  ///< messages for an evicted user wait so long for the return
  Inbox inbox = Inbox::off;
  Duration inbox_time{3'600'000};                   ///< a message waits so long in the inbox
  std::uint64_t inbox_messages = 256;               ///< of one user, held for a return or in the inbox
  std::uint64_t inbox_bytes = 1U << 20U;            ///< the same in bytes
  Duration send_timeout{5'000};                     ///< of a send that names no deadline
  Duration retention{30'000};                       ///< a reliable session waits so long for its client to come back
  std::uint64_t unacknowledged_messages = 16'384;   ///< of a reliable session; beyond it the session ends
  std::uint64_t unacknowledged_bytes = 16U << 20U;  ///< the same in bytes
  std::uint64_t max_groups_per_session = 1024;
  Mutations mutations;
};

[[nodiscard]] std::vector<std::string> problems(const ServiceOptions& options);

}  // namespace wscluster::cluster
