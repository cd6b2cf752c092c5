// SPDX-License-Identifier: MIT
#include "protocol/envelope.hpp"

#include <gtest/gtest.h>
#include <string>

#include "protocol/server_frames.hpp"

namespace wscluster::protocol {
namespace {

std::string group_message(DataType type, std::string_view data, std::string_view from = "alice") {
  std::string packed;
  append_group_envelope(packed, "g\"1", type, data, from);
  return packed;
}

std::string bare(const std::string& packed, bool is_binary = false) {
  std::string out;
  EXPECT_EQ(append_bare_data(out, open_envelope(packed).value()), is_binary);
  return out;
}

TEST(Envelope, holds_the_tail_of_the_frame_and_knows_where_its_parts_are) {
  const std::string packed = group_message(DataType::json, R"({"a":1})", "a\"b");
  const auto envelope = open_envelope(packed);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->type, DataType::json);
  EXPECT_EQ(envelope->from, R"("a\"b")");
  EXPECT_EQ(envelope->data, R"({"a":1})");
  std::string frame;
  append_message_head(frame, 7);
  frame += envelope->tail;
  EXPECT_EQ(
      frame,
      R"({"sequenceId":7,"type":"message","from":"group","group":"g\"1","fromUserId":"a\"b","dataType":"json","data":{"a":1}})");
  std::string relayed;
  append_relayed(relayed, *envelope);
  EXPECT_EQ(relayed, R"({"from":"a\"b","data":{"a":1}})");
}

TEST(Envelope, of_an_application_names_nobody) {
  std::string packed;
  append_server_envelope(packed, DataType::text, R"("hi")");
  const auto envelope = open_envelope(packed);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->from, "");
  EXPECT_EQ(envelope->tail, R"("type":"message","from":"server","dataType":"text","data":"hi"})");
}

TEST(Envelope, clients_without_a_subprotocol_get_what_was_meant) {
  EXPECT_EQ(bare(group_message(DataType::json, R"("as it is")")), R"("as it is")");
  EXPECT_EQ(bare(group_message(DataType::text, R"("two\nlines \u00e4")")), "two\nlines \u00e4");
  EXPECT_EQ(bare(group_message(DataType::binary, R"("AP8=")"), true), std::string("\0\xff", 2));
  EXPECT_EQ(bare(group_message(DataType::protobuf, R"("AQ==")"), true), "\x01");
}

TEST(Envelope, what_is_none_is_not_opened) {
  EXPECT_FALSE(open_envelope(""));
  EXPECT_FALSE(open_envelope("hello"));
  const std::string packed = group_message(DataType::json, "1");
  for (std::size_t size = 0; size < packed.size(); ++size) {
    // Cut anywhere it must not point outside of itself.
    const auto envelope = open_envelope(std::string_view(packed).substr(0, size));
    EXPECT_TRUE(!envelope || envelope->data.size() + envelope->from.size() <= size);
  }
  std::string other = packed;
  other[0] = 9;
  EXPECT_FALSE(open_envelope(other));
  for (const std::size_t field : {1U, 5U, 9U}) {
    other = packed;
    other[field + 3] = '\x7f';
    EXPECT_FALSE(open_envelope(other)) << field;
  }
}

}  // namespace
}  // namespace wscluster::protocol
