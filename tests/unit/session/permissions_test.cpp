// SPDX-License-Identifier: MIT
#include "session/permissions.hpp"

#include <gtest/gtest.h>
#include <initializer_list>
#include <string>

namespace wscluster::session {
namespace {

constexpr Permission join = Permission::join_leave_group;
constexpr Permission send = Permission::send_to_group;

Permissions with_roles(std::initializer_list<std::string_view> roles) {
  Permissions permissions;
  for (const std::string_view role : roles)
    EXPECT_TRUE(permissions.add_role(role)) << role;
  return permissions;
}

TEST(Permissions, nothing_is_allowed_without_a_role) {
  const Permissions none = with_roles({"admin", "webpubsub", "webpubsub.", "webpubsub.readEverything",
                                       "webpubsub.sendToGroupX", "webpubsub.sendtogroup", "WebPubSub.sendToGroup"});
  EXPECT_FALSE(none.allows(send, "g"));
  EXPECT_FALSE(none.allows(join, "g"));
  EXPECT_FALSE(none.may_join("user:bob", "bob"));
  EXPECT_FALSE(none.allows_all(send));
}

TEST(Permissions, roles_for_all_groups_for_one_and_for_a_pattern) {
  const Permissions all = with_roles({"webpubsub.sendToGroup"});
  EXPECT_TRUE(all.allows(send, "anything"));
  EXPECT_TRUE(all.allows_all(send));
  EXPECT_FALSE(all.allows(join, "anything"));
  const Permissions one = with_roles({"webpubsub.joinLeaveGroup.g.1", "webpubsub.joinLeaveGroup.s.x"});
  EXPECT_TRUE(one.allows(join, "g.1"));
  EXPECT_TRUE(one.allows(join, "s.x"));
  EXPECT_FALSE(one.allows(join, "g"));
  EXPECT_FALSE(one.allows(send, "g.1"));
  EXPECT_FALSE(one.allows_all(join));
  const Permissions pattern = with_roles({"webpubsub.sendToGroups.user:*", "webpubsub.joinLeaveGroups.team.**"});
  EXPECT_TRUE(pattern.allows(send, "user:bob"));
  EXPECT_FALSE(pattern.allows(send, "user:bob.x"));
  EXPECT_TRUE(pattern.allows(join, "team.a.b"));
  EXPECT_FALSE(pattern.allows(join, "user:bob"));
}

TEST(Permissions, a_role_that_can_not_be_meant_is_refused) {
  Permissions permissions;
  EXPECT_EQ(permissions.add_role("webpubsub.sendToGroups.").error().code, Errc::invalid);
  EXPECT_EQ(permissions.add_role("webpubsub.sendToGroups.a*b*c*d*e*f*").error().code, Errc::invalid);
  EXPECT_EQ(permissions.add_role("webpubsub.joinLeaveGroup.").error().code, Errc::invalid);
  EXPECT_EQ(permissions.add_role("webpubsub.joinLeaveGroup.user:").error().code, Errc::invalid);
  EXPECT_TRUE(permissions.encode().empty());
}

TEST(Permissions, nobody_joins_the_group_of_another_user) {
  const Permissions all = with_roles({"webpubsub.joinLeaveGroup", "webpubsub.sendToGroup.user:bob"});
  EXPECT_TRUE(all.may_join("user:bob", "bob"));
  EXPECT_FALSE(all.may_join("user:bob", "alice"));
  EXPECT_FALSE(all.may_join("user:bob", ""));
  EXPECT_TRUE(all.may_join("users", "alice"));
  EXPECT_TRUE(all.allows(send, "user:bob"));
  EXPECT_FALSE(all.allows(send, "user:alice"));
}

TEST(Permissions, the_word_on_one_group_stands_above_roles_and_the_later_above_the_earlier) {
  Permissions permissions = with_roles({"webpubsub.sendToGroup", "webpubsub.joinLeaveGroups.team.*"});
  EXPECT_TRUE(permissions.revoke(send, "g"));
  EXPECT_FALSE(permissions.allows(send, "g"));
  EXPECT_TRUE(permissions.allows(send, "h"));
  EXPECT_FALSE(permissions.allows_all(send));
  EXPECT_TRUE(permissions.grant(send, "g"));
  EXPECT_TRUE(permissions.allows_all(send));

  EXPECT_TRUE(permissions.revoke(join, "team.a"));
  EXPECT_FALSE(permissions.allows(join, "team.a"));
  EXPECT_TRUE(permissions.allows(join, "team.b"));
  EXPECT_TRUE(permissions.grant(join, "other"));
  EXPECT_TRUE(permissions.allows(join, "other"));
  EXPECT_TRUE(permissions.revoke(join, "other"));
  EXPECT_FALSE(permissions.allows(join, "other"));
  EXPECT_TRUE(permissions.add_role("webpubsub.joinLeaveGroups.team.**"));
  EXPECT_TRUE(permissions.allows(join, "team.a"));

  permissions.revoke_all(join);
  EXPECT_FALSE(permissions.allows(join, "team.b"));
  EXPECT_TRUE(permissions.revoke(send, "g"));
  permissions.grant_all(send);
  EXPECT_TRUE(permissions.allows(send, "g"));
}

TEST(Permissions, rules_are_limited) {
  Permissions permissions;
  for (std::size_t i = 0; i < Permissions::max_rules; ++i)
    ASSERT_TRUE(permissions.grant(join, "g" + std::to_string(i)));
  EXPECT_EQ(permissions.grant(join, "one more").error().code, Errc::limit);
  EXPECT_EQ(permissions.add_role("webpubsub.joinLeaveGroups.x*").error().code, Errc::limit);
  EXPECT_TRUE(permissions.grant(join, "g7")) << "it is there already";
  EXPECT_TRUE(permissions.grant(send, "one more")) << "each permission has its own";
  EXPECT_TRUE(permissions.revoke(join, "g7"));
  EXPECT_TRUE(permissions.grant(join, "one more"));
  EXPECT_FALSE(permissions.allows(join, "g7"));

  permissions.grant_all(join);
  for (std::size_t i = 0; i < Permissions::max_rules; ++i)
    ASSERT_TRUE(permissions.revoke(join, "g" + std::to_string(i)));
  EXPECT_EQ(permissions.revoke(join, "one more").error().code, Errc::limit);
}

TEST(Permissions, names_as_in_rest_paths) {
  EXPECT_EQ(parse_permission("joinLeaveGroup"), join);
  EXPECT_EQ(parse_permission("sendToGroup"), send);
  EXPECT_FALSE(parse_permission("sendtogroup"));
  EXPECT_FALSE(parse_permission(""));
}

TEST(Permissions, travel_as_bytes) {
  Permissions permissions = with_roles({"webpubsub.sendToGroup", "webpubsub.joinLeaveGroup.g2",
                                        "webpubsub.joinLeaveGroup.g1", "webpubsub.joinLeaveGroups.t?.*"});
  ASSERT_TRUE(permissions.revoke(send, "secret"));
  const std::string bytes = permissions.encode();
  const auto again = Permissions::decode(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->encode(), bytes);
  EXPECT_TRUE(again->allows(join, "g1") && again->allows(join, "g2") && again->allows(join, "t1.x"));
  EXPECT_TRUE(again->allows(send, "g"));
  EXPECT_FALSE(again->allows(send, "secret"));

  EXPECT_TRUE(Permissions().encode().empty());
  ASSERT_TRUE(Permissions::decode(""));
  EXPECT_FALSE(Permissions::decode("")->allows(send, "g"));
  for (std::size_t size = 1; size < bytes.size(); ++size)
    EXPECT_FALSE(Permissions::decode(bytes.substr(0, size))) << size;
  EXPECT_FALSE(Permissions::decode(bytes + "x"));
  EXPECT_FALSE(Permissions::decode("\x02" + bytes.substr(1))) << "a newer schema";

  const std::string head("\x01\x00\x00\x02", 4);
  const std::string tail(5, '\0');
  EXPECT_TRUE(Permissions::decode(head + "\x01" + "a" + "\x01" + "b" + tail));
  EXPECT_FALSE(Permissions::decode(head + "\x01" + "b" + "\x01" + "a" + tail)) << "a search would not find them";
  EXPECT_FALSE(Permissions::decode(head + "\x01" + "a" + "\x01" + "a" + tail));
}

}  // namespace
}  // namespace wscluster::session
