// SPDX-License-Identifier: MIT
#include "websession/spring_session.hpp"

#include <gtest/gtest.h>

#include "../../session_vectors.hpp"

namespace wscluster::websession {
namespace {

using namespace session_vectors;
using namespace std::chrono_literals;

constexpr std::int64_t accessed_ms = 1'795'347'059'648;
const WallClock::time_point accessed{std::chrono::milliseconds(accessed_ms)};

Fields session(std::optional<std::string> principal, std::optional<std::string> context = std::nullopt,
               std::int32_t max_inactive = 1800) {
  return {java_long(accessed_ms - 1000), java_long(accessed_ms), java_integer(max_inactive), std::move(principal),
          std::move(context)};
}

Reading read(const Fields& fields, Duration later = 1s, const Options& options = {}) {
  return read_spring_session(options, fields, accessed + later);
}

TEST(SpringSession, its_key_and_fields) {
  Options options;
  EXPECT_EQ(spring_key(options, "id"), "spring:session:sessions:id");
  EXPECT_EQ(spring_fields(options),
            (std::vector<std::string>{
                "creationTime", "lastAccessedTime", "maxInactiveInterval",
                "sessionAttr:org.springframework.session.FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME",
                "sessionAttr:SPRING_SECURITY_CONTEXT"}));
  options.attribute = "userId";
  options.name_space = "shop";
  EXPECT_EQ(spring_key(options, "id"), "shop:sessions:id");
  EXPECT_EQ(spring_fields(options).back(), "sessionAttr:userId");
  EXPECT_EQ(spring_fields(options).size(), 4U);
}

TEST(SpringSession, the_principal_then_the_context) {
  EXPECT_EQ(read(session(java_string("bob"), context_of_user)).uid, "bob");
  EXPECT_EQ(read(session(std::nullopt, context_of_user)).uid, "user");
  EXPECT_EQ(read(session("", context_of_user)).uid, "user") << "an attribute that was removed is empty";
  EXPECT_EQ(read(session(std::nullopt)).verdict, Verdict::nobody);
  EXPECT_EQ(read(session(std::nullopt, context_of_nobody)).verdict, Verdict::nobody);
}

TEST(SpringSession, a_configured_attribute_stands_alone) {
  Options options;
  options.attribute = "userId";
  const auto with = [&](std::optional<std::string> value) {
    Fields fields = session(std::move(value));
    fields.pop_back();
    return read(fields, 1s, options);
  };
  EXPECT_EQ(with(java_long(7)).uid, "7");
  EXPECT_EQ(with(std::nullopt).verdict, Verdict::nobody);
  EXPECT_EQ(with(user_token).verdict, Verdict::unreadable);
}

TEST(SpringSession, in_json) {
  const Fields fields{"1795347058648", R"(["java.lang.Long",1795347059648])", "1800", std::nullopt,
                      R"({"authentication":{"authenticated":true,"principal":{"username":"admin"}}})"};
  EXPECT_EQ(read(fields).uid, "admin");
  EXPECT_EQ(read(fields, 1800s).verdict, Verdict::expired);
}

TEST(SpringSession, it_expires_by_its_own_fields) {
  const Fields fields = session(java_string("bob"));
  EXPECT_EQ(read(fields, 1800s - 1ms).verdict, Verdict::found);
  EXPECT_EQ(read(fields, 1800s - 1ms).expires, accessed + 1800s);
  EXPECT_EQ(read(fields, 1800s).verdict, Verdict::expired);
  EXPECT_EQ(read(session(java_string("bob"), std::nullopt, -1), 1'000'000s).verdict, Verdict::found);
  EXPECT_EQ(read(session(java_string("bob"), std::nullopt, 0), 0ms).verdict, Verdict::expired);
  EXPECT_EQ(read(session(java_string("bob"), std::nullopt, INT32_MAX), 1'000'000s).verdict, Verdict::found);
}

TEST(SpringSession, no_field_at_all_is_no_session) {
  EXPECT_EQ(read(Fields(5)).verdict, Verdict::absent);
}

TEST(SpringSession, all_three_times_must_be_there) {
  for (std::size_t i = 0; i < 3; ++i) {
    Fields fields = session(java_string("bob"));
    fields[i].reset();
    EXPECT_EQ(read(fields).verdict, Verdict::unreadable) << i;
    fields[i] = "";
    EXPECT_EQ(read(fields).verdict, Verdict::unreadable) << i;
    fields[i] = java_string("bob");
    EXPECT_EQ(read(fields).verdict, Verdict::unreadable) << i;
  }
  for (const std::int64_t time : {INT64_MIN, INT64_MAX, std::int64_t{-1}}) {
    Fields fields = session(java_string("bob"));
    fields[1] = java_long(time);
    EXPECT_EQ(read(fields).verdict, Verdict::unreadable) << time;
  }
}

TEST(SpringSession, a_user_that_is_no_uid_is_unreadable) {
  EXPECT_EQ(read(session(java_string(std::string(257, 'x')))).verdict, Verdict::unreadable);
  EXPECT_EQ(read(session(java_string("a\nb"))).verdict, Verdict::unreadable);
  EXPECT_EQ(read(session(java_string(""))).verdict, Verdict::unreadable);
}

}  // namespace
}  // namespace wscluster::websession
