// SPDX-License-Identifier: MIT
#include "protocol/relay.hpp"

#include <gtest/gtest.h>

namespace wscluster::protocol {
namespace {

TEST(Relay, a_request_is_read_with_any_data) {
  const auto request = parse_relay(R"({"to":"bob","data":{"a":[1,"x"]},"id":7,"more":true})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->to, "bob");
  EXPECT_EQ(request->data, R"({"a":[1,"x"]})");
  EXPECT_EQ(request->id, "7");
  EXPECT_EQ(parse_relay(R"({"to":"bob","data":null})")->data, "null");
  EXPECT_EQ(parse_relay(R"({"to":"bob","data":1,"id":"q\"x"})")->id, R"("q\"x")");
}

TEST(Relay, data_and_id_stay_exactly_as_they_were_written) {
  const auto data = [](const std::string& text) {
    const auto request =
        parse_relay(R"( { "x" : [ "}" , {"data":0} ] , "data" : )" + text + R"( , "to":"bob" , "id" : 1.50 } )");
    EXPECT_TRUE(request) << text;
    EXPECT_EQ(request->id, "1.50");
    return request->data;
  };
  for (const char* text : {"0.12345678901234567890123", "1e400", "-0", "\"a\\\"}b\"", "[1, {\"a\": \"]\"} ]", "null",
                           "{}", "\"\\u00e9\""}) {
    EXPECT_EQ(data(text), text);
  }
  EXPECT_EQ(parse_relay(R"({"to":"b","data":1,"data":2})")->data, "2");
  EXPECT_FALSE(parse_relay(R"({"to":"b","d\u0061ta":1})"));
}

TEST(Relay, a_wrong_request_is_answered_with_its_reason) {
  const auto message = [](std::string_view text) {
    const auto request = parse_relay(text);
    return request ? std::string("ok") : request.error().message;
  };
  EXPECT_TRUE(message("{").starts_with("not JSON"));
  EXPECT_TRUE(message("[1]").starts_with("not an object"));
  EXPECT_EQ(message(R"({"data":1})"), R"(field "to" must be a string)");
  EXPECT_EQ(message(R"({"to":5,"data":1})"), R"(field "to" must be a string)");
  EXPECT_EQ(message(R"({"to":"bob"})"), R"(field "data" is missing)");
  EXPECT_EQ(message(R"({"to":"","data":1})"), R"(field "to": the uid is empty)");
  EXPECT_EQ(message(R"({"to":"b","data":1,"id":[]})"), R"(field "id" must be a string or a number)");
  EXPECT_TRUE(
      message(R"({"to":"b","data":)" + std::string(100, '[') + std::string(100, ']') + "}").starts_with("not JSON"));
}

TEST(Relay, answers_are_json_with_names_escaped) {
  EXPECT_EQ(
      relay_receipt("7", {"bob", "delivered", 2, "node-1", 42, 0.0031, false}),
      R"({"receipt":{"id":7,"to":"bob","status":"delivered","sessions":2,"node":"node-1","epoch":42,"latency_seconds":0.003100}})");
  EXPECT_EQ(
      rest_receipt({"bob", "offline", 0, "", 1, 0, false}),
      R"({"schema":"wscluster/receipt/v1","to":"bob","status":"offline","sessions":0,"node":null,"epoch":1,"latency_seconds":0.000000,"duplicate":false})");
  EXPECT_TRUE(rest_receipt({"bob", "delivered", 1, "a", 1, 0, true}).ends_with(R"(,"duplicate":true})"));
  EXPECT_EQ(relay_error("invalid", "a\nb"), R"({"error":{"code":"invalid","message":"a\u000ab"}})");
}

}  // namespace
}  // namespace wscluster::protocol
