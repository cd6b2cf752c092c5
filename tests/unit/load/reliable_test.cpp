// SPDX-License-Identifier: MIT
#include "load/reliable.hpp"

#include <gtest/gtest.h>

namespace wscluster::load {
namespace {

using Order = ReliableSession::Order;
using Type = ServerFrame::Type;

ServerFrame parse(std::string_view payload) {
  const auto frame = parse_server_frame(payload);
  EXPECT_TRUE(frame) << payload;
  return frame.value_or(ServerFrame{});
}

TEST(ServerFrame, reads_what_begins_a_session) {
  const auto frame =
      parse(R"({"type":"system","event":"connected","userId":"alice","connectionId":"c0","reconnectionToken":"t0"})");
  EXPECT_EQ(frame.type, Type::connected);
  EXPECT_EQ(frame.connection_id, "c0");
  EXPECT_EQ(frame.reconnection_token, "t0");
  EXPECT_EQ(parse(R"({"type":"system","event":"disconnected","message":"bye"})").type, Type::disconnected);
}

TEST(ServerFrame, reads_acks_and_takes_a_duplicate_for_executed) {
  EXPECT_TRUE(parse(R"({"type":"ack","ackId":7,"success":true})").is_executed);
  const auto duplicate =
      parse(R"({"type":"ack","ackId":8,"success":false,"error":{"name":"Duplicate","message":"again"}})");
  EXPECT_EQ(duplicate.ack_id, 8U);
  EXPECT_TRUE(duplicate.is_executed);
  const auto refused = parse(R"({"type":"ack","ackId":9,"success":false,"error":{"name":"Forbidden","message":"no"}})");
  EXPECT_FALSE(refused.is_executed);
  EXPECT_EQ(refused.error, "Forbidden");
}

TEST(ServerFrame, reads_messages) {
  const auto frame = parse(
      R"({"sequenceId":3,"type":"message","from":"group","group":"g","dataType":"text","data":"hi","fromUserId":"bob"})");
  EXPECT_EQ(frame.type, Type::message);
  EXPECT_EQ(frame.sequence_id, 3U);
  EXPECT_EQ(frame.data, "hi");
  EXPECT_EQ(frame.from, "bob");
}

TEST(ServerFrame, does_not_trust_the_server) {
  for (const char* payload : {"", "[]", "{", "7", "null"})
    EXPECT_FALSE(parse_server_frame(payload)) << payload;
  EXPECT_EQ(parse("{}").type, Type::unknown);
  EXPECT_EQ(parse(R"({"type":7})").type, Type::unknown);
  EXPECT_EQ(parse(R"({"type":"message","sequenceId":-1,"data":{}})").sequence_id, 0U);
  EXPECT_FALSE(parse(R"({"type":"ack","ackId":"x","success":"true","error":[]})").is_executed);
}

TEST(ClientFrame, is_what_the_protocol_says) {
  std::string text;
  append_join(text, "g", 1);
  EXPECT_EQ(text, R"({"type":"joinGroup","group":"g","ackId":1})");
  text.clear();
  append_publish(text, "g", 2, "hi");
  EXPECT_EQ(text, R"({"type":"sendToGroup","group":"g","ackId":2,"dataType":"text","data":"hi"})");
  text.clear();
  append_sequence_ack(text, 9);
  EXPECT_EQ(text, R"({"type":"sequenceAck","sequenceId":9})");
}

TEST(ReliableSession, tells_replays_and_gaps_also_after_a_recovery) {
  ReliableSession session;
  EXPECT_FALSE(session.exists());
  session.begin("c", "t0");
  EXPECT_EQ(session.take(1), Order::next);
  EXPECT_EQ(session.take(2), Order::next);
  session.begin("c", "t1");
  EXPECT_EQ(session.reconnection_token(), "t1");
  EXPECT_EQ(session.take(2), Order::replayed);
  EXPECT_EQ(session.take(4), Order::gap);
  EXPECT_EQ(session.take(3), Order::replayed);
  EXPECT_EQ(session.unacknowledged(), 4U);
  EXPECT_EQ(session.acknowledge(), 4U);
  EXPECT_EQ(session.unacknowledged(), 0U);
}

TEST(ReliableSession, counts_anew_in_another_session) {
  ReliableSession session;
  session.begin("c", "t");
  EXPECT_EQ(session.take(1), Order::next);
  session.begin("d", "t");
  EXPECT_EQ(session.take(1), Order::next);
  session.forget();
  EXPECT_FALSE(session.exists());
  session.begin("d", "t");
  EXPECT_EQ(session.take(1), Order::next);
}

}  // namespace
}  // namespace wscluster::load
