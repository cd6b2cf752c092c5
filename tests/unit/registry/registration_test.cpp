// SPDX-License-Identifier: MIT
#include "registry/registration.hpp"

#include <gtest/gtest.h>

namespace wscluster::registry {
namespace {

TEST(Registration, survives_json) {
  Registration registration{"node-1",
                            0xffffffffffffffff,
                            Role::node,
                            "10.0.0.1:7000",
                            "10.0.0.1:9001",
                            "127.0.0.1:9101",
                            true,
                            2,
                            3,
                            {"chat", "news"},
                            "0.1.0",
                            true,
                            1.5};
  const auto read = parse_registration(to_json(registration));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, registration);
  registration.role = Role::gateway;
  EXPECT_EQ(parse_registration(to_json(registration))->role, Role::gateway);
}

TEST(Registration, without_name_or_incarnation_is_refused) {
  for (const char* text : {"", "1", "{}", R"({"name":"a"})", R"({"incarnation":"0000000000000001"})"}) {
    EXPECT_FALSE(parse_registration(text)) << text;
  }
  EXPECT_TRUE(parse_registration(R"({"name":"a","incarnation":"0000000000000001","later":[1]})"));
}

TEST(MemberStats, survive_json) {
  const MemberStats stats{
      "up", 77, {{"chat", {12'391, 3, 42, "abc", 7}}, {"news", {}}}, {"ring of chat: frozen"}, true};
  const auto read = parse_stats(to_json(stats));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, stats);
  EXPECT_FALSE(parse_stats("x"));
}

}  // namespace
}  // namespace wscluster::registry
