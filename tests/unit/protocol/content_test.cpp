// SPDX-License-Identifier: MIT
#include "protocol/content.hpp"

#include <gtest/gtest.h>

namespace wscluster::protocol {
namespace {

TEST(Content, its_type_is_read_without_details) {
  EXPECT_EQ(type_of_content("text/plain; charset=utf-8"), DataType::text);
  EXPECT_EQ(type_of_content(" Application/JSON"), DataType::json);
  EXPECT_EQ(type_of_content("application/x-protobuf"), DataType::protobuf);
  EXPECT_FALSE(type_of_content("application/json-patch"));
  EXPECT_FALSE(type_of_content(""));
  for (const DataType type : {DataType::json, DataType::text, DataType::binary, DataType::protobuf})
    EXPECT_EQ(type_of_content(content_type_of(type)), type);
}

TEST(Content, must_be_what_it_is_called) {
  const auto is_good = [](DataType type, const std::string& body) { return check_content(type, body).has_value(); };
  EXPECT_TRUE(is_good(DataType::binary, "\xff\x00"));
  EXPECT_TRUE(is_good(DataType::text, "{"));
  EXPECT_FALSE(is_good(DataType::text, "\xff"));
  for (const char* json : {"1", "null", "\"x\"", " {\"a\":[1,2]} "})
    EXPECT_TRUE(is_good(DataType::json, json)) << json;
  for (const char* json : {"", "{", "{} {}", "NaN", "'x'", "\"\xff\"", "\"\\ud800\""})
    EXPECT_FALSE(is_good(DataType::json, json)) << json;
  EXPECT_FALSE(is_good(DataType::json, std::string(65, '[') + std::string(65, ']')));
}

}  // namespace
}  // namespace wscluster::protocol
