// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "load/stamp.hpp"

namespace wscluster::load {

/// What a receipt says, or that there is none yet.
enum class ReceiptStatus : std::uint8_t { none, delivered, queued, offline, expired, unknown };
inline constexpr std::size_t receipt_statuses = 6;
[[nodiscard]] std::string_view to_string(ReceiptStatus status) noexcept;
[[nodiscard]] std::optional<ReceiptStatus> parse_receipt_status(std::string_view text) noexcept;

/// What became of every message. All counts include the warm-up.
struct Account {
  std::uint64_t sent = 0;      ///< messages, each once
  std::uint64_t answered = 0;  ///< echoed, or receipted
  std::uint64_t arrived = 0;   ///< different messages that reached a receiver; of fan_out: deliveries
  std::uint64_t receipts[receipt_statuses] = {};  ///< by ReceiptStatus
  std::uint64_t lost =
      0;  ///< promised (receipt delivered or queued) or unanswered on an open connection, and never arrived
  std::uint64_t lost_promised = 0;      ///< the part of `lost` with a receipt that was not true
  std::uint64_t duplicated = 0;         ///< arrivals of a message that had arrived before
  std::uint64_t out_of_order = 0;       ///< arrivals after a later message of the same sender to the same receiver
  std::uint64_t misdelivered = 0;       ///< arrived at another user than the addressee, or under another sender's name
  std::uint64_t contradicted = 0;       ///< receipt offline or expired, and yet it arrived
  std::uint64_t unreceipted = 0;        ///< arrived, but the sender on its open connection got no receipt
  std::uint64_t repeated_receipts = 0;  ///< a second receipt for one message
  std::uint64_t unanswered_at_close =
      0;                     ///< in flight when the connection broke without the promise that they were not executed
  std::uint64_t resent = 0;  ///< sent again after a reconnect
};

/// Where messages go, and what answers them.
enum class Flow : std::uint8_t {
  echo,     ///< back to the sender, which is the answer
  relay,    ///< to another user; a receipt answers
  fan_out,  ///< to all members of a group; an ack answers
};

enum class Arrival : std::uint8_t { fresh, duplicate, out_of_order, misdelivered, foreign };

/// Keeps the books of one thread: the messages that its connections sent, and the ones that they received (also from
/// senders of other threads). Memory: a byte per message sent, a bit per message received, and what the pairs of sender
/// and receiver need. Pure; audit() brings the threads together when they have ended.
class Ledger {
 public:
  Ledger(std::uint32_t run, std::uint64_t connections, Flow flow);

  /// fan_out: one connection of this thread more that is to get every message.
  void record_member() noexcept { ++members_; }

  /// Opens the next sequence number of a sender of this thread.
  std::uint32_t record_sent(std::uint32_t sender);
  void record_resent(std::uint32_t sender, std::uint32_t sequence);
  /// False for a number that was never sent or already has a receipt.
  bool record_receipt(std::uint32_t sender, std::uint32_t sequence, ReceiptStatus status);
  /// The connection broke and nobody promises what became of it: it is no longer awaited.
  void record_abandoned(std::uint32_t sender, std::uint32_t sequence);

  /// A message reached connection `receiver` of this thread; `from_matches`: the name of the sender that came with it
  /// is right.
  Arrival record_arrival(std::uint32_t receiver, const Stamp& stamp, bool from_matches = true);
  /// Messages of other runs, which are not counted otherwise.
  [[nodiscard]] std::uint64_t foreign() const noexcept { return foreign_; }

  /// What became of the messages of all threads; call when all have ended.
  [[nodiscard]] static Account audit(std::span<const Ledger* const> threads);

 private:
  bool record_at_member(std::uint32_t receiver, const Stamp& stamp);
  [[nodiscard]] std::uint64_t arrivals(std::uint32_t sender, std::uint32_t sequence) const noexcept;
  void judge(std::uint8_t state, std::uint64_t arrivals, std::uint64_t expected, Account& account) const;

  std::uint32_t run_;
  Flow flow_;
  std::uint64_t members_ = 0;
  std::vector<std::vector<std::uint8_t>> sent_;      ///< by sender, then sequence: state bits
  std::vector<std::vector<std::uint64_t>> arrived_;  ///< by sender, then sequence: one bit; not of fan_out
  /// fan_out: the same for each pair of sender and receiver, and by sender and sequence at how many it arrived.
  std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> arrived_at_;
  std::vector<std::vector<std::uint32_t>> reached_;
  std::unordered_map<std::uint64_t, std::uint32_t> latest_;  ///< by sender and receiver: highest sequence seen
  Account counts_;                                           ///< the fields that are counted when they happen
  std::uint64_t foreign_ = 0;
};

}  // namespace wscluster::load
