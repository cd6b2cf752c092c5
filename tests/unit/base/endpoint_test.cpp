// SPDX-License-Identifier: MIT
#include "base/endpoint.hpp"

#include <gtest/gtest.h>

namespace wscluster {
namespace {

TEST(Endpoint, is_read_and_written_back) {
  for (const char* text : {"127.0.0.1:9001", "[::1]:9001", "node-1.example:0"}) {
    const auto parsed = Endpoint::parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->to_string(), text);
  }
}

TEST(Endpoint, wrong_ones_are_refused) {
  for (const char* text : {"", "9001", ":9001", "host", "host:", "host:x", "host:65536", "::1:9001", "host:-1"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
}

TEST(Endpoint, knows_loopback) {
  EXPECT_TRUE(Endpoint::parse("127.3.0.1:1")->is_loopback());
  EXPECT_TRUE(Endpoint::parse("[::1]:1")->is_loopback());
  EXPECT_FALSE(Endpoint::parse("0.0.0.0:1")->is_loopback());
  EXPECT_FALSE(Endpoint::parse("127.example.org:1")->is_loopback());
}

}  // namespace
}  // namespace wscluster
