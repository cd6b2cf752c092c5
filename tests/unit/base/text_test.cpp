// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace wscluster {
namespace {

TEST(Text, base64url_round_trip) {
  for (const std::string bytes : {"", "f", "fo", "foo", "foob", "\xff\xfe"}) {
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
  }
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_FALSE(base64url_decode("a"));
  EXPECT_FALSE(base64url_decode("+/"));
}

TEST(Text, utf8_as_in_rfc_3629) {
  EXPECT_TRUE(is_valid_utf8("plain"));
  EXPECT_TRUE(is_valid_utf8("\xf0\x9f\x98\x80"));
  for (const char* bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xff"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
}

TEST(Text, json_strings_are_escaped_wherever_the_mark_stands) {
  // Eight bytes are looked at together: every place within them, and behind them.
  for (std::size_t before = 0; before < 20; ++before) {
    for (const auto& [mark, escaped] : {std::pair<char, const char*>{'"', "\\\""},
                                        {'\\', "\\\\"},
                                        {'\0', "\\u0000"},
                                        {'\x1f', "\\u001f"},
                                        {' ', " "},
                                        {'\x7f', "\x7f"},
                                        {'\xff', "\xff"}}) {
      const std::string text = std::string(before, 'a') + mark + mark + "\xc3\xa9 behind it";
      std::string out = "x";
      append_json_string(out, text);
      EXPECT_EQ(out, "x\"" + std::string(before, 'a') + escaped + escaped + "\xc3\xa9 behind it\"");
      EXPECT_EQ(plain_json_length(text), escaped[0] == '\\' ? before : text.size());
    }
  }
}

TEST(Text, percent_decoding) {
  EXPECT_EQ(percent_decode("a%2Fb%20c"), "a/b c");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_FALSE(percent_decode("%2"));
  EXPECT_FALSE(percent_decode("%zz"));
  EXPECT_EQ(percent_encode("a/b c\xc3\xa9"), "a%2Fb%20c%C3%A9");
}

TEST(Text, closest_match_suggests_only_what_is_near) {
  EXPECT_EQ(closest_match("max_sesions", {"max_sessions", "rate"}), "max_sessions");
  EXPECT_EQ(closest_match("rign", {"ring", "send"}), "ring");
  EXPECT_EQ(closest_match("zebra", {"max_sessions", "rate"}), "");
}

TEST(Text, hex) {
  EXPECT_EQ(to_hex(0x8c1f), "0000000000008c1f");
  EXPECT_EQ(parse_hex("8c1f"), 0x8c1fU);
  EXPECT_FALSE(parse_hex("xyz"));
}

}  // namespace
}  // namespace wscluster
