// SPDX-License-Identifier: MIT
#include "session/frame_queue.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace wscluster::session {
namespace {

class FrameQueueTest : public testing::Test {
 protected:
  ~FrameQueueTest() override {
    queue.clear(pool, [](const FrameQueue::Node&, bool) {});
  }
  void add(const std::string& text) { queue.push(pool, {}, text); }
  std::string send_all() {
    std::string sent;
    while (queue.unsent() != nullptr) {
      sent += std::string(queue.unsent()->payload()) + " ";
      queue.mark_sent();
    }
    return sent;
  }
  void cover(std::uint64_t position) {
    queue.cover(pool, position, [](const FrameMark&) {});
  }

  std::pmr::unsynchronized_pool_resource pool;
  FrameQueue queue;
};

TEST_F(FrameQueueTest, keeps_what_is_not_covered_and_sends_it_again_after_a_rewind) {
  add("a"), add("b"), add("c");
  EXPECT_EQ(send_all(), "a b c ");
  cover(1);
  EXPECT_EQ(queue.in_flight(), 2U);
  queue.rewind(2);
  EXPECT_EQ(send_all(), "c ");
  queue.rewind(0);
  EXPECT_EQ(send_all(), "b c ");
  cover(3);
  EXPECT_TRUE(queue.is_empty());
  EXPECT_EQ(queue.in_flight_bytes(), 0U);
}

TEST_F(FrameQueueTest, covering_what_was_never_sent_changes_nothing) {
  add("a");
  cover(1);
  EXPECT_EQ(queue.waiting(), 1U);
  cover(99);
  EXPECT_EQ(send_all(), "a ");
}

TEST_F(FrameQueueTest, the_oldest_unsent_can_be_dropped) {
  add("a"), add("b"), add("c");
  queue.mark_sent();
  queue.drop_unsent(pool);
  EXPECT_EQ(queue.waiting(), 1U);
  EXPECT_EQ(send_all(), "c ");
  EXPECT_EQ(queue.added(), 2U);
  add("d");
  EXPECT_EQ(send_all(), "d ");
  cover(3);
  EXPECT_TRUE(queue.is_empty());
}

TEST_F(FrameQueueTest, goes_on_where_another_queue_was) {
  queue.start_at(5);
  EXPECT_EQ(queue.added(), 5U);
  EXPECT_EQ(queue.covered(), 5U);
  EXPECT_EQ(queue.in_flight(), 0U);
  add("f"), add("g");
  EXPECT_EQ(send_all(), "f g ");
  EXPECT_EQ(queue.sent(), 7U);
  cover(6);
  queue.rewind(0);
  EXPECT_EQ(send_all(), "g ");
  cover(7);
  EXPECT_TRUE(queue.is_empty());
}

TEST_F(FrameQueueTest, shows_what_is_not_covered_sent_or_not) {
  add("a"), add("b"), add("c");
  queue.mark_sent(), queue.mark_sent();
  cover(1);
  std::string seen;
  queue.for_each([&](const FrameQueue::Node& node) { seen += node.payload(); });
  EXPECT_EQ(seen, "bc");
  EXPECT_EQ(send_all(), "c ") << "looking changes nothing";
}

TEST_F(FrameQueueTest, clear_tells_what_was_sent) {
  queue.push(pool, {false, false, 7, 1}, "a");
  queue.push(pool, {false, false, 7, 2}, "b");
  queue.mark_sent();
  std::vector<std::pair<std::uint64_t, bool>> seen;
  queue.clear(pool, [&](const FrameQueue::Node& node, bool sent) { seen.emplace_back(node.mark.counter, sent); });
  EXPECT_EQ(seen, (std::vector<std::pair<std::uint64_t, bool>>{{1, true}, {2, false}}));
}

}  // namespace
}  // namespace wscluster::session
