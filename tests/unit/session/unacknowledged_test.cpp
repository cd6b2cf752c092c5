// SPDX-License-Identifier: MIT
#include "session/unacknowledged.hpp"

#include <gtest/gtest.h>
#include <deque>
#include <random>
#include <string>

namespace wscluster::session {
namespace {

using Answer = Unacknowledged::Answer;

/// Knows how much of it is in use.
class CountingPool : public std::pmr::memory_resource {
 public:
  std::size_t blocks = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    ++blocks;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    --blocks;
    std::pmr::new_delete_resource()->deallocate(memory, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

class UnacknowledgedTest : public testing::Test {
 protected:
  std::optional<std::uint64_t> push(const std::string& text) { return queue.push(SharedPayload(pool, text), limits); }
  static std::string kept(const Unacknowledged& queue) {
    std::string out;
    queue.for_each([&out](std::uint64_t id, const SharedPayload& payload) {
      out += std::to_string(id) + std::string(payload.bytes()) + " ";
    });
    return out;
  }

  CountingPool pool;
  UnacknowledgedLimits limits;
  Unacknowledged queue;
};

TEST_F(UnacknowledgedTest, ids_begin_with_1_and_an_ack_covers_all_before_it) {
  EXPECT_EQ(queue.given(), 0U);
  EXPECT_EQ(push("a"), 1U);
  EXPECT_EQ(push("bb"), 2U);
  EXPECT_EQ(push("ccc"), 3U);
  EXPECT_EQ(queue.bytes(), 6U);
  EXPECT_EQ(queue.acknowledge(2), Answer::advanced);
  EXPECT_EQ(kept(queue), "3ccc ");
  EXPECT_EQ(queue.bytes(), 3U);
  EXPECT_EQ(push("d"), 4U);
  EXPECT_EQ(kept(queue), "3ccc 4d ") << "what a recovered session is sent again";
  EXPECT_EQ(queue.acknowledge(4), Answer::advanced);
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_EQ(push("e"), 5U);
}

TEST_F(UnacknowledgedTest, an_old_ack_changes_nothing) {
  push("a"), push("b"), push("c");
  EXPECT_EQ(queue.acknowledge(0), Answer::old);
  EXPECT_EQ(queue.acknowledge(2), Answer::advanced);
  EXPECT_EQ(queue.acknowledge(2), Answer::old);
  EXPECT_EQ(queue.acknowledge(1), Answer::old);
  EXPECT_EQ(kept(queue), "3c ");
}

TEST_F(UnacknowledgedTest, an_ack_of_the_future_frees_nothing) {
  EXPECT_EQ(queue.acknowledge(1), Answer::future);
  push("a"), push("b");
  EXPECT_EQ(queue.acknowledge(3), Answer::future);
  EXPECT_EQ(queue.acknowledge(UINT64_MAX), Answer::future);
  EXPECT_EQ(kept(queue), "1a 2b ");
  EXPECT_EQ(queue.acknowledge(2), Answer::advanced);
}

TEST_F(UnacknowledgedTest, messages_are_limited) {
  limits.messages = 3;
  push("a"), push("b"), push("c");
  EXPECT_FALSE(push("d"));
  EXPECT_EQ(kept(queue), "1a 2b 3c ");
  EXPECT_EQ(queue.given(), 3U) << "no id is spent";
  queue.acknowledge(1);
  EXPECT_EQ(push("d"), 4U);
}

TEST_F(UnacknowledgedTest, bytes_are_limited) {
  limits.bytes = 10;
  EXPECT_FALSE(push(std::string(11, 'x')));
  EXPECT_TRUE(push(std::string(6, 'x')));
  EXPECT_FALSE(push(std::string(5, 'x')));
  EXPECT_TRUE(push(std::string(4, 'x')));
  EXPECT_FALSE(push("x"));
  EXPECT_TRUE(push("")) << "the bytes are full, not the queue";
  EXPECT_EQ(pool.blocks, 3U) << "what was refused is freed";
}

TEST_F(UnacknowledgedTest, a_payload_is_kept_once_for_many_sessions_and_freed_with_the_last) {
  std::vector<Unacknowledged> sessions(3);
  {
    const SharedPayload payload(pool, "to all");
    for (Unacknowledged& session : sessions)
      EXPECT_EQ(session.push(payload, limits), 1U);
  }
  EXPECT_EQ(pool.blocks, 1U);
  sessions[0].acknowledge(1);
  sessions.pop_back();
  EXPECT_EQ(pool.blocks, 1U);
  EXPECT_EQ(kept(sessions[1]), "1to all ");
  sessions[1] = Unacknowledged();
  EXPECT_EQ(pool.blocks, 0U);
}

TEST_F(UnacknowledgedTest, agrees_with_a_plain_list_over_many_turns) {
  limits.messages = 200;
  std::mt19937_64 random(7);
  std::deque<std::string> model;
  std::uint64_t acknowledged = 0;
  for (int turn = 0; turn < 20'000; ++turn) {
    if (random() % 100 < 75) {
      const auto id = push(std::to_string(turn));
      ASSERT_EQ(id.has_value(), model.size() < limits.messages);
      if (id) model.push_back(std::to_string(turn));
    } else if (!model.empty()) {
      // Seldom all of them, so that it grows in every position and is empty after it was large.
      const std::uint64_t most = std::min<std::size_t>(3, model.size());
      const std::uint64_t count = random() % 200 == 0 ? model.size() : 1 + random() % most;
      acknowledged += count;
      ASSERT_EQ(queue.acknowledge(acknowledged), Answer::advanced);
      model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(count));
    }
    ASSERT_EQ(queue.size(), model.size());
    ASSERT_EQ(queue.given(), acknowledged + model.size());
    if (turn % 97 == 0) {
      std::string expected;
      for (std::size_t i = 0; i < model.size(); ++i)
        expected += std::to_string(acknowledged + 1 + i) + model[i] + " ";
      ASSERT_EQ(kept(queue), expected);
    }
  }
  EXPECT_EQ(pool.blocks, model.size());
}

TEST_F(UnacknowledgedTest, goes_on_elsewhere_with_the_same_ids) {
  push("a"), push("b"), push(std::string("c\0d", 3)), push("");
  queue.acknowledge(1);
  const std::string bytes = queue.encode();
  auto moved = Unacknowledged::decode(bytes, pool);
  ASSERT_TRUE(moved);
  EXPECT_EQ(kept(*moved), kept(queue));
  EXPECT_EQ(moved->acknowledged(), 1U);
  EXPECT_EQ(moved->bytes(), 4U);
  EXPECT_EQ(moved->encode(), bytes);
  EXPECT_EQ(moved->push(SharedPayload(pool, "e"), limits), 5U);
  EXPECT_EQ(moved->acknowledge(5), Answer::advanced);

  UnacknowledgedLimits tight;
  tight.messages = 1;
  auto full = Unacknowledged::decode(bytes, pool);
  ASSERT_TRUE(full) << "a move loses nothing";
  EXPECT_FALSE(full->push(SharedPayload(pool, "e"), tight));
}

TEST_F(UnacknowledgedTest, an_empty_one_travels_with_its_counter) {
  push("a"), queue.acknowledge(1);
  auto moved = Unacknowledged::decode(queue.encode(), pool);
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->push(SharedPayload(pool, "b"), limits), 2U);
}

TEST_F(UnacknowledgedTest, ids_end_where_javascript_cannot_count_on) {
  std::string bytes("\x01", 1);
  bytes += std::string("\xFE\xFF\xFF\xFF\xFF\xFF\xFF\x0F", 8) + std::string(1, '\0');  // 2^53 - 2
  auto late = Unacknowledged::decode(bytes, pool);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->push(SharedPayload(pool, "last"), limits), Unacknowledged::last_sequence_id);
  EXPECT_FALSE(late->push(SharedPayload(pool, "none"), limits));
}

TEST_F(UnacknowledgedTest, broken_bytes_are_refused) {
  push("a"), push("bb");
  const std::string bytes = queue.encode();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(Unacknowledged::decode(bytes.substr(0, size), pool)) << size;
  EXPECT_FALSE(Unacknowledged::decode(bytes + "x", pool));
  EXPECT_FALSE(Unacknowledged::decode("\x02" + bytes.substr(1), pool)) << "a newer schema";
  EXPECT_FALSE(Unacknowledged::decode("\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01" + std::string(1, '\0'), pool));
  EXPECT_FALSE(Unacknowledged::decode(std::string("\x01\x00", 2) + "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", pool));
}

}  // namespace
}  // namespace wscluster::session
