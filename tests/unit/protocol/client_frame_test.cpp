// SPDX-License-Identifier: MIT
#include "protocol/client_frame.hpp"

#include <gtest/gtest.h>
#include <cstdlib>
#include <string>

#include "../../counting_new.hpp"

namespace wscluster::protocol {
namespace {

using Kind = ClientFrame::Kind;

class ClientFrames : public testing::Test {
 protected:
  ClientFrame read(std::string_view text) {
    auto frame = parser.parse(text);
    EXPECT_TRUE(frame) << text << ": " << (frame ? "" : frame.error().what);
    return frame ? *frame : ClientFrame{};
  }
  FrameFault fault(std::string_view text) {
    auto frame = parser.parse(text);
    EXPECT_FALSE(frame) << text;
    return frame ? FrameFault{} : frame.error();
  }
  std::string what(std::string_view text) {
    const FrameFault found = fault(text);
    return std::to_string(found.at) + ": " + found.what;
  }

  ClientFrameParser parser;
};

// The frames of PROTOCOL.md B.3.

TEST_F(ClientFrames, join_and_leave) {
  const ClientFrame join = read(R"({"type":"joinGroup","group":"g1","ackId":1})");
  EXPECT_EQ(join.kind, Kind::join_group);
  EXPECT_EQ(join.group, "g1");
  EXPECT_EQ(join.ack_id, 1U);
  const ClientFrame leave = read(R"({"type":"leaveGroup","group":"g1","ackId":6})");
  EXPECT_EQ(leave.kind, Kind::leave_group);
  EXPECT_EQ(leave.ack_id, 6U);
  EXPECT_FALSE(read(R"({"type":"joinGroup","group":"g1"})").ack_id);
}

TEST_F(ClientFrames, send_to_group) {
  const ClientFrame json =
      read(R"({"type":"sendToGroup","group":"g1","ackId":2,"dataType":"json","data":{"a":1},"noEcho":false})");
  EXPECT_EQ(json.kind, Kind::send_to_group);
  EXPECT_EQ(json.group, "g1");
  EXPECT_EQ(json.data_type, DataType::json);
  EXPECT_EQ(json.data, R"({"a":1})");
  EXPECT_FALSE(json.no_echo);
  const ClientFrame text = read(R"({"type":"sendToGroup","group":"g1","dataType":"text","data":"ff","noEcho":true})");
  EXPECT_FALSE(text.ack_id);
  EXPECT_EQ(text.data_type, DataType::text);
  EXPECT_EQ(text.data, R"("ff")");
  EXPECT_TRUE(text.no_echo);
}

TEST_F(ClientFrames, event_sequence_ack_and_ping) {
  const ClientFrame event = read(R"({"type":"event","event":"ev1","ackId":5,"dataType":"json","data":{"x":1}})");
  EXPECT_EQ(event.kind, Kind::event);
  EXPECT_EQ(event.event, "ev1");
  EXPECT_EQ(event.data, R"({"x":1})");
  const ClientFrame ack = read(R"({"type":"sequenceAck","sequenceId":7})");
  EXPECT_EQ(ack.kind, Kind::sequence_ack);
  EXPECT_EQ(ack.sequence_id, 7U);
  EXPECT_EQ(read(R"({"type":"ping"})").kind, Kind::ping);
}

TEST_F(ClientFrames, types_of_the_preview_are_known_as_not_supported) {
  for (const char* type : {"invoke", "cancelInvocation", "streamData", "streamEnd", "setGroupState",
                           "subscribeGroupState", "unsubscribeGroupState", "somethingOfTomorrow"}) {
    const ClientFrame frame = read(R"({"ackId":9,"group":7,"type":")" + std::string(type) + R"("})");
    EXPECT_EQ(frame.kind, Kind::unsupported) << type;
    EXPECT_EQ(frame.ack_id, 9U);
  }
  EXPECT_FALSE(read(R"({"type":"invoke"})").ack_id);
  EXPECT_EQ(read(R"({"type":"sendToGroup","group":"g","ackId":3,"stream":{"streamId":"s"}})").kind, Kind::unsupported);
  EXPECT_EQ(read(R"({"type":"sendToGroup","group":"g","data":1,"stream":null})").kind, Kind::send_to_group);
}

TEST_F(ClientFrames, order_is_free_and_what_is_unknown_is_skipped) {
  const ClientFrame frame = read(
      R"( { "x" : [ {"type":"ping"}, "]}" ] , "data" : [1, {"b" : "}"} ] , "noEcho" : true ,"group":"g","y":null,"ackId" : 3,"type" : "sendToGroup" } )");
  EXPECT_EQ(frame.kind, Kind::send_to_group);
  EXPECT_EQ(frame.data, R"([1, {"b" : "}"} ])");
  EXPECT_EQ(frame.ack_id, 3U);
  EXPECT_TRUE(frame.no_echo);
  EXPECT_EQ(frame.data_type, DataType::json) << "the default";
}

