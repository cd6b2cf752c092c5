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

Ledger::Ledger(std::uint32_t run, std::uint64_t connections, bool relayed)
    : run_(run), relayed_(relayed), sent_(connections), arrived_(connections) {}

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
  if (stamp.run != run_ || stamp.sender >= arrived_.size() || stamp.sequence > largest_sequence) {
    ++foreign_;
    return Arrival::foreign;
  }
  if (stamp.recipient != receiver || !from_matches) {
    ++counts_.misdelivered;
    return Arrival::misdelivered;
  }
  auto& bits = arrived_[stamp.sender];
  const std::size_t word = stamp.sequence / 64;
  const std::uint64_t bit = std::uint64_t{1} << (stamp.sequence % 64);
  if (word >= bits.size()) bits.resize(word + 1);
  if ((bits[word] & bit) != 0) {
    ++counts_.duplicated;
    return Arrival::duplicate;
  }
  bits[word] |= bit;
  const auto [latest, is_first] = latest_.try_emplace(std::uint64_t{stamp.sender} << 32U | receiver, stamp.sequence);
  if (!is_first && stamp.sequence < latest->second) {
    ++counts_.out_of_order;
    return Arrival::out_of_order;
  }
  latest->second = stamp.sequence;
  return Arrival::fresh;
}

bool Ledger::has_arrived(std::uint32_t sender, std::uint32_t sequence) const noexcept {
  const auto& bits = arrived_[sender];
  const std::size_t word = sequence / 64;
  return word < bits.size() && (bits[word] >> (sequence % 64) & 1U) != 0;
}

void Ledger::judge(std::uint8_t state, bool arrived, Account& account) const {
  const auto status = static_cast<ReceiptStatus>(state & status_mask);
  const bool is_abandoned = (state & abandoned_bit) != 0;
  ++account.sent;
  ++account.receipts[static_cast<std::size_t>(status)];
  if (relayed_ ? status != ReceiptStatus::none : arrived) ++account.answered;
  if (arrived) {
    ++account.arrived;
    if (status == ReceiptStatus::offline || status == ReceiptStatus::expired) ++account.contradicted;
    if (relayed_ && status == ReceiptStatus::none && !is_abandoned) ++account.unreceipted;
    return;
  }
  if (status == ReceiptStatus::delivered || status == ReceiptStatus::queued) {
    ++account.lost;
    ++account.lost_promised;
  } else if (status == ReceiptStatus::none) {
    ++(is_abandoned ? account.unanswered_at_close : account.lost);
  }
}

Account Ledger::audit(std::span<const Ledger* const> threads) {
  Account account;
  for (const Ledger* owner : threads) {
    account.resent += owner->counts_.resent;
    account.duplicated += owner->counts_.duplicated;
    account.out_of_order += owner->counts_.out_of_order;
    account.misdelivered += owner->counts_.misdelivered;
    account.repeated_receipts += owner->counts_.repeated_receipts;
    for (std::uint32_t sender = 0; sender < owner->sent_.size(); ++sender) {
      const auto& states = owner->sent_[sender];
      for (std::uint32_t sequence = 0; sequence < states.size(); ++sequence) {
        const bool arrived =
            std::ranges::any_of(threads, [&](const Ledger* thread) { return thread->has_arrived(sender, sequence); });
        owner->judge(states[sequence], arrived, account);
      }
    }
  }
  return account;
}

}  // namespace wscluster::load
