// SPDX-License-Identifier: MIT
#include "protocol/json_scanner.hpp"

#include <gtest/gtest.h>
#include <string>

namespace wscluster::protocol {
namespace {

using Fault = JsonScanner::Fault;

std::string verdict(std::string_view text, unsigned max_depth = 8) {
  JsonScanner scanner(text, max_depth);
  JsonValue value;
  if (scanner.read_value(value) && scanner.read_end()) return "ok";
  return std::to_string(scanner.position()) + ": " + scanner.what();
}

std::string meaning(std::string_view string_json) {
  JsonScanner scanner(string_json, 1);
  JsonValue value;
  EXPECT_TRUE(scanner.read_value(value)) << string_json;
  std::string out;
  append_unescaped(out, value.content());
  return out;
}

TEST(JsonScanner, values_are_found_as_they_were_written) {
  for (const auto& [text, kind] : {std::pair<const char*, JsonValue::Kind>{"null", JsonValue::Kind::null},
                                   {"true", JsonValue::Kind::boolean},
                                   {"false", JsonValue::Kind::boolean},
                                   {"0", JsonValue::Kind::number},
                                   {"-0.50e+07", JsonValue::Kind::number},
                                   {"1e400", JsonValue::Kind::number},
                                   {R"("a long \"text\" of more than eight bytes")", JsonValue::Kind::string},
                                   {R"({"a" : [1, {"b":"}"} , "]"], "c":{}})", JsonValue::Kind::object},
                                   {"[ [ ] , [ [ ] ] ]", JsonValue::Kind::array}}) {
    const std::string padded = std::string(" \t\r\n") + text + " \n";
    JsonScanner scanner(padded, 8);
    JsonValue value;
    EXPECT_TRUE(scanner.read_value(value) && scanner.read_end()) << text;
    EXPECT_EQ(value.text, text);
    EXPECT_EQ(value.kind, kind) << text;
    EXPECT_EQ(value.at, 4U);
  }
}

TEST(JsonScanner, what_is_no_json_is_refused_with_its_place) {
  EXPECT_EQ(verdict(""), "0: a value is expected");
  EXPECT_EQ(verdict("tru"), "0: a value is expected");
  EXPECT_EQ(verdict("-"), "0: a value is expected");
  EXPECT_EQ(verdict("[1,]"), "3: a value is expected");
  EXPECT_EQ(verdict("'a'"), "0: a value is expected");
  EXPECT_EQ(verdict("01"), "1: something follows behind the value");
  EXPECT_EQ(verdict("{} {}"), "3: something follows behind the value");
  EXPECT_EQ(verdict("1."), "2: a digit is expected behind the point");
  EXPECT_EQ(verdict("1e+"), "3: a digit is expected in the exponent");
  EXPECT_EQ(verdict("[1 2]"), "3: ',' or ']' is expected");
  EXPECT_EQ(verdict(R"({"a":1 "b":2})"), "7: ',' or '}' is expected");
  EXPECT_EQ(verdict(R"({"a":1,})"), "7: a name in quotes is expected");
  EXPECT_EQ(verdict("{a:1}"), "1: a name in quotes is expected");
  EXPECT_EQ(verdict(R"({"a" 1})"), "5: ':' is expected");
  EXPECT_EQ(verdict(R"("never ends)"), "11: a string does not end");
  EXPECT_EQ(verdict(R"("\)"), "2: a backslash is followed by none of the escapes of JSON");
  EXPECT_EQ(verdict(R"("\x")"), "2: a backslash is followed by none of the escapes of JSON");
  EXPECT_EQ(verdict(R"("\u12g4")"), "5: a backslash is followed by none of the escapes of JSON");
  EXPECT_EQ(verdict("\"12345678\n\""), "9: a string contains a control character");
  EXPECT_EQ(verdict(std::string_view("1\0", 2)), "1: something follows behind the value");
}

TEST(JsonScanner, half_of_a_surrogate_pair_is_refused) {
  EXPECT_EQ(verdict(R"("\ud83d\ude00")"), "ok");
  for (const char* text : {R"("\ud83d")", R"("\ude00")", R"("\ud83d\u0041")", R"("\ud83dx")", R"("\ud83d\n")",
                           R"("\ud83d\ud83d")", R"("\uDBFF")"}) {
    JsonScanner scanner(text, 1);
    JsonValue value;
    EXPECT_FALSE(scanner.read_value(value)) << text;
    EXPECT_EQ(scanner.fault(), Fault::lone_surrogate) << text;
    EXPECT_EQ(scanner.position(), 1U);
  }
}

TEST(JsonScanner, depth_is_limited) {
  EXPECT_EQ(verdict("[[{\"a\":[1]}]]", 4), "ok");
  EXPECT_EQ(verdict("[[{\"a\":[1]}]]", 3), "7: arrays and objects are nested too deeply");
  EXPECT_EQ(verdict("[[],[[]],[],[]]", 3), "ok") << "what is closed does not count";
  EXPECT_EQ(verdict("[{},{},{\"a\":{}},{}]", 3), "ok");
  const std::string deep(100'000, '[');
  JsonScanner scanner(deep, 64);
  JsonValue value;
  EXPECT_FALSE(scanner.read_value(value));
  EXPECT_EQ(scanner.fault(), Fault::too_deep);
  EXPECT_EQ(scanner.position(), 64U);
}

TEST(JsonScanner, escapes_mean_their_characters) {
  EXPECT_EQ(meaning(R"("plain")"), "plain");
  EXPECT_EQ(meaning(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(meaning(R"("a\u0041\u00e9\u20AC\ud83d\ude00z")"), "aA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
  EXPECT_EQ(meaning(R"("\u0000")"), std::string(1, '\0'));
  EXPECT_EQ(meaning(R"("\u007f\u0080\u07ff\u0800\uffff\udbff\udfff")"),
            "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf");
}

}  // namespace
}  // namespace wscluster::protocol
