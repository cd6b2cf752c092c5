// SPDX-License-Identifier: MIT
#include "upstream/rest_text.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace wscluster::upstream {
namespace {

std::string text_refusal(std::string_view body) {
  const auto instance = parse_rest_registration("shop", "one", body);
  return instance ? "accepted" : instance.error().message;
}

TEST(RestText, a_registration_and_its_defaults) {
  const auto least = parse_rest_registration("shop", "a:1", R"({"url":"http://127.0.0.1:8081"})");
  ASSERT_TRUE(least);
  EXPECT_EQ(least->id, "a:1");
  EXPECT_EQ(least->address.to_string(), "127.0.0.1:8081");
  EXPECT_EQ(least->lease, std::chrono::seconds(30));
  EXPECT_EQ(least->weight, 1);
  const auto all = parse_rest_registration(
      "shop", "b", R"({"url":"https://[::1]/","weight":0.5,"lease":1.5,"status":"STARTING","metadata":{"k":"v"}})");
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_TRUE(all->is_secure);
  EXPECT_EQ(all->address.to_string(), "[::1]:443");
  EXPECT_EQ(all->lease, Duration(1500));
  EXPECT_EQ(all->status, Status::starting);
  EXPECT_EQ(all->metadata.at("k"), "v");
}

TEST(RestText, what_is_wrong_is_named) {
  EXPECT_EQ(text_refusal(""), "the body is not a JSON object");
  EXPECT_EQ(text_refusal("{}"), "'url' is missing: http://HOST:PORT");
  EXPECT_EQ(text_refusal(R"({"url":1})"), "'url' must be a text");
  EXPECT_NE(text_refusal(R"({"url":"h:80"})").find("http://"), std::string::npos);
  EXPECT_NE(text_refusal(R"({"url":"http://h:80/path"})").find("more than HOST:PORT"), std::string::npos);
  EXPECT_NE(text_refusal(R"({"url":"http://h:99999"})").find("port"), std::string::npos);
  EXPECT_EQ(text_refusal(R"({"url":"http://h","weight":"2"})"), "'weight' must be a number");
  EXPECT_EQ(text_refusal(R"({"url":"http://h","weight":0})"), "weight must be from 0.001 to 1000");
  EXPECT_EQ(text_refusal(R"({"url":"http://h","lease":0.5})"), "'lease' must be from 1 to 86400 seconds");
  EXPECT_EQ(text_refusal(R"({"url":"http://h","metadata":{"k":1}})"), "'metadata' must be an object of texts");
  EXPECT_NE(text_refusal(R"({"url":"http://h","wieght":1})").find("'wieght' is not known"), std::string::npos);
}

TEST(RestText, a_status) {
  EXPECT_EQ(parse_rest_status(R"({"status":"OUT_OF_SERVICE"})").value(), Status::out_of_service);
  for (const char* bad : {"", "{}", R"({"status":1})", R"({"status":"X"})", R"({"status":"UP","more":1})"})
    EXPECT_EQ(parse_rest_status(bad).error().code, Errc::invalid) << bad;
}

TEST(RestText, instances_as_they_are_shown) {
  UpstreamState state;
  auto instance = parse_rest_registration("shop", "a:1", R"({"url":"http://127.0.0.1:8081"})").value();
  instance.overridden = Status::down;
  state.instances["a:1"] = instance;
  const auto shown = boost::json::parse(rest_instances("shop", state)).as_object();
  const auto& first = shown.at("instances").as_array().at(0).as_object();
  EXPECT_EQ(shown.at("service"), "shop");
  EXPECT_EQ(std::string(first.at("member").as_string()), member_name("a:1"));
  EXPECT_EQ(first.at("status"), "DOWN");
  EXPECT_EQ(first.at("own_status"), "UP");
  EXPECT_EQ(first.at("url"), "http://127.0.0.1:8081");
}

}  // namespace
}  // namespace wscluster::upstream
