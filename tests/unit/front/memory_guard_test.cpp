// SPDX-License-Identifier: MIT
#include "front/memory_guard.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace wscluster::front {
namespace {

Pressure look_at(MemoryGuard& guard, std::uint64_t percent) {
  return guard.look(percent * 10);
}

MemoryGuard guard_of_1000() {
  MemoryGuard guard;
  guard.use_ceiling(1000);
  return guard;
}

TEST(MemoryGuard, P0_37_each_level_begins_at_its_share) {
  MemoryGuard guard = guard_of_1000();
  EXPECT_EQ(look_at(guard, 79), Pressure::none);
  EXPECT_EQ(look_at(guard, 80), Pressure::trim);
  EXPECT_EQ(look_at(guard, 84), Pressure::trim);
  EXPECT_EQ(look_at(guard, 85), Pressure::no_clients);
  EXPECT_EQ(look_at(guard, 90), Pressure::no_keep_alive);
  EXPECT_EQ(look_at(guard, 95), Pressure::shed);
  EXPECT_EQ(look_at(guard, 300), Pressure::shed);
}

TEST(MemoryGuard, P0_37_each_level_ends_five_points_below_in_reverse) {
  MemoryGuard guard = guard_of_1000();
  guard.look(1000);
  EXPECT_EQ(look_at(guard, 90), Pressure::shed);
  EXPECT_EQ(look_at(guard, 89), Pressure::no_keep_alive);
  EXPECT_EQ(look_at(guard, 85), Pressure::no_keep_alive);
  EXPECT_EQ(look_at(guard, 84), Pressure::no_clients);
  EXPECT_EQ(look_at(guard, 80), Pressure::no_clients);
  EXPECT_EQ(look_at(guard, 79), Pressure::trim);
  EXPECT_EQ(look_at(guard, 75), Pressure::trim);
  EXPECT_EQ(look_at(guard, 74), Pressure::none);
}

TEST(MemoryGuard, P0_37_levels_may_be_passed_over) {
  MemoryGuard guard = guard_of_1000();
  EXPECT_EQ(look_at(guard, 96), Pressure::shed);
  EXPECT_EQ(look_at(guard, 10), Pressure::none);
}

TEST(MemoryGuard, P0_37_a_higher_ceiling_undoes_and_none_undoes_all) {
  MemoryGuard guard = guard_of_1000();
  EXPECT_EQ(guard.look(960), Pressure::shed);
  guard.use_ceiling(1100);
  EXPECT_EQ(guard.look(960), Pressure::no_keep_alive);
  guard.use_ceiling(0);
  EXPECT_EQ(guard.look(960), Pressure::none);
}

}  // namespace
}  // namespace wscluster::front
