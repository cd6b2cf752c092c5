// SPDX-License-Identifier: MIT
#include "edge/outbox.hpp"

#include <gtest/gtest.h>

namespace wscluster::edge {
namespace {

TEST(Outbox, counts_a_message_only_when_its_last_byte_is_taken) {
  Outbox outbox;
  outbox.bytes() += "head";
  outbox.bytes() += "one";
  outbox.mark();
  outbox.bytes() += "pingtwo";
  outbox.mark();
  EXPECT_EQ(outbox.take(6), 0U);
  EXPECT_EQ(outbox.unsent(), "epingtwo");
  EXPECT_EQ(outbox.take(1), 1U);
  EXPECT_EQ(outbox.take(7), 1U);
  EXPECT_TRUE(outbox.is_empty());
}

TEST(Outbox, keeps_the_count_when_sent_bytes_are_thrown_away) {
  Outbox outbox;
  std::uint64_t completed = 0;
  std::string arrived;
  for (int i = 0; i < 300; ++i) {
    outbox.bytes() += std::string(1000, static_cast<char>('a' + i % 26));
    outbox.mark();
    arrived += outbox.unsent().substr(0, 700);
    completed += outbox.take(700);
  }
  EXPECT_EQ(completed, 210U);
  EXPECT_LT(outbox.bytes().size(), 300'000U);
  arrived += outbox.unsent();
  completed += outbox.take(outbox.unsent().size());
  EXPECT_EQ(completed, 300U);
  ASSERT_EQ(arrived.size(), 300'000U);
  for (std::size_t i = 0; i < arrived.size(); ++i)
    ASSERT_EQ(arrived[i], static_cast<char>('a' + i / 1000 % 26));
}

TEST(Outbox, owes_the_pong_of_the_last_ping_to_a_client_that_does_not_read) {
  Outbox outbox;
  outbox.answer_ping("x");
  EXPECT_EQ(outbox.unsent(), "\x8A\x01x");
  EXPECT_FALSE(outbox.append_owed_pong());
  const std::size_t behind = 20'000;
  outbox.bytes().resize(behind);
  outbox.answer_ping("x");
  outbox.answer_ping("y");
  EXPECT_EQ(outbox.unsent().size(), behind);
  static_cast<void>(outbox.take(behind));
  EXPECT_TRUE(outbox.append_owed_pong());
  EXPECT_EQ(outbox.unsent(), "\x8A\x01y");
  EXPECT_FALSE(outbox.append_owed_pong());
}

TEST(Outbox, owes_no_older_pong_when_a_newer_one_was_sent) {
  Outbox outbox;
  outbox.bytes().resize(20'000);
  outbox.answer_ping("x");
  static_cast<void>(outbox.take(10'000));
  outbox.answer_ping("y");
  EXPECT_TRUE(outbox.unsent().ends_with("\x8A\x01y"));
  EXPECT_FALSE(outbox.append_owed_pong());
}

TEST(OutboxPool, gives_back_empty_outboxes_and_drops_large_ones) {
  OutboxPool pool;
  auto outbox = pool.get();
  outbox->bytes() += "left over";
  Outbox* const address = outbox.get();
  pool.put(std::move(outbox));
  outbox = pool.get();
  EXPECT_EQ(outbox.get(), address);
  EXPECT_TRUE(outbox->is_empty());
  outbox->bytes().resize(1'000'000);
  pool.put(std::move(outbox));
  EXPECT_LT(pool.get()->held_bytes(), 1000U);
}

}  // namespace
}  // namespace wscluster::edge
