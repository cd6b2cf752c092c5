// SPDX-License-Identifier: MIT
#include "front/parameters.hpp"

#include <gtest/gtest.h>

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;
using protocol::DataType;

edge::Request with_query(std::vector<std::pair<std::string, std::string>> query) {
  edge::Request request;
  request.query = std::move(query);
  return request;
}

edge::Request with_body(const std::string& type, std::string body) {
  edge::Request request;
  if (!type.empty()) request.headers = {{"content-type", type}};
  request.body = std::move(body);
  return request;
}

TEST(Parameters, numbers_have_bounds_and_nothing_but_digits) {
  const auto number = [](const char* text) { return number_parameter(with_query({{"n", text}}), "n", 7, 1, 200); };
  EXPECT_EQ(*number("1"), 1U);
  EXPECT_EQ(*number("200"), 200U);
  for (const char* text : {"", "0", "201", "-1", "+1", "1 ", "1.0", "x", "99999999999999999999"})
    EXPECT_FALSE(number(text)) << text;
  EXPECT_EQ(number("0").error().message, "n must be a number from 1 to 200");
  EXPECT_EQ(*number_parameter(with_query({}), "n", 7, 1, 200), 7U);
}

TEST(Parameters, excluded_connections_are_all_of_ours) {
  const session::SessionId one{1, {2, 3}};
  const session::SessionId two{4, {5, 6}};
  const auto request =
      with_query({{"excluded", one.text()}, {"excluded", "not-ours"}, {"other", "x"}, {"excluded", two.text()}});
  EXPECT_EQ(excluded_sessions(request), (std::vector{one, two}));
}

TEST(Parameters, a_message_may_live_five_minutes) {
  EXPECT_FALSE(message_lifetime(with_query({})).value());
  EXPECT_EQ(message_lifetime(with_query({{"messageTtlSeconds", "0"}})).value(), Duration{0});
  EXPECT_EQ(message_lifetime(with_query({{"messageTtlSeconds", "300"}})).value(), Duration{5min});
  EXPECT_FALSE(message_lifetime(with_query({{"messageTtlSeconds", "301"}})));
  EXPECT_FALSE(message_lifetime(with_query({{"messageTtlSeconds", ""}})));
}

TEST(Parameters, the_type_of_a_body_is_read_without_its_details) {
  EXPECT_EQ(*type_of_body(with_body("", "")), DataType::text);
  EXPECT_EQ(*type_of_body(with_body("text/plain; charset=utf-8", "")), DataType::text);
  EXPECT_EQ(*type_of_body(with_body("Application/JSON", "")), DataType::json);
  EXPECT_EQ(*type_of_body(with_body("application/octet-stream", "")), DataType::binary);
  EXPECT_FALSE(type_of_body(with_body("application/json-patch", "")));
  EXPECT_EQ(type_of_body(with_body("text/html", "")).error().code, Errc::protocol);
}

TEST(Parameters, the_origin_is_the_one_the_application_sees) {
  edge::Request request;
  request.headers = {{"host", "chat.example:8443"}};
  request.peer = "10.1.2.3";
  EXPECT_EQ(origin_of(request, {}), "http://chat.example:8443");
  request.is_tls = true;
  EXPECT_EQ(origin_of(request, {}), "https://chat.example:8443");
  request.is_tls = false;
  request.headers.emplace_back("X-Forwarded-Proto", "https");
  EXPECT_EQ(origin_of(request, {}), "http://chat.example:8443") << "anybody can say that";
  const TrustedProxies trusted({"10.0.0.0/8"});
  EXPECT_EQ(origin_of(request, trusted), "https://chat.example:8443");
  request.headers.back().second = "gopher";
  EXPECT_EQ(origin_of(request, trusted), "http://chat.example:8443");
}

}  // namespace
}  // namespace wscluster::front
