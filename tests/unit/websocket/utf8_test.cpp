// SPDX-License-Identifier: MIT
#include "websocket/utf8.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>
#include <random>
#include <string>

namespace wscluster::websocket {
namespace {

bool is_valid(std::string_view text, std::size_t piece_bytes) {
  Utf8Check check;
  for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
    if (!check.feed(text.substr(at, piece_bytes))) return false;
  }
  return check.is_complete();
}

std::string encode(std::uint32_t code) {
  const auto tail = [code](unsigned shift) { return static_cast<char>(0x80U | (code >> shift & 0x3FU)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0U | code >> 6U), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0U | code >> 12U), tail(6), tail(0)};
  return {static_cast<char>(0xF0U | code >> 18U), tail(12), tail(6), tail(0)};
}

TEST(Utf8, accepts_every_code_point_and_refuses_surrogates_and_beyond) {
  for (std::uint32_t code = 0; code < 0x120000; ++code) {
    const bool exists = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    ASSERT_EQ(is_valid(encode(code), 1), exists) << code;
    ASSERT_EQ(is_valid(encode(code), 4), exists) << code;
  }
}

TEST(Utf8, refuses_broken_sequences) {
  for (const std::string_view text : {"\x80",
                                      "\xBF",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xE0\x80\x80",
                                      "\xE0\x9F\xBF",
                                      "\xF0\x80\x80\x80",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFE",
                                      "\xFF",
                                      "\xC3(",
                                      "\xE2\x82(",
                                      "\xF0\x9F\x98(",
                                      "\xC3",
                                      "\xE2\x82",
                                      "\xF0\x9F\x98",
                                      "\xED\xA0\x80",
                                      "\xF8\x88\x80\x80\x80"}) {
    for (std::size_t piece = 1; piece <= 5; ++piece)
      EXPECT_FALSE(is_valid(text, piece)) << testing::PrintToString(text);
    EXPECT_FALSE(is_valid("twenty ascii letters" + std::string(text), 64));
    EXPECT_FALSE(is_valid(std::string(text) + "twenty ascii letters", 64));
  }
}

TEST(Utf8, fails_at_the_first_impossible_byte) {
  Utf8Check surrogate;
  EXPECT_TRUE(surrogate.feed("ok \xED"));
  EXPECT_FALSE(surrogate.feed("\xA0"));
  Utf8Check beyond;
  EXPECT_TRUE(beyond.feed("\xF4"));
  EXPECT_FALSE(beyond.feed("\x90"));
  Utf8Check shorter_form;
  EXPECT_FALSE(shorter_form.feed("\xC0"));
}

TEST(Utf8, finds_a_bad_byte_at_every_place_of_a_word) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      text[at] = '\xFF';
      ASSERT_FALSE(is_valid(text, size)) << size << " " << at;
    }
  }
}

TEST(Utf8, agrees_with_the_check_of_whole_texts_however_it_is_cut) {
  std::mt19937 random(20261122);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    while (text.size() < random() % 24)
      text += encode(static_cast<std::uint32_t>(random() % (random() % 3 != 0 ? 0x3000U : 0x110000U)));
    if (!text.empty() && random() % 2 == 0) text[random() % text.size()] = static_cast<char>(random());
    ASSERT_EQ(is_valid(text, 1 + random() % 9), is_valid_utf8(text)) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace wscluster::websocket
