// SPDX-License-Identifier: MIT
#include "auth/ticket_key.hpp"

#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

#include "hex.hpp"

namespace wscluster::auth {
namespace {

// The expected values come from Python's hmac. They must never change: gateways of two versions share a key.
TEST(TicketKey, is_what_an_independent_implementation_derives) {
  const TicketKey key = derive_ticket_key(Secret("cluster key for a test"), 490'000);
  EXPECT_EQ(hex(key.name), "048ba4cf266ba9aaf133e947853759ff");
  EXPECT_EQ(hex(key.cipher_key), "0dda2111ee3368d404db57f489861e9d2bce9e7c353d3671337aca641ce8dd0c");
  EXPECT_EQ(hex(key.mac_key), "5e3ccb603e5c4363728983c04a56848c70c81b09f55d21250409f9c428c7dbb7");
}

TEST(TicketKey, another_period_or_cluster_key_gives_other_keys) {
  const TicketKey key = derive_ticket_key(Secret("one"), 1);
  for (const TicketKey& other : {derive_ticket_key(Secret("one"), 2), derive_ticket_key(Secret("two"), 1)}) {
    EXPECT_NE(other.name, key.name);
    EXPECT_NE(other.cipher_key, key.cipher_key);
    EXPECT_NE(other.mac_key, key.mac_key);
  }
}

TEST(TicketKey, nothing_is_derived_from_an_empty_key) {
  EXPECT_THROW(static_cast<void>(derive_ticket_key(Secret(), 1)), std::invalid_argument);
}

}  // namespace
}  // namespace wscluster::auth
