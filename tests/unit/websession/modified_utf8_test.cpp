// SPDX-License-Identifier: MIT
#include "websession/modified_utf8.hpp"

#include <gtest/gtest.h>

namespace wscluster::websession {
namespace {

using namespace std::string_literals;

TEST(ModifiedUtf8, becomes_utf8) {
  EXPECT_EQ(decode_modified_utf8("alice"), "alice");
  EXPECT_EQ(decode_modified_utf8(""), "");
  EXPECT_EQ(decode_modified_utf8("\xc0\x80"), "\0"s);
  EXPECT_EQ(decode_modified_utf8("\xc3\xa9\xe2\x82\xac"), "é€");
  EXPECT_EQ(decode_modified_utf8("\xed\xa0\xbd\xed\xb8\x80"), "😀") << "a pair of surrogates";
}

TEST(ModifiedUtf8, what_java_never_writes_is_refused) {
  for (const char* bad : {"\xc1\x81", "\xe0\x81\x81", "\xf0\x9f\x98\x80", "\x80", "\xc3", "\xe2\x82", "a\xff"})
    EXPECT_FALSE(decode_modified_utf8(bad)) << bad;
}

TEST(ModifiedUtf8, half_a_pair_is_refused) {
  for (const char* bad : {"a\xed\xa0\xbd", "\xed\xa0\xbdz", "\xed\xb8\x80", "\xed\xa0\xbd\xed\xa0\xbd"})
    EXPECT_FALSE(decode_modified_utf8(bad)) << bad;
}

}  // namespace
}  // namespace wscluster::websession
