// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

/// What frames are made of beside their fields. Numbers are persistent, do not renumber.
namespace wscluster::wire {

/// The newest protocol this build speaks; it also speaks the one before.
inline constexpr std::uint64_t protocol_version = 1;
inline constexpr std::uint64_t oldest_protocol_version = 1;

enum class FrameType : std::uint8_t {
  hello = 1,
  goodbye = 2,
  heartbeat = 3,
  document = 4,
  word = 5,
  attach = 16,
  attached = 17,
  refused = 18,
  up = 19,
  down = 20,
  progress = 21,
  answered = 22,
  detach = 23,
  close = 24,
  moved = 25,
  evict = 26,
  detached = 27,
  message = 32,
  receipt = 33,
  refusal = 34,
  settled = 35,
  ask = 48,
  none = 49,
  snapshot = 50,
  prepared = 51,
  release = 52,
  declined = 53,
  outcome = 54,
  fan = 28,
  subscribe = 40,
  subscribed = 41,
  subscribe_refused = 42,
  unsubscribe = 43,
  ask_interest = 44,
  copy = 45,
  copy_taken = 46,
  list_sessions = 64,
  sessions = 67,
  order = 68,
};

/// Why a holder does not take an attachment or a message now. Persistent.
enum class RefuseReason : std::uint64_t {
  not_owner = 1,    ///< neither holds nor owns the uid; `epoch` is the refuser's
  suspended = 2,    ///< lost its lease; ask again
  full = 3,         ///< session limit reached
  lacks_after = 4,  ///< has not had the message named by `after`: send all open ones again
  forbidden = 5,    ///< the service is not served here
  gone = 6,         ///< the session that the client wants back is no more
};

/// The fate of a unicast message. Persistent.
enum class ReceiptStatus : std::uint64_t { delivered = 1, queued = 2, offline = 3, expired = 4, unknown = 5 };

/// What the sender of a message waits for. Persistent.
enum class Wait : std::uint64_t { none = 0, queued = 1, delivered = 2 };

}  // namespace wscluster::wire