TEST_F(ClientFrames, of_a_field_that_stands_twice_the_last_one_counts) {
  const ClientFrame frame =
      read(R"({"type":"ping","group":5,"ackId":"x","type":"joinGroup","ackId":4,"group":"first","group":"last"})");
  EXPECT_EQ(frame.kind, Kind::join_group);
  EXPECT_EQ(frame.group, "last");
  EXPECT_EQ(frame.ack_id, 4U);
  EXPECT_EQ(fault(R"({"type":"joinGroup","group":"g","group":5})").kind, FrameFault::Kind::bad_field);
}

TEST_F(ClientFrames, null_in_an_optional_field_is_like_none) {
  const ClientFrame frame =
      read(R"({"type":"sendToGroup","group":"g","ackId":null,"dataType":null,"noEcho":null,"data":null})");
  EXPECT_FALSE(frame.ack_id);
  EXPECT_EQ(frame.data_type, DataType::json);
  EXPECT_EQ(frame.data, "null");
  EXPECT_EQ(what(R"({"type":"joinGroup","group":null})"), R"(28: field "group" is missing)");
}

TEST_F(ClientFrames, escapes_in_names_and_values_are_read) {
  const ClientFrame frame = read(
      R"({"t\u0079pe":"send\u0054oGroup","\u0067roup":"caf\u00e9 \"\ud83d\ude00\"","dat\u0061Type":"te\u0078t","data":"\u0041"})");
  EXPECT_EQ(frame.kind, Kind::send_to_group);
  EXPECT_EQ(frame.group, "caf\xc3\xa9 \"\xf0\x9f\x98\x80\"");
  EXPECT_EQ(frame.data_type, DataType::text);
  EXPECT_EQ(frame.data, R"("\u0041")") << "data stays as it was written";
  EXPECT_EQ(read(R"({"type":"joinGroup","group":"user:b\u006fb"})").group, "user:bob");
}

TEST_F(ClientFrames, data_fits_its_type) {
  const auto send = [](const std::string& type, const std::string& data) {
    return R"({"type":"sendToGroup","group":"g","dataType":")" + type + R"(","data":)" + data + "}";
  };
  for (const char* any : {"null", "1.50", "\"s\"", "[]", "true"})
    EXPECT_EQ(read(send("json", any)).data, any);
  for (const std::string& type : {std::string("binary"), std::string("protobuf")}) {
    for (const char* good : {R"("")", R"("CQg=")", R"("CQ==")", R"("abcd+\/09")", R"("\u002b\u002B==")"})
      EXPECT_EQ(read(send(type, good)).data, good);
    for (const char* bad : {R"("CQg")", R"("C===")", R"("====")", R"("CQ=g")", R"("C Qg")", R"("_-_-")", "1"})
      EXPECT_EQ(fault(send(type, bad)).kind, FrameFault::Kind::bad_field) << bad;
  }
  EXPECT_EQ(what(send("text", "{}")), R"(59: field "data" must be a string, because dataType is text)");
  EXPECT_EQ(what(send("xml", "1")), R"(45: field "dataType" must be json, text, binary or protobuf)");
  EXPECT_EQ(what(R"({"type":"event","event":"e"})"), R"(0: field "data" is missing)");
}

