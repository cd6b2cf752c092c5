// SPDX-License-Identifier: MIT
#include "front/member_page.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace wscluster::front {
namespace {

using session::SessionId;

/// Users in the order of their hashes: (user, sessions); what a list from `after` on, of at least `limit`, holds.
struct Group {
  std::vector<std::pair<std::string, unsigned>> users;

  [[nodiscard]] cluster::SessionList list(const std::string& after, std::size_t limit) const {
    cluster::SessionList list;
    bool has_begun = after.empty();
    for (std::size_t i = 0; i < users.size(); ++i) {
      const auto& [uid, sessions] = users[i];
      if (!has_begun) {
        has_begun = uid == after;
        continue;
      }
      if (list.sessions.size() >= limit) break;
      for (unsigned n = 1; n <= sessions; ++n) {
        cluster::SessionFacts facts;
        facts.uid = uid;
        facts.id = SessionId{i + 1, {n, 1}};
        list.sessions.push_back(facts);
      }
      list.next = i + 1 < users.size() ? uid : "";
    }
    return list;
  }

  /// All pages of that size, as an application reads them.
  [[nodiscard]] std::vector<SessionId> read(std::size_t size) const {
    std::vector<SessionId> ids;
    PagePlace place;
    for (int pages = 0; pages < 100; ++pages) {
      const MemberPage page = cut_page(list(place.after, size), place, size);
      EXPECT_LE(page.members.size(), size);
      for (const auto& facts : page.members)
        ids.push_back(facts.id);
      if (!page.next) return ids;
      place = PagePlace::parse(page.next->text()).value();
    }
    ADD_FAILURE() << "it does not end";
    return ids;
  }
};

TEST(MemberPage, pages_of_any_size_hold_everybody_once_and_in_order) {
  const Group group{{{"alice", 1}, {"bob", 5}, {"carol", 2}, {"dave", 1}, {"eve", 7}}};
  const auto all = group.read(200);
  EXPECT_EQ(all.size(), 16U);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  for (std::size_t size = 1; size <= 17; ++size)
    EXPECT_EQ(group.read(size), all) << size;
}

TEST(MemberPage, a_user_that_is_gone_since_the_last_page_hides_nobody) {
  const Group before{{{"alice", 1}, {"bob", 5}, {"carol", 2}}};
  const MemberPage page = cut_page(before.list({}, 3), {}, 3);
  ASSERT_TRUE(page.next);
  Group after = before;
  after.users[1].second = 0;
  const MemberPage rest = cut_page(after.list(page.next->after, 3), *page.next, 3);
  ASSERT_EQ(rest.members.size(), 2U);
  EXPECT_EQ(rest.members[0].uid, "carol");
}

TEST(MemberPage, who_is_being_closed_is_no_member) {
  cluster::SessionList list = Group{{{"alice", 2}}}.list({}, 10);
  list.sessions[0].close_code = 1008;
  EXPECT_EQ(cut_page(list, {}, 10).members.size(), 1U);
}

TEST(MemberPage, a_page_without_members_may_go_on) {
  cluster::SessionList list;
  list.next = "zoe";
  const MemberPage page = cut_page(list, {}, 10);
  EXPECT_TRUE(page.members.empty());
  ASSERT_TRUE(page.next);
  EXPECT_EQ(page.next->after, "zoe");
  EXPECT_FALSE(page.next->behind);
}

TEST(MemberPage, a_token_that_was_not_given_is_refused) {
  EXPECT_FALSE(PagePlace::parse(""));
  EXPECT_FALSE(PagePlace::parse("x"));
  EXPECT_FALSE(PagePlace::parse("====="));
  const PagePlace place{"a/b", SessionId{5, {6, 7}}};
  const auto back = PagePlace::parse(place.text());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->after, "a/b");
  EXPECT_EQ(back->behind, place.behind);
}

}  // namespace
}  // namespace wscluster::front
