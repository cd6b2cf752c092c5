// SPDX-License-Identifier: MIT
#include "upstream/state.hpp"

#include <gtest/gtest.h>

namespace wscluster::upstream {
namespace {

UpstreamState three() {
  UpstreamState state;
  for (const auto& [id, status] :
       {std::pair("b:1", Status::up), std::pair("a", Status::up), std::pair("c", Status::down)}) {
    Instance instance;
    instance.service = "shop";
    instance.id = id;
    instance.weight = 0.5;
    instance.status = status;
    instance.registered_ms = 9;
    state.instances[id] = instance;
  }
  return state;
}

TEST(State, wanted_members_are_those_that_are_up) {
  const UpstreamState state = three();
  const auto members = wanted_members(state);
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].name, "a");
  EXPECT_EQ(members[0].weight, 0.5);
  EXPECT_EQ(members[0].incarnation, incarnation_of(state.instances.at("a")));
  EXPECT_EQ(members[1].name, member_name("b:1"));
  EXPECT_TRUE(wanted_members({}).empty());
}

TEST(State, a_member_leads_back_to_its_instance) {
  const UpstreamState state = three();
  EXPECT_EQ(state.find_member("a")->id, "a");
  EXPECT_EQ(state.find_member(member_name("b:1"))->id, "b:1");
  EXPECT_EQ(state.find_member("nobody"), nullptr);
  EXPECT_EQ(state.find("nobody"), nullptr);
}

}  // namespace
}  // namespace wscluster::upstream
