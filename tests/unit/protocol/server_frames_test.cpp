// SPDX-License-Identifier: MIT
#include "protocol/server_frames.hpp"

#include <gtest/gtest.h>
#include <string>

namespace wscluster::protocol {
namespace {

template <class R, class... Args>
std::string written(R (*append)(std::string&, Args...), std::type_identity_t<Args>... args) {
  std::string out;
  append(out, args...);
  return out;
}

std::string whole_message(std::uint64_t sequence_id, const std::string& tail) {
  return written(append_message_head, sequence_id) + tail;
}

// The frames of PROTOCOL.md B.2, letter by letter.

TEST(ServerFrames, system_frames_and_pong) {
  EXPECT_EQ(
      written(append_connected, "alice", "c0TegdYdi", "fHRkmngv"),
      R"({"type":"system","event":"connected","userId":"alice","connectionId":"c0TegdYdi","reconnectionToken":"fHRkmngv"})");
  EXPECT_EQ(written(append_connected, "", "c0TegdYdi", ""),
            R"({"type":"system","event":"connected","connectionId":"c0TegdYdi"})");
  EXPECT_EQ(written(append_disconnected, "reason"), R"({"type":"system","event":"disconnected","message":"reason"})");
  EXPECT_EQ(written(append_pong), R"({"type":"pong"})");
}

TEST(ServerFrames, acks) {
  EXPECT_EQ(written(append_ack, 2), R"({"type":"ack","ackId":2,"success":true})");
  EXPECT_EQ(written(append_ack, UINT64_MAX), R"({"type":"ack","ackId":18446744073709551615,"success":true})");
  EXPECT_EQ(written(append_ack_error, 7, AckError::forbidden, "no permission"),
            R"({"type":"ack","ackId":7,"success":false,"error":{"name":"Forbidden","message":"no permission"}})");
  EXPECT_EQ(
      written(append_duplicate, 5),
      R"({"type":"ack","ackId":5,"success":false,"error":{"name":"Duplicate","message":"Message with ack-id: 5 has been processed"}})");
}

TEST(ServerFrames, names_of_ack_errors) {
  EXPECT_EQ(to_string(AckError::bad_request), "BadRequest");
  EXPECT_EQ(to_string(AckError::not_found), "NotFound");
  EXPECT_EQ(to_string(AckError::invocation_failed), "InvocationFailed");
  EXPECT_EQ(to_string(AckError::timeout), "Timeout");
  EXPECT_EQ(to_string(AckError::internal_server_error), "InternalServerError");
}

TEST(ServerFrames, messages_are_a_head_of_each_session_and_a_tail_of_all) {
  const std::string group = written(append_group_tail, "g1", DataType::json, R"({"a":1})", "alice");
  EXPECT_EQ(
      whole_message(1, group),
      R"({"sequenceId":1,"type":"message","from":"group","group":"g1","fromUserId":"alice","dataType":"json","data":{"a":1}})");
  EXPECT_EQ(whole_message(0, group),
            R"({"type":"message","from":"group","group":"g1","fromUserId":"alice","dataType":"json","data":{"a":1}})");
  EXPECT_EQ(whole_message(5, written(append_server_tail, DataType::text, R"("plain")")),
            R"({"sequenceId":5,"type":"message","from":"server","dataType":"text","data":"plain"})");
  EXPECT_EQ(whole_message(6, written(append_server_tail, DataType::binary, R"("CQg=")")),
            R"({"sequenceId":6,"type":"message","from":"server","dataType":"binary","data":"CQg="})");
  EXPECT_EQ(whole_message(7, written(append_group_tail, "g", DataType::protobuf, R"("CQg=")", "")),
            R"({"sequenceId":7,"type":"message","from":"group","group":"g","dataType":"protobuf","data":"CQg="})");
}

TEST(ServerFrames, names_and_texts_are_escaped) {
  EXPECT_EQ(written(append_disconnected, "a\"b\\c\n\x01"),
            R"({"type":"system","event":"disconnected","message":"a\"b\\c\u000a\u0001"})");
  EXPECT_EQ(written(append_group_tail, "g\"", DataType::json, "null", "\xc3\xa9\""),
            R"("type":"message","from":"group","group":"g\"","fromUserId":"é\"","dataType":"json","data":null})");
}

TEST(ServerFrames, bodies_become_data) {
  EXPECT_EQ(written(append_data, DataType::json, "[1, 2]"), "[1, 2]");
  EXPECT_EQ(written(append_data, DataType::text, "a\"\n"), R"("a\"\u000a")");
  EXPECT_EQ(written(append_data, DataType::binary, "\x09\x08"), R"("CQg=")");
  EXPECT_EQ(written(append_data, DataType::protobuf, ""), R"("")");
}

}  // namespace
}  // namespace wscluster::protocol
