// SPDX-License-Identifier: MIT
#include "upstream/instance.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/names.hpp"

namespace wscluster::upstream {
namespace {

Instance good_instance() {
  Instance instance;
  instance.service = "shop";
  instance.id = "one";
  instance.address = {"10.0.0.1", 80};
  return instance;
}

TEST(Instance, words_of_statuses_and_back) {
  for (const Status status : {Status::up, Status::down, Status::starting, Status::out_of_service, Status::unknown}) {
    EXPECT_EQ(parse_status(to_string(status)).value(), status);
  }
  EXPECT_EQ(parse_status("out_of_service").value(), Status::out_of_service);
  EXPECT_EQ(parse_status("BUSY").error().code, Errc::invalid);
}

TEST(Instance, an_override_stands_above_what_it_says_of_itself) {
  Instance instance = good_instance();
  EXPECT_TRUE(instance.is_up());
  instance.overridden = Status::out_of_service;
  EXPECT_EQ(instance.effective_status(), Status::out_of_service);
  EXPECT_FALSE(instance.is_up());
  instance.overridden = Status::up;
  instance.status = Status::down;
  EXPECT_TRUE(instance.is_up());
  instance.action = Action::deleted;
  EXPECT_FALSE(instance.is_up());
}

TEST(Instance, member_names_keep_the_rings_rules_and_differ_where_ids_do) {
  const std::string hashed = member_name("host:shop:8081");
  const std::vector<std::string> ids{"node-1",
                                     "10.0.0.1",
                                     "host:shop:8081",
                                     "host-shop:8081",
                                     "host:shop-8081",
                                     "host-shop-8081",
                                     ":",
                                     "-",
                                     "é",
                                     std::string(63, 'a'),
                                     std::string(64, 'a'),
                                     std::string(65, 'a'),
                                     std::string(256, 'z'),
                                     std::string(64, '-'),
                                     "-" + std::string(29, 'a') + ":1",
                                     hashed};
  std::set<std::string> names;
  for (const std::string& id : ids) {
    const std::string name = member_name(id);
    EXPECT_TRUE(check_member_name(name)) << id << " became " << name;
    EXPECT_TRUE(names.insert(name).second) << id << " became " << name;
    EXPECT_EQ(name, member_name(id));
  }
  EXPECT_EQ(member_name("node-1"), "node-1");
  EXPECT_TRUE(hashed.starts_with("host-shop-8081.")) << hashed;
}

TEST(Instance, a_new_life_is_another_incarnation) {
  Instance instance = good_instance();
  instance.registered_ms = 1;
  const auto first = incarnation_of(instance);
  EXPECT_NE(first, 0U);
  instance.weight = 2;
  EXPECT_EQ(incarnation_of(instance), first);
  instance.registered_ms = 2;
  EXPECT_NE(incarnation_of(instance), first);
}

TEST(Instance, bad_fields_are_named) {
  const auto problem = [](auto change) {
    Instance instance = good_instance();
    change(instance);
    const auto checked = check_instance(instance);
    return checked ? std::string("good") : checked.error().message;
  };
  EXPECT_EQ(problem([](Instance&) {}), "good");
  EXPECT_NE(problem([](Instance& i) { i.service = "Shop"; }).find("service name"), std::string::npos);
  EXPECT_NE(problem([](Instance& i) { i.id.clear(); }).find("id is empty"), std::string::npos);
  EXPECT_NE(problem([](Instance& i) { i.id.assign(257, 'a'); }).find("longer than 256"), std::string::npos);
  EXPECT_NE(problem([](Instance& i) { i.id = "a b"; }).find("blanks"), std::string::npos);
  EXPECT_NE(problem([](Instance& i) { i.id = "\xff"; }).find("UTF-8"), std::string::npos);
  EXPECT_NE(problem([](Instance& i) { i.address.port = 0; }).find("address"), std::string::npos);
  EXPECT_NE(problem([](Instance& i) { i.weight = 0; }).find("weight"), std::string::npos);
  EXPECT_NE(problem([](Instance& i) { i.weight = 1001; }).find("weight"), std::string::npos);
  EXPECT_NE(problem([](Instance& i) { i.lease = Duration(999); }).find("lease"), std::string::npos);
  EXPECT_NE(problem([](Instance& i) { i.metadata["k"].assign(2049, 'a'); }).find("metadata"), std::string::npos);
  EXPECT_NE(problem([](Instance& i) {
              for (int k = 0; k < 129; ++k)
                i.metadata[std::to_string(k)] = "";
            }).find("more than 128"),
            std::string::npos);
}

}  // namespace
}  // namespace wscluster::upstream
