// SPDX-License-Identifier: MIT
#include "edge/options.hpp"

#include <gtest/gtest.h>

namespace wscluster::edge {
namespace {

TEST(EdgeOptions, defaults_have_no_problem) {
  EXPECT_TRUE(problems(Options{}).empty());
}

TEST(EdgeOptions, names_contradictions) {
  Options options;
  options.idle_timeout = Duration(1000);
  options.close_timeout = Duration(0);
  options.max_head_bytes = 10;
  const auto found = problems(options);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_NE(found[0].find("close_timeout"), std::string::npos);
  EXPECT_NE(found[1].find("max_head_bytes"), std::string::npos);
  EXPECT_NE(found[2].find("idle_timeout (1s) must be longer than ping_interval (25s)"), std::string::npos) << found[2];
}

}  // namespace
}  // namespace wscluster::edge
