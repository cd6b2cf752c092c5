// SPDX-License-Identifier: MIT
#include "registry/heritage.hpp"

#include <gtest/gtest.h>

#include "redis_server.hpp"

namespace wscluster::registry {
namespace {

using ring::MemberState;

ring::Document first() {
  return *ring::first_document("chat", 1, 5, {{"a", 1, 1, MemberState::up}});
}

TEST(Heritage, an_entry_of_history_begins_with_the_digest) {
  const auto one = first();
  EXPECT_EQ(history_entry(one), one.digest + " a=0000000000000001:1");
  EXPECT_EQ(digest_in(history_entry(one)), one.digest);
  EXPECT_EQ(digest_in("a=0000000000000001:1 b=0000000000000002:0.5"), "") << "as older processes wrote it";
  EXPECT_EQ(digest_in(""), "");
}

TEST(Heritage, known_changes_are_kept_and_those_read_as_final_are_done) {
  const auto one = first();
  const auto two = next_of(one, {one.members[0], {"b", 2, 1, MemberState::up}}, 1);
  const auto three = next_of(two, two.members, 1);
  Heritage heritage;
  heritage.done_through = 1;
  heritage.read_through = 3;
  Change running = describe_change(&one, two, Action::add, "b", {}, "test");
  running.donors["a"].planned = 4;
  heritage.running = {running};
  const auto changes = changes_to_restore(three, heritage);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0], running);
  EXPECT_EQ(changes[1].to_epoch, 3U);
  EXPECT_EQ(changes[1].state, ChangeState::done) << "it was read, and was not running";
}

TEST(Heritage, a_change_that_settles_behind_done_through_is_kept) {
  const auto one = first();
  Heritage heritage;
  heritage.done_through = heritage.read_through = 1;
  heritage.running = {describe_change(nullptr, one, Action::join, "a", {}, "a")};
  EXPECT_EQ(changes_to_restore(one, heritage).size(), 1U);
}

TEST(Heritage, an_unknown_change_is_made_from_the_open_memberships) {
  const auto one = first();
  const auto two = next_of(one, {one.members[0], {"b", 2, 1, MemberState::up}}, 1);
  const auto three = next_of(two, two.members, 1);
  // Came over a link: nothing was read beside it.
  const auto changes = changes_to_restore(three, {});
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_TRUE(changes[0].donors_expected.empty());
  EXPECT_EQ(changes[1].action, Action::put_back);
  EXPECT_EQ(changes[1].state, ChangeState::evicting);
  EXPECT_EQ(changes[1].donors_expected, (std::vector<Donor>{{"a", 1}}));
  EXPECT_EQ(changes[1].receivers_expected, std::vector<std::string>{"b"});
  EXPECT_TRUE(changes[2].donors_expected.empty()) << "the same points, so nobody moves";
}

}  // namespace
}  // namespace wscluster::registry