TEST_F(ClientFrames, a_bad_field_is_named_and_the_ack_id_is_known_wherever_it_stands) {
  const FrameFault found = fault(R"({"type":"joinGroup","group":5,"ackId":12})");
  EXPECT_EQ(found.kind, FrameFault::Kind::bad_field);
  EXPECT_EQ(found.ack_id, 12U);
  EXPECT_EQ(found.at, 28U);
  EXPECT_EQ(found.what, R"(field "group" must be a string)");
  EXPECT_EQ(what("{}"), R"(0: field "type" is missing)");
  EXPECT_EQ(what(R"({"type":1})"), R"(8: field "type" must be a string)");
  EXPECT_EQ(what(R"({"type":"joinGroup","group":" "})"),
            R"(28: field "group" is refused: the group's name is nothing but white space)");
  EXPECT_EQ(what(R"({"type":"joinGroup","group":")" + std::string(1025, 'g') + R"("})"),
            R"(28: field "group" is refused: the group's name has more than 1024 characters)");
  EXPECT_EQ(what(R"({"type":"event","event":"","data":1})").substr(0, 30), R"(24: field "event" is refused: )");
  EXPECT_EQ(what(R"({"type":"sendToGroup","group":"g","data":1,"noEcho":1})"),
            R"(52: field "noEcho" must be true or false)");
  EXPECT_EQ(what(R"({"type":"sequenceAck"})"), R"(0: field "sequenceId" is missing)");
}

TEST_F(ClientFrames, numbers_are_whole_and_have_64_bits) {
  EXPECT_EQ(read(R"({"type":"ping","ackId":18446744073709551615})").ack_id, UINT64_MAX);
  EXPECT_EQ(read(R"({"type":"ping","ackId":0})").ack_id, 0U);
  for (const char* bad : {"18446744073709551616", "-1", "1.0", "1e3", "\"1\"", "true", "[1]"}) {
    const FrameFault found = fault(R"({"type":"ping","ackId":)" + std::string(bad) + "}");
    EXPECT_EQ(found.what, R"(field "ackId" must be a whole number from 0 to 18446744073709551615)") << bad;
    EXPECT_FALSE(found.ack_id);
    EXPECT_FALSE(parser.parse(R"({"type":"sequenceAck","sequenceId":)" + std::string(bad) + "}")) << bad;
  }
}

TEST_F(ClientFrames, what_is_no_json_object_is_refused_with_its_place) {
  EXPECT_EQ(what(""), "0: an object is expected");
  EXPECT_EQ(what(R"([{"type":"ping"}])"), "0: an object is expected");
  EXPECT_EQ(what(R"({"type":"ping"} {})"), "16: something follows behind the value");
  EXPECT_EQ(what(R"({"type":"ping",)"), "15: a name in quotes is expected");
  EXPECT_EQ(fault(R"({"type":"ping","ackId":1)").kind, FrameFault::Kind::not_json);
  EXPECT_FALSE(fault(R"({"type":"ping","ackId":1)").ack_id) << "who writes no JSON is not answered";
}

TEST_F(ClientFrames, lone_surrogates_are_refused_everywhere) {
  for (const char* text : {R"({"type":"joinGroup","group":"\ud800"})", R"({"type":"ping","x":{"y":["\udc00"]}})",
                           R"({"type":"ping","\ud800":1})", R"({"type":"event","event":"e","data":"\ud800\n"})"}) {
    EXPECT_EQ(fault(text).kind, FrameFault::Kind::lone_surrogate) << text;
  }
}

TEST_F(ClientFrames, depth_is_limited) {
  const auto send = [](unsigned depth) {
    return R"({"type":"sendToGroup","group":"g","data":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') +
           "}";
  };
  EXPECT_EQ(read(send(max_frame_depth)).kind, Kind::send_to_group);
  EXPECT_EQ(fault(send(max_frame_depth + 1)).kind, FrameFault::Kind::too_deep);
  EXPECT_EQ(fault(send(100'000)).kind, FrameFault::Kind::too_deep);
}

TEST_F(ClientFrames, nothing_is_allocated_once_there_is_room_for_escaped_texts) {
  const std::string plain = R"({"type":"sendToGroup","group":"a group with a long name","ackId":2,"dataType":"json",)"
                            R"("data":{"a":[1,2,3],"text":"twenty and more bytes"},"noEcho":false})";
  const std::string escaped =
      R"({"type":"joinGroup","\u0067roup":"a group \u0077ith a name of more than sixteen bytes","ackId":2})";
  EXPECT_EQ(read(escaped).kind, Kind::join_group);
  const std::size_t before = allocations;
  bool is_good = true;
  for (int i = 0; i < 100; ++i)
    is_good = is_good && parser.parse(plain).has_value() && parser.parse(escaped).has_value();
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(is_good);
  static_cast<void>(parser.parse("{"));
  EXPECT_GT(allocations, before) << "what goes wrong is counted";
}

}  // namespace
}  // namespace wscluster::protocol
