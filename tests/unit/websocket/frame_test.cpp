// SPDX-License-Identifier: MIT
#include "websocket/frame.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>
#include <string>

namespace wscluster::websocket {
namespace {

using namespace std::string_literals;

std::string frame(Opcode opcode, bool fin, std::string_view payload) {
  std::string out;
  append_frame(out, opcode, fin, payload);
  return out;
}

/// A mask whose bytes on the wire are these four.
std::uint32_t mask_of(const char (&bytes)[5]) {
  std::uint32_t mask = 0;
  std::copy_n(bytes, 4, reinterpret_cast<char*>(&mask));
  return mask;
}

TEST(Frame, the_examples_of_the_rfc_come_out_byte_by_byte) {
  EXPECT_EQ(frame(Opcode::text, true, "Hello"), "\x81\x05Hello");
  EXPECT_EQ(frame(Opcode::text, false, "Hel"), "\x01\x03Hel");
  EXPECT_EQ(frame(Opcode::continuation, true, "lo"), "\x80\x02lo");
  EXPECT_EQ(frame(Opcode::ping, true, "Hello"), "\x89\x05Hello");
  std::string masked;
  append_masked_frame(masked, Opcode::text, true, "Hello", mask_of("\x37\xfa\x21\x3d"));
  EXPECT_EQ(masked, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

TEST(Frame, the_length_takes_the_shortest_form) {
  EXPECT_EQ(frame(Opcode::binary, true, std::string(125, 'x')).substr(0, 2), "\x82\x7D");
  EXPECT_EQ(frame(Opcode::binary, true, std::string(126, 'x')).substr(0, 4), "\x82\x7E\x00\x7E"s);
  EXPECT_EQ(frame(Opcode::binary, true, std::string(65535, 'x')).substr(0, 4), "\x82\x7E\xFF\xFF"s);
  EXPECT_EQ(frame(Opcode::binary, true, std::string(65536, 'x')).substr(0, 10), "\x82\x7F\0\0\0\0\0\x01\0\0"s);
}

TEST(Frame, a_header_alone_is_the_beginning_of_the_whole_frame) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U, 100000U}) {
    std::string header;
    append_frame_header(header, Opcode::text, true, size);
    const std::string payload(size, 'p');
    EXPECT_EQ(header + payload, frame(Opcode::text, true, payload)) << size;
  }
}

TEST(Frame, frames_are_appended_to_what_is_there) {
  std::string out = "before";
  append_frame(out, Opcode::text, true, "a");
  append_masked_frame(out, Opcode::text, true, "a", mask_of("\x01\x02\x03\x04"));
  append_close(out, CloseCode::normal, "");
  EXPECT_EQ(out,
            "before\x81\x01"
            "a\x81\x81\x01\x02\x03\x04"
            "`\x88\x02\x03\xE8");
}

TEST(Frame, masking_twice_is_identity_for_every_length_and_cut) {
  const std::uint32_t mask = mask_of("\x01\x80\xFF\x7E");
  for (std::size_t size = 0; size < 70; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i)
      text.push_back(static_cast<char>(i * 7));
    std::string expected = text;
    for (std::size_t i = 0; i < size; ++i)
      expected[i] = static_cast<char>(expected[i] ^ "\x01\x80\xFF\x7E"[i % 4]);
    for (std::size_t cut = 0; cut <= size; ++cut) {
      std::string masked = text;
      const std::uint32_t turned = apply_mask(std::span(masked).first(cut), mask);
      apply_mask(std::span(masked).subspan(cut), turned);
      ASSERT_EQ(masked, expected) << size << " " << cut;
    }
  }
}

TEST(Frame, close_carries_code_and_reason) {
  std::string out;
  append_close(out, CloseCode::service_restart, "epoch=43 after=1250ms");
  EXPECT_EQ(out,
            "\x88\x17\x03\xF4"
            "epoch=43 after=1250ms");
  std::string masked;
  append_close(masked, CloseCode::normal, "", mask_of("\x01\x01\x01\x01"));
  EXPECT_EQ(masked, "\x88\x82\x01\x01\x01\x01\x02\xE9");
}

TEST(Frame, P0_23_a_code_that_may_not_be_sent_makes_a_close_without_a_body) {
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{0, 999, 1005, 1006, 1015, 5000}) {
    std::string out;
    append_close(out, code, "ignored");
    EXPECT_EQ(out, "\x88\0"s) << code;
  }
}

TEST(Frame, a_long_close_reason_is_cut_between_characters) {
  for (std::size_t letters = 119; letters <= 124; ++letters) {
    std::string out;
    append_close(out, CloseCode::going_away, std::string(letters, 'a') + "\xF0\x9F\x98\x80 and more");
    const std::string_view reason = std::string_view(out).substr(4);
    EXPECT_LE(reason.size(), max_close_reason_bytes);
    EXPECT_EQ(static_cast<std::size_t>(out[1]), reason.size() + 2);
    EXPECT_TRUE(is_valid_utf8(reason)) << letters;
    EXPECT_EQ(reason.size(), letters == 119 ? 123 : std::min<std::size_t>(letters, 123)) << letters;
  }
}

TEST(CloseCode, P0_23_only_the_codes_of_the_registry_and_the_applications_are_valid) {
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    const bool valid =
        (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    ASSERT_EQ(is_valid_close_code(static_cast<std::uint16_t>(code)), valid) << code;
  }
}

}  // namespace
}  // namespace wscluster::websocket
