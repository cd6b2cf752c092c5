// SPDX-License-Identifier: MIT
#include "front/connection_limit.hpp"

#include <gtest/gtest.h>

#include <string>

namespace wscluster::front {
namespace {

constexpr std::uint64_t plenty = 1'000'000;

TEST(ConnectionLimit, P0_37_what_is_wanted_stands_where_all_suffices) {
  const auto limit = connection_limit(1000, {.descriptors = plenty, .memory_ceiling = 1U << 30U});
  EXPECT_EQ(limit.most, 1000U);
  EXPECT_EQ(limit.because, std::string("limits.max_connections"));
}

TEST(ConnectionLimit, P0_37_descriptors_leave_room_for_links_of_each_core) {
  const auto limit = connection_limit(plenty, {.descriptors = 10'000, .cores = 4});
  EXPECT_EQ(limit.most, 10'000U - 256 - 4 * 32);
  EXPECT_EQ(limit.because, std::string("descriptors"));
}

TEST(ConnectionLimit, P0_37_a_relayed_client_takes_two_descriptors) {
  const auto limit = connection_limit(plenty, {.descriptors = 10'000, .cores = 4, .relays = true});
  EXPECT_EQ(limit.most, (10'000U - 256 - 4 * 32) / 2);
}

TEST(ConnectionLimit, P0_37_few_descriptors_are_halved_and_somebody_gets_in) {
  EXPECT_EQ(connection_limit(plenty, {.descriptors = 100, .cores = 4}).most, 50U);
  EXPECT_EQ(connection_limit(plenty, {.descriptors = 1}).most, 1U);
}

TEST(ConnectionLimit, P0_37_clients_share_seven_tenths_of_the_memory) {
  const auto limit = connection_limit(plenty, {.descriptors = plenty, .memory_ceiling = 1'600U << 20U});
  EXPECT_EQ(limit.most, 71'680U);
  EXPECT_EQ(limit.because, std::string("limits.memory"));
}

}  // namespace
}  // namespace wscluster::front
