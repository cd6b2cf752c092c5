// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "upstream/instance.hpp"

namespace wscluster::upstream {
namespace {

TEST(InstanceJson, everything_comes_back) {
  Instance instance;
  instance.service = "shop";
  instance.id = "host:shop:8081";
  instance.address = {"::1", 8081};
  instance.is_secure = true;
  instance.weight = 2.5;
  instance.status = Status::starting;
  instance.overridden = Status::out_of_service;
  instance.metadata = {{"zone", "é"}, {"a b", "\"\\"}};
  instance.lease = std::chrono::seconds(7);
  instance.origin = Origin::eureka;
  instance.action = Action::deleted;
  instance.dirty_ms = 1795347059648;
  instance.registered_ms = 2;
  instance.up_ms = 3;
  instance.changed_ms = 4;
  instance.eureka = {"h", "::1", "v",   "sv", "u", "s", "c", "sc", "g", "asg", R"({"name":"MyOwn"})",
                     1,   2,     false, true, 3,   4};
  const auto again = parse_instance(to_json(instance));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, instance);
}

TEST(InstanceJson, what_was_written_otherwise_is_read_as_far_as_it_goes) {
  const auto instance = parse_instance(
      R"({"service":"shop","id":"i","host":"h","port":80,"status":"NEW_WORD","weight":"heavy","future":{"x":1}})");
  ASSERT_TRUE(instance) << instance.error().message;
  EXPECT_EQ(instance->weight, 1);
  EXPECT_EQ(instance->status, Status::up);
}

TEST(InstanceJson, what_is_none_is_refused) {
  for (const char* text : {"", "[]", "{}", R"({"service":"shop","id":"i","host":"h","port":70000})",
                           R"({"service":"NO","id":"i","host":"h","port":80})"}) {
    EXPECT_EQ(parse_instance(text).error().code, Errc::invalid) << text;
  }
}

}  // namespace
}  // namespace wscluster::upstream
