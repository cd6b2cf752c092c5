// SPDX-License-Identifier: MIT
#include "link/options.hpp"

#include <gtest/gtest.h>

namespace wscluster::link {
namespace {

TEST(LinkOptions, defaults_are_usable) {
  EXPECT_TRUE(problems(Options{}).empty());
}

TEST(LinkOptions, a_dead_peer_must_take_longer_than_a_heartbeat) {
  Options options;
  options.dead_after = options.heartbeat;
  EXPECT_FALSE(problems(options).empty());
}

TEST(LinkOptions, the_longest_pause_is_not_shorter_than_the_first) {
  Options options;
  options.reconnect_max = options.reconnect_min / 2;
  EXPECT_FALSE(problems(options).empty());
}

}  // namespace
}  // namespace wscluster::link
