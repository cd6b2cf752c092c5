// SPDX-License-Identifier: MIT
// Agents beside a Redis that is there but not well: settings changed, memory or disk full, no replicas.
#include <gtest/gtest.h>

#include "observed_agent.hpp"
#include "redis_server.hpp"
#include "registry/directory.hpp"

namespace wscluster::registry {
namespace {

class SickServer : public testing::Test {
 protected:
  SickServer() : server({"--enable-protected-configs", "yes"}), options(fresh_options()) { options.url = server.url(); }

  void configure(const std::string& name, const std::string& value) {
    Connection connection(options);
    ASSERT_TRUE(connection.open());
    ASSERT_TRUE(connection.command({"CONFIG", "SET", name, value}));
  }
  static std::size_t count(Observed& observed, AlarmKind kind) {
    return observed.last()->alarm_counts[static_cast<std::size_t>(kind)];
  }

  RedisServer server;
  Options options;
};

TEST_F(SickServer, a_policy_that_was_changed_later_is_noticed_after_a_reconnect) {
  Observed a(options, node_named("a"));
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a"));
  configure("maxmemory-policy", "allkeys-lru");
  Connection connection(options);
  ASSERT_TRUE(connection.open());
  // Both of an agent's: it waits on the one for hints, and sees the end of the other only when it has a command.
  ASSERT_TRUE(connection.pipeline({{"CLIENT", "KILL", "TYPE", "pubsub"}, {"CLIENT", "KILL", "TYPE", "normal"}}));
  ASSERT_TRUE(eventually([&] { return count(a, AlarmKind::eviction) == 1; }));
  EXPECT_NE(a.last()->alarms[0].find("set it to noeviction"), std::string::npos);
  EXPECT_TRUE(a.last()->redis_up);
  configure("maxmemory-policy", "noeviction");
  EXPECT_TRUE(eventually([&] { return count(a, AlarmKind::eviction) == 0; })) << "while it is up, it is checked often";
}

TEST_F(SickServer, out_of_memory_is_an_alarm_and_the_members_go_on_by_their_word) {
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  a.start_linked();
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  ASSERT_TRUE(wait_for_owners(b, "a b"));
  const auto held = *a.document();
  configure("maxmemory", "1");
  const Life life_a{"a", a.self.incarnation};
  const Life life_b{"b", b.self.incarnation};
  const auto ask = [](Observed& asker, const Life& me, Observed& giver, const Life& other) {
    const TimePoint asked = Clock::now();
    if (asker.agent.wants_words() && giver.agent.give_word(me, {"chat"})) asker.agent.word_received(other, asked);
  };
  const auto talk = [&] {
    ask(a, life_a, b, life_b);
    ask(b, life_b, a, life_a);
  };
  const TimePoint full = Clock::now();
  ASSERT_TRUE(eventually([&] {
    talk();
    return count(a, AlarmKind::memory) == 1 && count(b, AlarmKind::memory) == 1 &&
           Clock::now() > full + 4 * options.lease;
  }));
  EXPECT_FALSE(a.agent.is_suspended(Clock::now()));
  EXPECT_FALSE(b.agent.is_suspended(Clock::now()));
  EXPECT_NE(a.last()->alarms[0].find("raise it"), std::string::npos) << a.last()->alarms[0];
  configure("maxmemory", "0");
  EXPECT_TRUE(eventually([&] {
    talk();
    return count(a, AlarmKind::memory) == 0 && count(b, AlarmKind::memory) == 0;
  }));
  let_pass(worst_case_detection(options));
  EXPECT_EQ(*a.document(), held) << "nobody was removed";
  EXPECT_FALSE(a.agent.is_suspended(Clock::now()));
}

TEST_F(SickServer, who_renews_late_after_redis_refused_renewals_is_not_removed) {
  options.heartbeat = Duration(200);
  options.lease = Duration(1'000);
  Observed a(options, node_named("a"));
  Store store(options);
  ASSERT_TRUE(store.connection().open());
  const Registration b = node_named("b");
  const auto held = write_first(store, {a.self, b});
  // Renewed by hand, so that it is late for sure.
  MemberStats stats;
  stats.services["chat"] = {.adopted = held.epoch, .digest = held.digest, .lineage = held.lineage};
  const auto renew_b = [&] {
    const auto beat = store.heartbeat(b, to_json(b), stats, 0);
    return beat && beat->outcome == Beat::Outcome::renewed;
  };
  ASSERT_TRUE(renew_b());
  a.start_linked();
  ASSERT_TRUE(eventually([&] { return renew_b() && have_stored_newest_epoch(options); }));
  configure("maxmemory", "1");
  const auto has_no_lease = [&] {
    const auto contents = store.load();
    return contents && contents->lives.empty();
  };
  ASSERT_TRUE(eventually([&] { return a.agent.is_suspended(Clock::now()) && has_no_lease(); }));
  configure("maxmemory", "0");
  ASSERT_TRUE(eventually([&] { return !a.agent.is_suspended(Clock::now()); }));
  // Longer than two sightings take.
  let_pass(3 * options.heartbeat);
  EXPECT_EQ(*a.document(), held) << "b gets the time to say that it lives";
  EXPECT_TRUE(wait_for_owners(a, "a")) << "but not for ever";
}

TEST_F(SickServer, a_disk_that_is_full_is_an_alarm_with_its_remedy) {
  Observed a(options, node_named("a"));
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a"));
  // A snapshot that cannot be written: its folder is gone.
  configure("save", "3600 1");
  configure("dir", "/proc");
  Connection connection(options);
  ASSERT_TRUE(connection.open());
  static_cast<void>(connection.command({"BGSAVE"}));
  ASSERT_TRUE(eventually([&] { return count(a, AlarmKind::disk) == 1; }));
  EXPECT_NE(a.last()->alarms[0].find("cannot write to its disk"), std::string::npos) << a.last()->alarms[0];
  // Over a connection that was made before: even PING is refused now.
  ASSERT_TRUE(connection.command({"CONFIG", "SET", "stop-writes-on-bgsave-error", "no"}));
  EXPECT_TRUE(eventually([&] { return count(a, AlarmKind::disk) == 0; }));
}

TEST_F(SickServer, an_epoch_without_the_replicas_wanted_is_written_and_warned_of) {
  options.min_replicas = 1;
  options.timeout = Duration(400);
  Observed a(options, node_named("a"));
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a")) << "a cluster without replicas works";
  ASSERT_TRUE(eventually([&] { return count(a, AlarmKind::replication) == 1; }));
  Directory directory(options);
  const auto one = *a.document();
  const auto two = next_of(one, {up_member(a.self, 2)}, 1);
  ASSERT_TRUE(directory.commit(&one, two, Action::weight, "a", {}, "test"));
  EXPECT_NE(directory.warning().find("epoch 2 of chat is written, but acknowledged by 0 of 1"), std::string::npos)
      << directory.warning();
  const RedisServer replica({"--replicaof", "127.0.0.1", std::to_string(server.port())});
  EXPECT_TRUE(eventually([&] { return count(a, AlarmKind::replication) == 0; }));
  const auto three = next_of(two, {up_member(a.self, 1)}, 2);
  ASSERT_TRUE(eventually([&] { return a.document()->epoch == 2; }));
  ASSERT_TRUE(directory.commit(&two, three, Action::weight, "a", {}, "test"));
  EXPECT_EQ(directory.warning(), "");
}

}  // namespace
}  // namespace wscluster::registry
