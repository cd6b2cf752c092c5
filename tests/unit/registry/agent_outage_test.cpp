// SPDX-License-Identifier: MIT
// Agent beside a Redis that is away, frozen, emptied or rolled back.
#include <gtest/gtest.h>

#include <functional>

#include "base/text.hpp"
#include "observed_agent.hpp"
#include "redis_server.hpp"
#include "registry/directory.hpp"

namespace wscluster::registry {
namespace {

TEST(AgentOutage, P0_02_a_newer_document_from_a_link_is_adopted_and_an_older_or_foreign_one_is_not) {
  const Options options = fresh_options();
  Observed a(options, node_named("a"));
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a"));
  const auto one = *a.document();
  const auto two = next_of(one, {up_member(a.self), up_member(node_named("x"))}, 1);
  a.agent.offer_document(std::make_shared<const ring::Document>(two));
  ASSERT_TRUE(wait_for_owners(a, "a x"));
  a.agent.offer_document(std::make_shared<const ring::Document>(one));
  const auto foreign = *ring::first_document("chat", 1, 77, {up_member(a.self)});
  a.agent.offer_document(std::make_shared<const ring::Document>(foreign));
  EXPECT_TRUE(eventually([&] { return !a.last()->alarms.empty(); }));
  EXPECT_EQ(a.document()->epoch, 2U);
  EXPECT_TRUE(a.never_went_back());
}

/// Hashes that the server was asked for: several at each reading of everything.
std::uint64_t hashes_read(Connection& redis) {
  const auto reply = redis.command({"INFO", "commandstats"});
  if (!reply) return 0;
  const std::string& text = reply->text;
  const std::string begin = "cmdstat_hgetall:calls=";
  const std::size_t at = text.find(begin);
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + begin.size()));
}

/// An agent is sent so many hints; what is written behind them is seen, and costs fewer hashes than there were hints.
void expect_few_readings(unsigned hints, const std::function<void(Store&)>& send) {
  RedisServer server;
  Options options = fresh_options();
  options.url = server.url();
  Observed a(options, node_named("a"));
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a"));
  Store store(options);
  ASSERT_TRUE(store.connection().open());
  const std::uint64_t before = hashes_read(store.connection());
  ASSERT_GT(before, 0U);
  send(store);
  Observed b(options, node_named("b"));
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  EXPECT_LT(hashes_read(store.connection()) - before, hints);
}

TEST(AgentOutage, P0_03_a_burst_of_hints_is_one_reading_and_not_one_for_each) {
  constexpr unsigned hints = 5000;
  expect_few_readings(hints, [](Store& store) {
    const std::string burst =
        "for i = 1, " + std::to_string(hints) + " do redis.call('publish', KEYS[1], 'ring chat 1') end";
    ASSERT_TRUE(store.connection().command({"EVAL", burst, "1", store.keys().events()}));
  });
}

TEST(AgentOutage, P0_03_hints_that_come_one_after_the_other_are_not_a_reading_each) {
  constexpr unsigned hints = 2000;
  expect_few_readings(hints, [](Store& store) {
    for (unsigned i = 0; i < hints; ++i)
      ASSERT_TRUE(store.connection().command({"PUBLISH", store.keys().events(), "ring chat 1"}));
  });
}

TEST(AgentOutage, P0_03_members_go_on_by_their_word_while_redis_does_not_answer) {
  RedisServer server;
  Options options = fresh_options();
  options.url = server.url();
  options.heartbeat = Duration(200);
  options.lease = Duration(600);
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  a.start_linked();
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  ASSERT_TRUE(wait_for_owners(b, "a b"));
  const Life life_a{"a", a.self.incarnation};
  const Life life_b{"b", b.self.incarnation};
  const auto ask = [](Observed& asker, const Life& me, Observed& giver, const Life& other) {
    const TimePoint asked = Clock::now();
    if (asker.agent.wants_words() && giver.agent.give_word(me, {"chat"})) asker.agent.word_received(other, asked);
  };
  server.kill();
  const TimePoint dead = Clock::now();
  // Long after both leases are over.
  ASSERT_TRUE(eventually([&] {
    ask(a, life_a, b, life_b);
    ask(b, life_b, a, life_a);
    return Clock::now() > dead + 5 * options.lease;
  }));
  EXPECT_FALSE(a.agent.is_suspended(Clock::now()));
  EXPECT_FALSE(b.agent.is_suspended(Clock::now()));
  // Without words it ends soon, and only a renewal helps.
  EXPECT_TRUE(eventually([&] { return a.agent.is_suspended(Clock::now()) && b.agent.is_suspended(Clock::now()); }));
  EXPECT_FALSE(a.agent.give_word(life_b, {"chat"}));
  server.start();
  EXPECT_TRUE(eventually([&] { return !a.agent.is_suspended(Clock::now()) && !b.agent.is_suspended(Clock::now()); }));
}

TEST(AgentOutage, a_redis_that_was_frozen_does_not_make_the_members_remove_each_other) {
  RedisServer server;
  Options options = fresh_options();
  options.url = server.url();
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  a.start_linked();
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  ASSERT_TRUE(wait_for_owners(b, "a b"));
  const auto epoch = a.document()->epoch;
  server.freeze();
  ASSERT_TRUE(eventually([&] { return a.agent.is_suspended(Clock::now()) && b.agent.is_suspended(Clock::now()); }));
  server.thaw();
  ASSERT_TRUE(eventually([&] { return !a.agent.is_suspended(Clock::now()) && !b.agent.is_suspended(Clock::now()); }));
  let_pass(worst_case_detection(options));
  EXPECT_EQ(a.document()->epoch, epoch);
}

}  // namespace
}  // namespace wscluster::registry
