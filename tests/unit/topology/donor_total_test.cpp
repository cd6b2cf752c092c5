// SPDX-License-Identifier: MIT
#include "topology/donor_total.hpp"

#include <gtest/gtest.h>

namespace wscluster::topology {
namespace {

cluster::DonorCount done(std::uint64_t planned, std::uint64_t moved, std::uint64_t closed) {
  cluster::DonorCount count;
  count.planned = planned;
  count.moved = moved;
  count.closed = closed;
  count.is_done = true;
  return count;
}

cluster::DonorCount closed_by_edge() {
  cluster::DonorCount count;
  count.closed = 1;
  return count;
}

TEST(DonorTotal, is_done_when_all_cores_are) {
  DonorTotal total;
  total.add(done(2, 2, 0));
  EXPECT_FALSE(total.progress(2).done);
  total.add(done(3, 1, 2));
  const registry::DonorProgress progress = total.progress(2);
  EXPECT_TRUE(progress.done);
  EXPECT_EQ(progress.planned, 5U);
  EXPECT_EQ(progress.moved, 3U);
  EXPECT_EQ(progress.closed, 2U);
}

TEST(DonorTotal, is_not_done_while_an_edge_has_to_close_a_socket) {
  DonorTotal total;
  total.add(done(2, 1, 0));
  EXPECT_FALSE(total.progress(1).done);
  total.add(closed_by_edge());
  EXPECT_TRUE(total.progress(1).done);
}

TEST(DonorTotal, balances_what_was_handed_on_and_taken_on) {
  DonorTotal donor;
  cluster::DonorCount count = done(3, 0, 2);
  count.handed_on = 1;
  donor.add(count);
  EXPECT_TRUE(donor.progress(1).done);
  DonorTotal receiver;
  count = done(0, 0, 0);
  count.taken_on = 1;
  receiver.add(count);
  EXPECT_FALSE(receiver.progress(1).done);
  receiver.add(closed_by_edge());
  EXPECT_TRUE(receiver.progress(1).done);
}

TEST(DonorTotal, after_the_final_word_only_more_is_news) {
  registry::DonorProgress told;
  registry::DonorProgress now;
  now.planned = now.closed = 1;
  EXPECT_TRUE(is_news(told, now));
  told = now;
  told.done = now.done = true;
  EXPECT_FALSE(is_news(told, now));
  now.closed = 0;
  EXPECT_FALSE(is_news(told, now)) << "forgotten, not taken back";
  now.closed = 2;
  EXPECT_TRUE(is_news(told, now));
}

}  // namespace
}  // namespace wscluster::topology
