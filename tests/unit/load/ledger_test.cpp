// SPDX-License-Identifier: MIT
#include "load/ledger.hpp"

#include <gtest/gtest.h>

#include <array>

namespace wscluster::load {
namespace {

constexpr std::uint32_t this_run = 77;

Stamp stamp(std::uint32_t sender, std::uint32_t recipient, std::uint32_t sequence) {
  return {this_run, sender, recipient, sequence, 0, 0};
}

Account audit(const Ledger& ledger) {
  return Ledger::audit(std::array{&ledger});
}

TEST(Ledger, numbers_the_messages_of_each_sender) {
  Ledger ledger(this_run, 2, Flow::echo);
  EXPECT_EQ(ledger.record_sent(0), 0U);
  EXPECT_EQ(ledger.record_sent(0), 1U);
  EXPECT_EQ(ledger.record_sent(1), 0U);
  EXPECT_EQ(audit(ledger).sent, 3U);
}

TEST(Ledger, an_unanswered_message_is_lost) {
  Ledger ledger(this_run, 1, Flow::echo);
  ledger.record_sent(0);
  ledger.record_sent(0);
  EXPECT_EQ(ledger.record_arrival(0, stamp(0, 0, 0)), Arrival::fresh);
  const auto account = audit(ledger);
  EXPECT_EQ(account.answered, 1U);
  EXPECT_EQ(account.lost, 1U);
}

TEST(Ledger, an_abandoned_message_is_not_lost) {
  Ledger ledger(this_run, 1, Flow::echo);
  ledger.record_sent(0);
  ledger.record_abandoned(0, 0);
  EXPECT_EQ(audit(ledger).lost, 0U);
  EXPECT_EQ(audit(ledger).unanswered_at_close, 1U);
}

TEST(Ledger, a_repetition_is_a_duplicate_and_not_out_of_order) {
  Ledger ledger(this_run, 2, Flow::relay);
  EXPECT_EQ(ledger.record_arrival(1, stamp(0, 1, 5)), Arrival::fresh);
  EXPECT_EQ(ledger.record_arrival(1, stamp(0, 1, 6)), Arrival::fresh);
  EXPECT_EQ(ledger.record_arrival(1, stamp(0, 1, 5)), Arrival::duplicate);
  EXPECT_EQ(audit(ledger).duplicated, 1U);
  EXPECT_EQ(audit(ledger).out_of_order, 0U);
}

TEST(Ledger, order_counts_between_two_users_only) {
  Ledger ledger(this_run, 3, Flow::relay);
  EXPECT_EQ(ledger.record_arrival(1, stamp(0, 1, 5)), Arrival::fresh);
  EXPECT_EQ(ledger.record_arrival(2, stamp(0, 2, 4)), Arrival::fresh) << "another receiver";
  EXPECT_EQ(ledger.record_arrival(1, stamp(2, 1, 0)), Arrival::fresh) << "another sender";
  EXPECT_EQ(ledger.record_arrival(1, stamp(0, 1, 3)), Arrival::out_of_order);
  EXPECT_EQ(audit(ledger).out_of_order, 1U);
}

TEST(Ledger, a_promise_that_is_not_kept_is_a_loss) {
  Ledger ledger(this_run, 2, Flow::relay);
  for (const auto status : {ReceiptStatus::delivered, ReceiptStatus::queued, ReceiptStatus::offline,
                            ReceiptStatus::expired, ReceiptStatus::unknown}) {
    EXPECT_TRUE(ledger.record_receipt(0, ledger.record_sent(0), status));
  }
  const auto account = audit(ledger);
  EXPECT_EQ(account.answered, 5U);
  EXPECT_EQ(account.lost, 2U);
  EXPECT_EQ(account.lost_promised, 2U);
  EXPECT_EQ(account.receipts[static_cast<std::size_t>(ReceiptStatus::unknown)], 1U);
}

TEST(Ledger, an_arrival_against_the_receipt_is_a_contradiction) {
  Ledger ledger(this_run, 2, Flow::relay);
  ledger.record_receipt(0, ledger.record_sent(0), ReceiptStatus::offline);
  ledger.record_receipt(0, ledger.record_sent(0), ReceiptStatus::unknown);
  ledger.record_arrival(1, stamp(0, 1, 0));
  ledger.record_arrival(1, stamp(0, 1, 1));
  EXPECT_EQ(audit(ledger).contradicted, 1U) << "unknown contradicts nothing";
}

TEST(Ledger, notices_repeated_and_invented_receipts) {
  Ledger ledger(this_run, 1, Flow::relay);
  const auto sequence = ledger.record_sent(0);
  EXPECT_TRUE(ledger.record_receipt(0, sequence, ReceiptStatus::delivered));
  EXPECT_FALSE(ledger.record_receipt(0, sequence, ReceiptStatus::offline));
  EXPECT_FALSE(ledger.record_receipt(0, 9, ReceiptStatus::delivered));
  EXPECT_EQ(audit(ledger).repeated_receipts, 1U);
  EXPECT_EQ(audit(ledger).receipts[static_cast<std::size_t>(ReceiptStatus::delivered)], 1U) << "the first one counts";
}

TEST(Ledger, brings_sender_and_receiver_of_different_threads_together) {
  Ledger one(this_run, 2, Flow::relay);
  Ledger two(this_run, 2, Flow::relay);
  one.record_receipt(0, one.record_sent(0), ReceiptStatus::delivered);
  one.record_receipt(0, one.record_sent(0), ReceiptStatus::delivered);
  two.record_arrival(1, stamp(0, 1, 0));
  const auto account = Ledger::audit(std::array<const Ledger*, 2>{&one, &two});
  EXPECT_EQ(account.sent, 2U);
  EXPECT_EQ(account.arrived, 1U);
  EXPECT_EQ(account.lost, 1U);
}

Ledger with_members(unsigned count) {
  Ledger ledger(this_run, 4, Flow::fan_out);
  for (unsigned i = 0; i < count; ++i)
    ledger.record_member();
  return ledger;
}

TEST(Ledger, expects_a_publication_at_every_member_of_all_threads) {
  Ledger one = with_members(1);
  Ledger two = with_members(2);
  for (int i = 0; i < 3; ++i)
    one.record_receipt(0, one.record_sent(0), ReceiptStatus::queued);
  EXPECT_EQ(one.record_arrival(1, stamp(0, 0, 0)), Arrival::fresh);
  EXPECT_EQ(two.record_arrival(2, stamp(0, 0, 0)), Arrival::fresh);
  EXPECT_EQ(two.record_arrival(3, stamp(0, 0, 0)), Arrival::fresh);
  EXPECT_EQ(two.record_arrival(3, stamp(0, 0, 2)), Arrival::fresh);
  const auto account = Ledger::audit(std::array<const Ledger*, 2>{&one, &two});
  EXPECT_EQ(account.sent, 3U);
  EXPECT_EQ(account.answered, 3U);
  EXPECT_EQ(account.arrived, 4U);
  EXPECT_EQ(account.lost, 3U + 2U) << "message 1 at all three, message 2 at two of them";
  EXPECT_EQ(account.lost_promised, account.lost);
}

TEST(Ledger, judges_the_order_and_repeats_of_a_publisher_for_each_member) {
  Ledger ledger = with_members(2);
  ledger.record_sent(0);
  ledger.record_sent(0);
  EXPECT_EQ(ledger.record_arrival(1, stamp(0, 0, 1)), Arrival::fresh);
  EXPECT_EQ(ledger.record_arrival(2, stamp(0, 0, 0)), Arrival::fresh);
  EXPECT_EQ(ledger.record_arrival(2, stamp(0, 0, 1)), Arrival::fresh);
  EXPECT_EQ(ledger.record_arrival(1, stamp(0, 0, 0)), Arrival::out_of_order);
  EXPECT_EQ(ledger.record_arrival(1, stamp(0, 0, 0)), Arrival::duplicate);
  EXPECT_EQ(ledger.record_arrival(1, stamp(0, 0, 1U << 27U)), Arrival::foreign) << "no memory for nonsense";
  const auto account = audit(ledger);
  EXPECT_EQ(account.arrived, 4U);
  EXPECT_EQ(account.duplicated, 1U);
  EXPECT_EQ(account.out_of_order, 1U);
  EXPECT_EQ(account.unreceipted, 2U);
}

TEST(Ledger, an_unanswered_publication_is_lost_only_where_it_did_not_arrive) {
  Ledger ledger = with_members(2);
  ledger.record_sent(0);
  ledger.record_abandoned(0, ledger.record_sent(0));
  ledger.record_arrival(1, stamp(0, 0, 0));
  const auto account = audit(ledger);
  EXPECT_EQ(account.lost, 1U);
  EXPECT_EQ(account.unanswered_at_close, 2U);
}

TEST(Ledger, leaves_other_runs_and_nonsense_alone) {
  Ledger ledger(this_run, 2, Flow::relay);
  Stamp other = stamp(0, 1, 0);
  other.run = this_run + 1;
  EXPECT_EQ(ledger.record_arrival(1, other), Arrival::foreign);
  EXPECT_EQ(ledger.record_arrival(1, stamp(99, 1, 0)), Arrival::foreign);
  EXPECT_EQ(ledger.record_arrival(1, stamp(0, 1, 0xFFFFFFFF)), Arrival::foreign);
  EXPECT_EQ(ledger.foreign(), 3U);
  EXPECT_EQ(ledger.record_arrival(0, stamp(0, 1, 0)), Arrival::misdelivered);
  EXPECT_EQ(ledger.record_arrival(1, stamp(0, 1, 0), false), Arrival::misdelivered);
}

TEST(Ledger, reads_the_words_of_receipts) {
  EXPECT_EQ(parse_receipt_status("queued"), ReceiptStatus::queued);
  EXPECT_FALSE(parse_receipt_status("none"));
  EXPECT_FALSE(parse_receipt_status(""));
}

}  // namespace
}  // namespace wscluster::load
