// SPDX-License-Identifier: MIT
#include "load/stamp.hpp"

#include <gtest/gtest.h>

namespace wscluster::load {
namespace {

constexpr Stamp some_stamp{0xDEADBEEF, 3, 0xFFFFFFFF, 17, 1'234'567'890, 1'234'567'999};

TEST(Stamp, reads_what_it_wrote) {
  std::string text;
  append_payload(text, some_stamp, 128);
  EXPECT_EQ(text.size(), 128U);
  EXPECT_EQ(parse_stamp(text), some_stamp);
}

TEST(Stamp, is_never_cut) {
  std::string text;
  append_payload(text, some_stamp, 1);
  EXPECT_EQ(text.size(), stamp_bytes);
  EXPECT_EQ(parse_stamp(text), some_stamp);
}

TEST(Stamp, is_not_found_in_other_text) {
  std::string text;
  append_payload(text, some_stamp, 64);
  EXPECT_FALSE(parse_stamp(""));
  EXPECT_FALSE(parse_stamp("hello"));
  EXPECT_FALSE(parse_stamp(std::string_view(text).substr(0, stamp_bytes - 1)));
  text[2] = 'z';
  EXPECT_FALSE(parse_stamp(text));
}

}  // namespace
}  // namespace wscluster::load
