// SPDX-License-Identifier: MIT
#include "protocol/groups_request.hpp"

#include <gtest/gtest.h>

namespace wscluster::protocol {
namespace {

std::string groups_refusal(std::string_view body) {
  const auto request = parse_groups_request(body);
  return request ? std::string() : request.error().message;
}

TEST(GroupsRequest, groups_and_filter_are_read) {
  const auto request =
      parse_groups_request(R"({"filter":"userId eq 'b\u006fb'","groups":["a","b \"c\""],"more":[{}]})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->groups, (std::vector<std::string>{"a", "b \"c\""}));
  EXPECT_EQ(request->filter, "userId eq 'bob'");
}

TEST(GroupsRequest, without_a_filter_everybody_is_meant) {
  EXPECT_EQ(parse_groups_request(R"({"groups":["a"]})")->filter, "");
  EXPECT_EQ(parse_groups_request(R"({"groups":["a"],"filter":null})")->filter, "");
  EXPECT_EQ(parse_groups_request(R"({"groups":["a"],"filter":""})")->filter, "");
}

TEST(GroupsRequest, what_is_wrong_is_said) {
  const std::string none = R"("groups" must be an array with at least one group)";
  EXPECT_EQ(groups_refusal("{}"), none);
  EXPECT_EQ(groups_refusal(R"({"groups":[]})"), none);
  EXPECT_EQ(groups_refusal(R"({"groups":"a"})"), "the body at byte 11: an array is expected");
  EXPECT_EQ(groups_refusal(R"({"groups":["a",1]})"), R"("groups" must hold nothing but texts)");
  EXPECT_EQ(groups_refusal(R"({"groups":["a",""]})"), "group 2: the group's name is empty");
  EXPECT_EQ(groups_refusal(R"({"groups":["a"],"filter":1})"), R"("filter" must be a text)");
  EXPECT_EQ(groups_refusal(R"({"groups":["a"],"filter":"userId"})"),
            "the filter at character 7: 'eq' or 'ne' is expected");
  EXPECT_EQ(groups_refusal(R"({"groups":["a"]}})"), "the body at byte 17: something follows behind the value");
  EXPECT_EQ(groups_refusal(R"(["a"])"), "the body at byte 1: an object is expected");
  EXPECT_EQ(groups_refusal(""), "the body at byte 1: an object is expected");
  EXPECT_EQ(groups_refusal("{\"groups\":[\"\xff\"]}"), "the body is not UTF-8");
}

TEST(GroupsRequest, groups_and_depth_have_a_limit) {
  std::string body = R"({"groups":["a")";
  for (std::size_t i = 1; i < max_groups_in_request; ++i)
    body += ",\"a\"";
  EXPECT_EQ(groups_refusal(body + "]}"), "");
  EXPECT_EQ(groups_refusal(body + ",\"a\"]}"), R"("groups" holds more than 1000 groups)");
  EXPECT_NE(groups_refusal(R"({"groups":["a"],"x":)" + std::string(16, '[') + std::string(16, ']') + "}"), "");
}

}  // namespace
}  // namespace wscluster::protocol
