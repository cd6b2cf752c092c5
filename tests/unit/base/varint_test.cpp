// SPDX-License-Identifier: MIT
#include "base/varint.hpp"

#include <gtest/gtest.h>
#include <cstdint>

namespace wscluster {
namespace {

TEST(Varint, numbers_and_texts_come_back_in_their_order) {
  std::string bytes;
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, UINT64_MAX})
    append_varint(bytes, value);
  append_sized(bytes, "text");
  append_sized(bytes, "");
  EXPECT_EQ(bytes.size(), 1U + 1 + 2 + 10 + 5 + 1);

  std::string_view rest = bytes;
  EXPECT_EQ(take_varint(rest), 0U);
  EXPECT_EQ(take_varint(rest), 127U);
  EXPECT_EQ(take_varint(rest), 128U);
  EXPECT_EQ(take_varint(rest), UINT64_MAX);
  EXPECT_EQ(take_sized(rest), "text");
  EXPECT_EQ(take_sized(rest), "");
  EXPECT_TRUE(rest.empty());
  EXPECT_FALSE(take_varint(rest));
}

TEST(Varint, what_is_cut_off_or_too_large_is_refused) {
  for (const std::string& bytes :
       {std::string("\x80"), std::string(10, '\xFF'), std::string(9, '\xFF') + "\x02", std::string("\x05") + "four"}) {
    std::string_view rest = bytes;
    EXPECT_FALSE(take_sized(rest));
  }
}

}  // namespace
}  // namespace wscluster
