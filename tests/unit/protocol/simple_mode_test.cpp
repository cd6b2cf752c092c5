// SPDX-License-Identifier: MIT
#include "protocol/simple_mode.hpp"

#include <gtest/gtest.h>

namespace wscluster::protocol {
namespace {

std::string refusal(std::string_view mode, std::optional<std::string_view> group) {
  const auto parsed = parse_simple_mode(mode, group);
  return parsed ? std::string() : parsed.error().message;
}

TEST(SimpleMode, is_read_from_the_parameters) {
  EXPECT_EQ(parse_simple_mode("sendEvent", std::nullopt)->kind, SimpleMode::Kind::send_event);
  EXPECT_EQ(parse_simple_mode("sendEvent", "of the application")->group, "");
  const auto to_group = parse_simple_mode("sendToGroup", "g 1");
  ASSERT_TRUE(to_group);
  EXPECT_EQ(to_group->kind, SimpleMode::Kind::send_to_group);
  EXPECT_EQ(to_group->group, "g 1");
}

TEST(SimpleMode, what_can_not_be_meant_is_refused) {
  EXPECT_EQ(refusal("", std::nullopt), "webpubsub_mode must be sendEvent or sendToGroup");
  EXPECT_EQ(refusal("sendtogroup", "g"), "webpubsub_mode must be sendEvent or sendToGroup");
  EXPECT_EQ(refusal("sendToGroup", std::nullopt), "webpubsub_mode=sendToGroup needs group=");
  EXPECT_EQ(refusal("sendToGroup", ""), "the group's name is empty");
  EXPECT_EQ(refusal("sendToGroup", "user:"), "the group's name begins with 'user:', but the uid is empty");
}

}  // namespace
}  // namespace wscluster::protocol
