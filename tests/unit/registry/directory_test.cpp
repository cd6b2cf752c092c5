// SPDX-License-Identifier: MIT
#include "registry/directory.hpp"

#include <gtest/gtest.h>

#include "redis_server.hpp"

namespace wscluster::registry {
namespace {

TEST(Directory, shows_commits_and_watches) {
  const Options options = fresh_options();
  Store store(options);
  ASSERT_TRUE(store.connection().open());
  const Registration a = node_named("a");
  const Registration b = node_named("b");
  MemberStats stats;
  stats.services["chat"] = {12, 1, 0, "", 0};
  ASSERT_TRUE(store.heartbeat(a, to_json(a), stats, 0));

  Directory directory(options);
  EXPECT_TRUE(directory.load()->services.empty());
  const auto one = *ring::first_document("chat", 1, 5, {up_member(a)});
  ASSERT_TRUE(directory.commit(nullptr, one, Action::add, "a", {}, "test"));
  const auto two = next_of(one, {up_member(a), up_member(b)}, 1);
  ChangePolicy policy;
  policy.rate = 7;
  policy.settle = Duration(1);
  const auto change = directory.commit(&one, two, Action::add, "b", policy, "ring add");
  ASSERT_TRUE(change);
  EXPECT_EQ(change->state, ChangeState::evicting);
  EXPECT_EQ(change->policy, policy);
  EXPECT_FALSE(change->started_at.empty());

  const auto snapshot = directory.load();
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(*snapshot->services.at("chat").document, two);
  EXPECT_EQ(snapshot->services.at("chat").running, std::vector<Change>{*change});
  EXPECT_EQ(snapshot->members.at(0).stats, stats);
  EXPECT_EQ(*directory.names(), std::vector<std::string>{"a"});

  const auto late = directory.commit(&one, two, Action::add, "b", {}, "ring add");
  ASSERT_FALSE(late);
  EXPECT_EQ(exit_code_for(late.error().code), ExitCode::temp_fail);

  ASSERT_TRUE(store.progress("chat", {{2, "donor:a", to_json(DonorProgress{3, 0, 3, 0, 0, true, 1})}}));
  EXPECT_TRUE(eventually([&] { return directory.watch_change("chat", 2)->state == ChangeState::done; }));
  EXPECT_EQ(directory.load_change("chat", 9).error().code, Errc::not_found);
}

TEST(Directory, without_redis_every_call_is_unavailable) {
  Options options;
  options.url = "unix:///nonexistent/redis.sock";
  Directory directory(options);
  EXPECT_EQ(directory.load().error().code, Errc::unavailable);
  EXPECT_EQ(directory.names().error().code, Errc::unavailable);
  EXPECT_EQ(directory.watch_change("chat", 1).error().code, Errc::unavailable);
}

}  // namespace
}  // namespace wscluster::registry
