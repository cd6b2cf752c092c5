// SPDX-License-Identifier: MIT
#include "wire/codec.hpp"

#include <gtest/gtest.h>
#include <random>

namespace wscluster::wire {
namespace {

Frame round_trip(const Frame& frame, const std::string& bytes) {
  Raw raw;
  EXPECT_EQ(cut(bytes, 1U << 20U, raw), CutStatus::ok);
  EXPECT_EQ(raw.size, bytes.size());
  auto decoded = decode(raw);
  EXPECT_TRUE(decoded);
  EXPECT_EQ(decoded->index(), frame.index());
  return *decoded;
}

TEST(Wire, a_hello_comes_back_with_its_list) {
  Hello hello;
  hello.cluster = "chat";
  hello.name = "node-1";
  hello.incarnation = 0xFEDCBA9876543210U;
  hello.is_gateway = true;
  hello.shards = 3;
  hello.epochs = {{"chat", 42, "abc"}, {"game", 7, ""}};
  std::string bytes;
  append(bytes, hello, 2);
  const auto back = std::get<Hello>(round_trip(hello, bytes));
  EXPECT_EQ(back.cluster, "chat");
  EXPECT_EQ(back.incarnation, hello.incarnation);
  EXPECT_TRUE(back.is_gateway);
  EXPECT_EQ(back.shards, 3U);
  ASSERT_EQ(back.epochs.size(), 2U);
  EXPECT_EQ(back.epochs[0].service, "chat");
  EXPECT_EQ(back.epochs[0].epoch, 42U);
  EXPECT_EQ(back.epochs[1].digest, "");
}

TEST(Wire, message_and_header_come_back) {
  Message message;
  message.service = "chat";
  message.uid = "bob";
  message.origin = 99;
  message.counter = 1000;
  message.after = 999;
  message.wait = Wait::queued;
  message.is_binary = true;
  message.payload = std::string_view("\0\xff", 2);
  std::string bytes;
  append(bytes, message, 3);
  Raw raw;
  ASSERT_EQ(cut(bytes, 1000, raw), CutStatus::ok);
  EXPECT_EQ(raw.to, 3);
  const auto back = std::get<Message>(round_trip(message, bytes));
  EXPECT_EQ(back.uid, "bob");
  EXPECT_EQ(back.counter, 1000U);
  EXPECT_EQ(back.wait, Wait::queued);
  EXPECT_TRUE(back.is_binary);
  EXPECT_EQ(back.payload, message.payload);
}

TEST(Wire, what_is_not_sent_is_zero) {
  std::string bytes;
  append(bytes, Message{});
  EXPECT_EQ(bytes.size(), header_bytes);
  const auto message = std::get<Message>(round_trip(Message{}, bytes));
  EXPECT_EQ(message.wait, Wait::none);
  bytes.clear();
  append(bytes, Hello{});
  EXPECT_EQ(bytes.size(), header_bytes);
  bytes.clear();
  append(bytes, Close{});
  EXPECT_EQ(bytes.size(), header_bytes);
}

TEST(Wire, a_frame_cut_anywhere_is_incomplete) {
  std::string bytes;
  append(bytes, Down{1, 2, false, true, 3, "payload"});
  Raw raw;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_EQ(cut(std::string_view(bytes).substr(0, n), 1000, raw), CutStatus::incomplete) << n;
  }
}

TEST(Wire, a_frame_over_the_limit_is_refused_by_its_header) {
  std::string bytes;
  append(bytes, Down{1, 2, false, false, 3, std::string(2000, 'x')});
  Raw raw;
  EXPECT_EQ(cut(std::string_view(bytes).substr(0, 4), 1000, raw), CutStatus::too_large);
  EXPECT_EQ(cut(std::string_view("\0\0\0\0", 4), 1000, raw), CutStatus::too_large);
}

TEST(Wire, unknown_fields_are_skipped_and_unknown_types_named) {
  std::string bytes;
  append(bytes, Settled{"chat", 5, 6});
  bytes += std::string("\x7c\x05", 2);                // field 31, varint 5
  bytes += std::string("\x7e\x02zz", 4);              // field 31, bytes
  bytes += std::string("\x7d\1\2\3\4\5\6\7\x08", 9);  // field 31, fixed
  bytes[0] = static_cast<char>(bytes.size() - 4);
  const auto back = std::get<Settled>(round_trip(Settled{}, bytes));
  EXPECT_EQ(back.service, "chat");
  EXPECT_EQ(back.counter, 6U);
  const auto unknown = decode(Raw{static_cast<FrameType>(200), 0, "", 0});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::not_found);
}

TEST(Wire, broken_fields_are_refused) {
  for (const std::string& body :
       {std::string("\x80"), std::string("\x06\x05zz"), std::string("\x01\x01"), std::string("\x03"),
        std::string("\x00\x00", 2), std::string("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"),
        std::string("\x04\x01")}) {
    EXPECT_FALSE(decode(Raw{FrameType::settled, 0, body, 0})) << testing::PrintToString(body);
  }
}

TEST(Wire, random_bytes_never_crash) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string body(random() % 40, '\0');
    for (auto& c : body)
      c = static_cast<char>(random());
    const auto result = decode(Raw{static_cast<FrameType>(random() % 50), 0, body, 0});
    EXPECT_TRUE(result || !result.error().message.empty());
  }
}

}  // namespace
}  // namespace wscluster::wire
