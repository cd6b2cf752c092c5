// SPDX-License-Identifier: MIT
#include "auth/link_key.hpp"

#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

#include "hex.hpp"

namespace wscluster::auth {
namespace {

// The expected values come from the hkdfSync of Node.js. They must never change: processes of two versions share a key.
TEST(LinkKey, is_what_an_independent_implementation_derives) {
  const LinkKey key = derive_link_key(Secret("cluster key for a test"));
  EXPECT_EQ(hex(key.psk), "f3654634aaeb6e3e42b3bd362ae07bebdcf4f9aee68ed5ae12a2d435b41b32e4");
  EXPECT_EQ(key.identity, "wscluster/7ccd840b");
}

TEST(LinkKey, the_operator_key_is_another_one) {
  EXPECT_EQ(derive_operator_key(Secret("cluster key for a test")).reveal(),
            "d2e3ccc80025401ed2611c6be6f0036390c7ab62a03e5ae308249596ae696bcc");
}

TEST(LinkKey, another_cluster_key_gives_another_key_and_identity) {
  const LinkKey one = derive_link_key(Secret("one"));
  const LinkKey two = derive_link_key(Secret("two"));
  EXPECT_NE(one.psk, two.psk);
  EXPECT_NE(one.identity, two.identity);
}

TEST(LinkKey, nothing_is_derived_from_an_empty_key) {
  EXPECT_THROW(static_cast<void>(derive_link_key(Secret())), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(derive_operator_key(Secret())), std::invalid_argument);
}

}  // namespace
}  // namespace wscluster::auth
