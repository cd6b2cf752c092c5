// SPDX-License-Identifier: MIT
#include "load/ledger.hpp"

#include <algorithm>
#include <array>

namespace wscluster::load {
namespace {

constexpr std::uint8_t status_mask = 0x07;  // a ReceiptStatus
constexpr std::uint8_t abandoned_bit = 0x08;
// A stamp is outside input: a wrong number must not make us allocate the memory for it.
constexpr std::uint32_t largest_sequence = 1U << 28U;
// A number takes more of it where it is kept for each pair.
constexpr std::uint32_t largest_published = 1U << 24U;

constexpr std::array<std::string_view, receipt_statuses> status_names{"none",    "delivered", "queued",
                                                                      "offline", "expired",   "unknown"};

}  // namespace

std::string_view to_string(ReceiptStatus status) noexcept {
  return status_names[static_cast<std::size_t>(status)];
}

std::optional<ReceiptStatus> parse_receipt_status(std::string_view text) noexcept {
  const auto* const found = std::find(status_names.begin() + 1, status_names.end(), text);
  if (found == status_names.end()) return std::nullopt;
  return static_cast<ReceiptStatus>(found - status_names.begin());
}

namespace {

/// False when the bit was set before.
bool set_bit(std::vector<std::uint64_t>& bits, std::uint32_t number) {
  const std::size_t word = number / 64;
  const std::uint64_t bit = std::uint64_t{1} << (number % 64);
  if (word >= bits.size()) bits.resize(word + 1);
  if ((bits[word] & bit) != 0) return false;
  bits[word] |= bit;
  return true;
}

std::uint64_t pair_of(std::uint32_t sender, std::uint32_t receiver) {
  return std::uint64_t{sender} << 32U | receiver;
}

}  // namespace

Ledger::Ledger(std::uint32_t run, std::uint64_t connections, Flow flow)
    : run_(run), flow_(flow), sent_(connections), arrived_(connections), reached_(connections) {}

std::uint32_t Ledger::record_sent(std::uint32_t sender) {
  auto& states = sent_[sender];
  states.push_back(0);
  return static_cast<std::uint32_t>(states.size() - 1);
}

void Ledger::record_resent(std::uint32_t /*sender*/, std::uint32_t /*sequence*/) {
  ++counts_.resent;
}

bool Ledger::record_receipt(std::uint32_t sender, std::uint32_t sequence, ReceiptStatus status) {
  auto& states = sent_[sender];
  if (sequence >= states.size() || status == ReceiptStatus::none) return false;
  auto& state = states[sequence];
  if ((state & status_mask) != 0) {
    ++counts_.repeated_receipts;
    return false;
  }
  state = static_cast<std::uint8_t>((state & ~unsigned{status_mask}) | static_cast<unsigned>(status));
  return true;
}

void Ledger::record_abandoned(std::uint32_t sender, std::uint32_t sequence) {
  auto& states = sent_[sender];
  if (sequence < states.size()) states[sequence] |= abandoned_bit;
}

Arrival Ledger::record_arrival(std::uint32_t receiver, const Stamp& stamp, bool from_matches) {
  const auto largest = flow_ == Flow::fan_out ? largest_published : largest_sequence;
  if (stamp.run != run_ || stamp.sender >= arrived_.size() || stamp.sequence > largest) {
    ++foreign_;
    return Arrival::foreign;
  }
  if (!from_matches || (flow_ != Flow::fan_out && stamp.recipient != receiver)) {
    ++counts_.misdelivered;
    return Arrival::misdelivered;
  }
  const bool is_fresh =
      flow_ == Flow::fan_out ? record_at_member(receiver, stamp) : set_bit(arrived_[stamp.sender], stamp.sequence);
  if (!is_fresh) {
    ++counts_.duplicated;
    return Arrival::duplicate;
  }
  const auto [latest, is_first] = latest_.try_emplace(pair_of(stamp.sender, receiver), stamp.sequence);
  if (!is_first && stamp.sequence < latest->second) {
    ++counts_.out_of_order;
    return Arrival::out_of_order;
  }
  latest->second = stamp.sequence;
  return Arrival::fresh;
}

bool Ledger::record_at_member(std::uint32_t receiver, const Stamp& stamp) {
  if (!set_bit(arrived_at_[pair_of(stamp.sender, receiver)], stamp.sequence)) return false;
  auto& reached = reached_[stamp.sender];
  if (stamp.sequence >= reached.size()) reached.resize(stamp.sequence + 1);
  ++reached[stamp.sequence];
  return true;
}

/// At how many connections of this thread.
std::uint64_t Ledger::arrivals(std::uint32_t sender, std::uint32_t sequence) const noexcept {
  if (flow_ == Flow::fan_out) return sequence < reached_[sender].size() ? reached_[sender][sequence] : 0;
  const auto& bits = arrived_[sender];
  const std::size_t word = sequence / 64;
  return word < bits.size() ? bits[word] >> (sequence % 64) & 1U : 0;
}

void Ledger::judge(std::uint8_t state, std::uint64_t arrivals, std::uint64_t expected, Account& account) const {
  const auto status = static_cast<ReceiptStatus>(state & status_mask);
  const bool is_abandoned = (state & abandoned_bit) != 0;
  ++account.sent;
  ++account.receipts[static_cast<std::size_t>(status)];
  account.arrived += arrivals;
  if (flow_ == Flow::echo ? arrivals > 0 : status != ReceiptStatus::none) ++account.answered;
  if (arrivals > 0 && (status == ReceiptStatus::offline || status == ReceiptStatus::expired)) ++account.contradicted;
  if (arrivals >= expected) {
    if (flow_ != Flow::echo && status == ReceiptStatus::none && !is_abandoned) ++account.unreceipted;
    return;
  }
  const std::uint64_t missing = expected - arrivals;
  if (status == ReceiptStatus::delivered || status == ReceiptStatus::queued) {
    account.lost += missing;
    account.lost_promised += missing;
  } else if (status == ReceiptStatus::none) {
    (is_abandoned ? account.unanswered_at_close : account.lost) += missing;
  }
}

Account Ledger::audit(std::span<const Ledger* const> threads) {
  Account account;
  std::uint64_t members = 0;
  for (const Ledger* thread : threads)
    members += thread->members_;
  for (const Ledger* owner : threads) {
    account.resent += owner->counts_.resent;
    account.duplicated += owner->counts_.duplicated;
    account.out_of_order += owner->counts_.out_of_order;
    account.misdelivered += owner->counts_.misdelivered;
    account.repeated_receipts += owner->counts_.repeated_receipts;
    for (std::uint32_t sender = 0; sender < owner->sent_.size(); ++sender) {
      const auto& states = owner->sent_[sender];
      for (std::uint32_t sequence = 0; sequence < states.size(); ++sequence) {
        std::uint64_t arrivals = 0;
        for (const Ledger* thread : threads)
          arrivals += thread->arrivals(sender, sequence);
        owner->judge(states[sequence], arrivals, owner->flow_ == Flow::fan_out ? members : 1, account);
      }
    }
  }
  return account;
}

}  // namespace wscluster::load
