// SPDX-License-Identifier: MIT
#include "upstream/configured.hpp"

#include <gtest/gtest.h>

namespace wscluster::upstream {
namespace {

std::string config_refusal(std::string_view text) {
  const auto instance = parse_configured("shop", text);
  return instance ? "accepted as " + instance->id : instance.error().message;
}

TEST(Configured, every_form) {
  const auto plain = parse_configured("shop", "http://127.0.0.1:8081");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->id, "127.0.0.1:8081");
  EXPECT_EQ(plain->origin, Origin::configured);
  EXPECT_EQ(plain->weight, 1);
  const auto full = parse_configured("shop", "one=https://[::1]:8443*2.5");
  ASSERT_TRUE(full) << full.error().message;
  EXPECT_EQ(full->id, "one");
  EXPECT_EQ(full->address.to_string(), "[::1]:8443");
  EXPECT_TRUE(full->is_secure);
  EXPECT_EQ(full->weight, 2.5);
  EXPECT_EQ(parse_configured("shop", "http://h")->address.port, 80);
  EXPECT_EQ(parse_configured("shop", "https://h")->address.port, 443);
}

TEST(Configured, what_is_none_is_refused) {
  for (const char* bad :
       {"", "127.0.0.1:80", "ftp://h", "http://", "http://h:0", "http://h:x", "http://u@h:80", "http://h:80/x",
        "=http://h:80", "a b=http://h:80", "http://h:80*", "http://h:80*x", "http://h:80*0", "http://h:80*1001"}) {
    EXPECT_EQ(config_refusal(bad).find("accepted"), std::string::npos) << bad << ": " << config_refusal(bad);
  }
  EXPECT_NE(config_refusal("h:80").find("[NAME=]http://HOST:PORT[*WEIGHT] is expected"), std::string::npos);
}

}  // namespace
}  // namespace wscluster::upstream
