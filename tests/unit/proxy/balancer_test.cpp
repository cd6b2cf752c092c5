// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <map>

#include "proxy/balancer.hpp"
#include "ring/key.hpp"

namespace wscluster::proxy {
namespace {

using namespace std::chrono_literals;

const TimePoint start{1h};

std::shared_ptr<const Service> service_of(const std::vector<std::string>& names, const Options& options = {}) {
  auto service = std::make_shared<Service>();
  service->name = "shop";
  service->options = options;
  std::vector<ring::Member> members;
  for (const std::string& name : names) {
    service->targets.push_back({name, {"127.0.0.1", 1}, 1});
    ring::Member member;
    member.name = name;
    member.incarnation = 1;
    members.push_back(member);
  }
  service->ring = ring::HashRing(members, 0);
  return service;
}

std::map<std::string, int> picks(Balancer& balancer, int count, TimePoint now = start) {
  std::map<std::string, int> taken;
  for (int i = 0; i < count; ++i) {
    const Target* target = balancer.pick(now);
    ++taken[target == nullptr ? "nobody" : target->name];
  }
  return taken;
}

TEST(Balancer, requests_of_nobody_go_round) {
  Balancer balancer;
  EXPECT_EQ(balancer.pick(start), nullptr);
  balancer.adopt(service_of({"a", "b", "c"}));
  EXPECT_EQ(picks(balancer, 9), (std::map<std::string, int>{{"a", 3}, {"b", 3}, {"c", 3}}));
}

TEST(Balancer, the_least_connected_server_is_taken) {
  Options options;
  options.balance = Balance::least_connections;
  Balancer balancer;
  balancer.adopt(service_of({"a", "b"}, options));
  balancer.began("a");
  balancer.began("a");
  balancer.began("b");
  EXPECT_EQ(balancer.pick(start)->name, "b");
  balancer.ended("a");
  balancer.ended("a");
  EXPECT_EQ(balancer.pick(start)->name, "a");
}

TEST(Balancer, P0_04_a_user_whose_owner_fails_gets_nobody_else) {
  Balancer balancer;
  balancer.adopt(service_of({"a", "b", "c"}));
  const std::uint64_t alice = ring::hash_uid("alice", 0);
  const std::string owner = balancer.owner_of(alice)->name;
  EXPECT_EQ(balancer.pick_for(alice, start)->name, owner);
  for (int i = 0; i < 5; ++i)
    balancer.failed(owner, start);
  EXPECT_EQ(balancer.pick_for(alice, start), nullptr);
  EXPECT_EQ(balancer.owner_of(alice)->name, owner) << "the ring does not change by itself";
  EXPECT_EQ(picks(balancer, 4).count(owner), 0U);
  EXPECT_EQ(balancer.pick_for(alice, start + 11s)->name, owner);
}

TEST(Balancer, P0_04_or_the_next_on_the_ring_where_that_is_wanted) {
  Options options;
  options.unreachable = Unreachable::next;
  Balancer balancer;
  balancer.adopt(service_of({"a", "b", "c"}, options));
  const std::uint64_t alice = ring::hash_uid("alice", 0);
  const auto order = balancer.service().ring.successors_of(alice, 3);
  EXPECT_EQ(balancer.pick_for(alice, start, {order[0]->name})->name, order[1]->name);
  for (int i = 0; i < 5; ++i)
    balancer.failed(order[0]->name, start);
  EXPECT_EQ(balancer.pick_for(alice, start)->name, order[1]->name);
  EXPECT_EQ(balancer.pick_for(alice, start + 11s)->name, order[0]->name);
}

TEST(Balancer, a_server_that_answers_is_not_taken_out_and_the_time_grows) {
  Balancer balancer;
  balancer.adopt(service_of({"a", "b"}));
  for (int i = 0; i < 4; ++i)
    EXPECT_FALSE(balancer.failed("a", start));
  balancer.succeeded("a");
  for (int i = 0; i < 4; ++i)
    EXPECT_FALSE(balancer.failed("a", start));
  EXPECT_TRUE(balancer.failed("a", start));
  EXPECT_TRUE(balancer.is_usable("a", start + 10s));
  for (int i = 0; i < 5; ++i)
    balancer.failed("a", start + 10s);
  EXPECT_FALSE(balancer.is_usable("a", start + 29s));
  EXPECT_TRUE(balancer.is_usable("a", start + 30s));
}

TEST(Balancer, never_more_than_half_are_taken_out) {
  Balancer balancer;
  balancer.adopt(service_of({"a", "b", "c"}));
  for (const char* const name : {"a", "b", "c"}) {
    for (int i = 0; i < 5; ++i)
      balancer.failed(name, start);
  }
  EXPECT_EQ(balancer.ejected(start), 1U);
}

TEST(Balancer, health_is_believed_when_it_is_said_twice) {
  Balancer balancer;
  balancer.adopt(service_of({"a", "b"}));
  EXPECT_FALSE(balancer.checked("a", false));
  EXPECT_FALSE(balancer.checked("a", true));
  EXPECT_FALSE(balancer.checked("a", false));
  EXPECT_TRUE(balancer.checked("a", false));
  EXPECT_EQ(picks(balancer, 4), (std::map<std::string, int>{{"b", 4}}));
  EXPECT_FALSE(balancer.checked("a", true));
  EXPECT_TRUE(balancer.checked("a", true));
  EXPECT_EQ(balancer.sick(), 0U);
}

TEST(Balancer, a_full_server_is_left_alone) {
  Options options;
  options.max_connections = 1;
  Balancer balancer;
  balancer.adopt(service_of({"a", "b"}, options));
  balancer.began("a");
  EXPECT_EQ(picks(balancer, 3), (std::map<std::string, int>{{"b", 3}}));
  balancer.began("b");
  EXPECT_EQ(balancer.pick(start), nullptr);
}

}  // namespace
}  // namespace wscluster::proxy
