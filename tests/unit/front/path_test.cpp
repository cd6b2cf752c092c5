// SPDX-License-Identifier: MIT
#include "front/path.hpp"

#include <gtest/gtest.h>

namespace wscluster::front {
namespace {

using Names = std::vector<std::string_view>;

TEST(Path, stars_stand_for_one_segment_each) {
  EXPECT_EQ(match_path("/api/hubs/*/users/*/:send", "/api/hubs/chat/users/bob/:send"), (Names{"chat", "bob"}));
  EXPECT_EQ(match_path("/api/hubs/*/users/*", "/api/hubs/chat/users/a%2Fb"), (Names{"chat", "a%2Fb"}));
  EXPECT_EQ(match_path("/api/health", "/api/health"), Names{});
  EXPECT_EQ(match_path("/users/*", "/users/"), Names{""}) << "whether it names somebody is another question";
}

TEST(Path, another_path_does_not_fit) {
  for (const char* path :
       {"", "/", "/users", "/user/bob", "/users/bob/", "/users/bob/groups", "/Users/bob", "users/bob"})
    EXPECT_FALSE(match_path("/users/*", path)) << path;
  EXPECT_FALSE(match_path("/users/*/groups", "/users/bob"));
}

TEST(Path, a_name_is_decoded_after_it_was_cut_out) {
  EXPECT_EQ(*uid_in_path("a%2Fb%20c%40%C3%A9"), "a/b c@\xc3\xa9");
  EXPECT_EQ(*uid_in_path("a%252Fb"), "a%2Fb") << "once";
  EXPECT_EQ(*uid_in_path("a+b"), "a+b");
  EXPECT_EQ(*group_in_path("gr%C3%BCn"), "gr\xc3\xbcn");
}

TEST(Path, what_names_nothing_is_refused) {
  for (const char* segment : {"", "%", "%zz", "%FF", "%00", "%0a"})
    EXPECT_FALSE(uid_in_path(segment)) << segment;
  EXPECT_FALSE(uid_in_path(std::string(257, 'x')));
  for (const char* segment : {"", "%", "%FF", "%20", "user:"})
    EXPECT_FALSE(group_in_path(segment)) << segment;
  EXPECT_FALSE(permission_in_path("sendtogroup"));
  EXPECT_EQ(*permission_in_path("joinLeaveGroup"), session::Permission::join_leave_group);
}

TEST(Path, a_connection_has_one_text) {
  const session::SessionId id{5, {6, 7}};
  EXPECT_EQ(connection_in_path(id.text()), id);
  EXPECT_FALSE(connection_in_path(id.text() + "A"));
  EXPECT_FALSE(connection_in_path("%"));
  EXPECT_FALSE(connection_in_path(""));
}

}  // namespace
}  // namespace wscluster::front
