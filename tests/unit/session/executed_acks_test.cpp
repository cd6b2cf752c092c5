// SPDX-License-Identifier: MIT
#include "session/executed_acks.hpp"

#include <gtest/gtest.h>
#include <deque>
#include <random>
#include <set>
#include <string>

namespace wscluster::session {
namespace {

TEST(ExecutedAcks, what_was_added_is_known) {
  ExecutedAcks acks;
  EXPECT_FALSE(acks.contains(1));
  for (const std::uint64_t id : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{4}, std::uint64_t{0}, UINT64_MAX,
                                 UINT64_MAX - 1, std::uint64_t{3}, std::uint64_t{3}}) {
    acks.add(id);
    EXPECT_TRUE(acks.contains(id)) << id;
  }
  for (const std::uint64_t id : {std::uint64_t{5}, UINT64_MAX - 2})
    EXPECT_FALSE(acks.contains(id)) << id;
}

TEST(ExecutedAcks, ids_in_a_row_take_no_room) {
  ExecutedAcks acks;
  for (std::uint64_t id = 1; id <= 1'000'000; ++id)
    acks.add(id);
  EXPECT_TRUE(acks.contains(1'000'000) && acks.contains(1'000'000 - ExecutedAcks::default_depth + 1));
  EXPECT_LT(acks.encode().size(), 16U);
  ExecutedAcks gaps;
  for (std::uint64_t id = 1; id <= 4000; id += 2)
    gaps.add(id);
  for (std::uint64_t id = 2; id <= 4000; id += 2)
    gaps.add(id);
  EXPECT_LT(gaps.encode().size(), 8U) << "neighbours grow together in any order";
}

TEST(ExecutedAcks, the_newest_are_kept_and_older_ones_go) {
  constexpr std::size_t depth = 64;
  ExecutedAcks acks(depth);
  std::mt19937_64 random(3);
  std::deque<std::uint64_t> order;
  for (int turn = 0; turn < 20'000; ++turn) {
    // Random ids of the user's between those of the SDK's counter.
    const std::uint64_t id = turn % 3 == 0 ? random() : static_cast<std::uint64_t>(turn);
    acks.add(id);
    order.push_back(id);
    if (order.size() > 4 * depth) order.pop_front();
    for (std::size_t back = 0; back < std::min(order.size(), 4 * depth); back += 7) {
      const std::uint64_t old = order[order.size() - 1 - back];
      if (back < depth || back >= 2 * depth) {
        ASSERT_EQ(acks.contains(old), back < depth) << turn << " back " << back;
      }
    }
    ASSERT_FALSE(acks.contains(static_cast<std::uint64_t>(turn) + 1));
  }
}

TEST(ExecutedAcks, a_full_generation_is_kept_until_the_next_one_is_full) {
  ExecutedAcks acks(2);
  acks.add(10), acks.add(20), acks.add(30), acks.add(40);
  EXPECT_TRUE(acks.contains(10) && acks.contains(20) && acks.contains(30) && acks.contains(40));
  acks.add(50);
  EXPECT_FALSE(acks.contains(10) || acks.contains(20));
  EXPECT_TRUE(acks.contains(30) && acks.contains(40) && acks.contains(50));
  acks.add(50);
  EXPECT_TRUE(acks.contains(30)) << "an id that comes twice is one";
}

TEST(ExecutedAcks, travel_as_bytes) {
  ExecutedAcks acks(100);
  std::mt19937_64 random(5);
  std::set<std::uint64_t> newest;
  for (std::uint64_t i = 0; i < 150; ++i) {
    const std::uint64_t id = i % 2 == 0 ? i : random();
    acks.add(id);
    if (i >= 50) newest.insert(id);
  }
  const std::string bytes = acks.encode();
  auto again = ExecutedAcks::decode(bytes, 100);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->encode(), bytes);
  for (const std::uint64_t id : newest)
    EXPECT_TRUE(again->contains(id)) << id;
  again->add(1'000'000);
  acks.add(1'000'000);
  EXPECT_EQ(again->encode(), acks.encode()) << "it forgets when the other would have";
}

TEST(ExecutedAcks, both_ends_of_the_numbers_travel) {
  ExecutedAcks acks;
  acks.add(0), acks.add(UINT64_MAX);
  const auto again = ExecutedAcks::decode(acks.encode());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->contains(0) && again->contains(UINT64_MAX));
  EXPECT_FALSE(again->contains(1));
  EXPECT_TRUE(ExecutedAcks().encode().empty());
  EXPECT_TRUE(ExecutedAcks::decode(""));
}

TEST(ExecutedAcks, broken_bytes_are_refused) {
  ExecutedAcks acks;
  acks.add(5), acks.add(6), acks.add(1000);
  const std::string bytes = acks.encode();
  for (std::size_t size = 1; size < bytes.size(); ++size)
    EXPECT_FALSE(ExecutedAcks::decode(bytes.substr(0, size))) << size;
  EXPECT_FALSE(ExecutedAcks::decode(bytes + "x"));
  EXPECT_FALSE(ExecutedAcks::decode("\x02" + bytes.substr(1))) << "a newer schema";
  const std::string most = "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01";
  const auto none_before = std::string("\x01\x00", 2);
  EXPECT_FALSE(ExecutedAcks::decode(none_before + "\x01\x05" + most)) << "a run beyond 64 bits";
  EXPECT_FALSE(ExecutedAcks::decode(none_before + "\x01" + std::string(1, '\0') + most)) << "all numbers there are";
  EXPECT_FALSE(ExecutedAcks::decode(none_before + "\x02\x05" + std::string(1, '\0') + "\x01" + std::string(1, '\0')))
      << "neighbours that are not one run";
}

}  // namespace
}  // namespace wscluster::session
