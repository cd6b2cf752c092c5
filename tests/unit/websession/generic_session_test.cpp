// SPDX-License-Identifier: MIT
#include "websession/generic_session.hpp"

#include <gtest/gtest.h>

namespace wscluster::websession {
namespace {

using namespace std::chrono_literals;

const auto noon = *parse_javascript_time("2026-11-26T12:00:00.000Z");

Reading read(const std::optional<std::string>& value, const std::string& path = "passport.user") {
  Options options;
  options.kind = Kind::generic;
  options.json_path = path;
  return read_generic_session(options, value, noon);
}

TEST(GenericSession, its_key) {
  Options options;
  EXPECT_EQ(generic_key(options, "id"), "sess:id");
  options.key = "app:{id}:session";
  EXPECT_EQ(generic_key(options, "x"), "app:x:session");
}

TEST(GenericSession, as_express_writes_it) {
  const auto session = [](const std::string& expires, const std::string& rest) {
    return R"({"cookie":{"originalMaxAge":60000,"expires":)" + expires + R"(,"httpOnly":true,"path":"/"})" + rest + "}";
  };
  const std::string later = R"("2026-11-26T12:00:01.000Z")";
  EXPECT_EQ(read(session(later, R"(,"passport":{"user":"alice"})")).uid, "alice");
  EXPECT_EQ(read(session(later, R"(,"passport":{"user":"alice"})")).expires, noon + 1s);
  EXPECT_EQ(read(session(later, R"(,"passport":{"user":7})")).uid, "7");
  EXPECT_EQ(read(session("null", R"(,"user":{"id":"bob"})"), "user.id").uid, "bob");
  EXPECT_EQ(read(session(later, "")).verdict, Verdict::nobody);
  EXPECT_EQ(read(session(later, R"(,"passport":{})")).verdict, Verdict::nobody);
  EXPECT_EQ(read(session(later, R"(,"passport":{"user":null})")).verdict, Verdict::nobody);
  EXPECT_EQ(read(session(R"("2026-11-26T12:00:00.000Z")", R"(,"passport":{"user":"alice"})")).verdict,
            Verdict::expired);
}

TEST(GenericSession, without_a_path_the_value_is_the_user) {
  EXPECT_EQ(read("alice", "").uid, "alice");
  EXPECT_EQ(read("", "").verdict, Verdict::nobody);
  EXPECT_EQ(read(std::nullopt, "").verdict, Verdict::absent);
}

TEST(GenericSession, what_is_not_as_configured_is_unreadable) {
  for (const char* bad : {"alice", "{", R"({"passport":{"user":{"id":1}}})", R"({"passport":{"user":1.5}})",
                          R"({"passport":{"user":""}})", R"({"cookie":{"expires":"soon"},"passport":{"user":"a"}})",
                          R"({"cookie":{"expires":1},"passport":{"user":"a"}})"})
    EXPECT_EQ(read(bad).verdict, Verdict::unreadable) << bad;
}

TEST(GenericSession, times_of_javascript) {
  EXPECT_EQ(*parse_javascript_time("1970-01-02T00:00:00.001Z"), WallClock::time_point(24h + 1ms));
  for (const char* bad : {"", "2026-11-26", "2026-11-26T12:00:00Z", "2026-13-26T12:00:00.000Z",
                          "2026-11-31T12:00:00.000Z", "2026-11-26T24:00:00.000Z", "2026-11-26T12:00:00.000Zx",
                          "2026-11-26T12:00:00.000+01", "9999-01-01T00:00:00.000Z"})
    EXPECT_FALSE(parse_javascript_time(bad)) << bad;
}

}  // namespace
}  // namespace wscluster::websession
