// SPDX-License-Identifier: MIT
#include "cluster/view.hpp"

#include <gtest/gtest.h>

#include "bench.hpp"
#include "cluster/options.hpp"
#include "ring/key.hpp"

namespace wscluster::cluster {
namespace {

TEST(View, leaves_out_the_epochs_of_changes_that_are_done) {
  Epochs epochs("ab");
  epochs.next("abc");
  epochs.next("ac");
  const auto both = epochs.view();
  ASSERT_EQ(both->service("chat")->open.size(), 2U);
  EXPECT_EQ(both->service("chat")->open[0].epoch, 1U);
  EXPECT_EQ(both->service("chat")->open[0].ring.members().size(), 2U);
  epochs.done = 2;
  const auto one = epochs.view();
  ASSERT_EQ(one->service("chat")->open.size(), 1U);
  EXPECT_EQ(one->service("chat")->open[0].epoch, 2U);
  epochs.done = 3;
  EXPECT_TRUE(epochs.view()->service("chat")->open.empty());
}

TEST(View, finds_members_and_peers_by_name_and_life) {
  const auto view = Epochs("ab").view();
  EXPECT_TRUE(view->service("chat")->has_member("b", 2));
  EXPECT_FALSE(view->service("chat")->has_member("b", 3));
  EXPECT_FALSE(view->service("chat")->has_member("c", 3));
  EXPECT_NE(view->peer("b", 2), nullptr);
  EXPECT_EQ(view->peer("b", 1), nullptr);
  EXPECT_EQ(view->peer("z"), nullptr);
  EXPECT_EQ(view->service("other"), nullptr);
  EXPECT_EQ(view->service("chat")->hash_of("alice"), ring::hash_uid("alice", 42));
}

TEST(ServiceOptions, name_the_key_that_is_wrong) {
  ServiceOptions options;
  options.name = "chat";
  EXPECT_TRUE(problems(options).empty());
  options.window_messages = 0;
  options.hold = std::chrono::hours(1);
  options.send_timeout = Duration(1);
  const auto found = problems(options);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_NE(found[0].find("services.chat.window_messages"), std::string::npos);
}

}  // namespace
}  // namespace wscluster::cluster
