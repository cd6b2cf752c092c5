// SPDX-License-Identifier: MIT
// Gateways' agents and instances of upstream services, with a real Redis.
#include <gtest/gtest.h>

#include <future>

#include "observed_agent.hpp"
#include "redis_server.hpp"
#include "registry/directory.hpp"

namespace wscluster::registry {
namespace {

using upstream::Instance;
using upstream::Status;

Registration gateway_named(const std::string& name) {
  Registration registration = node_named(name);
  registration.role = Role::gateway;
  registration.services.clear();
  return registration;
}

Instance instance_named(const std::string& id, Duration lease = std::chrono::minutes(1)) {
  Instance instance;
  instance.service = "shop";
  instance.id = id;
  instance.address = {"127.0.0.1", 8081};
  instance.lease = lease;
  return instance;
}

/// Waits for the answer.
template <class Call>
InstanceAnswer answer_of(Call call) {
  auto promise = std::make_shared<std::promise<InstanceAnswer>>();
  auto future = promise->get_future();
  call([promise](InstanceAnswer answer) { promise->set_value(std::move(answer)); });
  return future.get();
}

class AgentInstances : public testing::Test {
 protected:
  AgentInstances() : options(fresh_options()) { options.url = server.url(); }

  static InstanceAnswer enroll(Observed& gateway, const Instance& instance) {
    return answer_of([&](auto callback) { gateway.agent.register_instance(instance, callback); });
  }
  static InstanceAnswer renew(Observed& gateway, const std::string& id,
                              std::optional<std::uint64_t> dirty = std::nullopt) {
    return answer_of([&](auto callback) { gateway.agent.renew_instance("shop", id, dirty, callback); });
  }
  static InstanceAnswer cancel(Observed& gateway, const std::string& id) {
    return answer_of([&](auto callback) { gateway.agent.cancel_instance("shop", id, callback); });
  }
  static InstanceAnswer set_status(Observed& gateway, const std::string& id, Status status) {
    return answer_of([&](auto callback) { gateway.agent.set_instance_status("shop", id, status, callback); });
  }
  /// Names in the ring of shop, as this process knows it.
  static std::string ring_of(Observed& observed) {
    const auto snapshot = observed.last();
    const auto found = snapshot->services.find("shop");
    if (found == snapshot->services.end() || !found->second.document) return "none";
    std::string names;
    for (const ring::Member& member : found->second.document->members)
      names += (names.empty() ? "" : " ") + member.name;
    return names;
  }
  static bool wait_for_ring(Observed& observed, const std::string& names) {
    const bool reached = eventually([&] { return ring_of(observed) == names; });
    EXPECT_TRUE(reached) << "the ring is '" << ring_of(observed) << "', expected '" << names << "'";
    return reached;
  }

  RedisServer server;
  Options options;
};

TEST_F(AgentInstances, those_that_are_up_are_the_ring_and_every_process_knows_them) {
  Observed a(options, gateway_named("a"));
  Observed b(options, gateway_named("b"));
  Observed node(options, node_named("n"));
  a.start_linked();
  b.start_linked();
  node.start_linked();
  ASSERT_TRUE(enroll(a, instance_named("one")));
  ASSERT_NE(a.last()->upstream("shop"), nullptr) << "who is answered finds itself in the snapshot";
  ASSERT_TRUE(enroll(b, instance_named("two")));
  Instance starting = instance_named("three");
  starting.status = Status::starting;
  ASSERT_TRUE(enroll(b, starting));
  for (Observed* process : {&a, &b, &node}) {
    ASSERT_TRUE(wait_for_ring(*process, "one two"));
    ASSERT_TRUE(eventually([&] { return process->last()->upstream("shop")->instances.size() == 3; }));
  }
  const auto state = a.last()->services.at("shop");
  EXPECT_EQ(state.done_through, state.document->epoch) << "nobody is waited for";
  EXPECT_TRUE(state.running.empty());
  EXPECT_TRUE(a.last()->alarms.empty());
}

TEST_F(AgentInstances, an_operators_word_takes_one_out_and_its_undo_puts_it_back) {
  Observed a(options, gateway_named("a"));
  a.start_linked();
  ASSERT_TRUE(enroll(a, instance_named("one")));
  ASSERT_TRUE(enroll(a, instance_named("two")));
  ASSERT_TRUE(wait_for_ring(a, "one two"));
  ASSERT_TRUE(set_status(a, "two", Status::out_of_service));
  ASSERT_TRUE(wait_for_ring(a, "one"));
  ASSERT_TRUE(enroll(a, instance_named("two")));
  EXPECT_EQ(a.last()->upstream("shop")->find("two")->effective_status(), Status::out_of_service)
      << "a repeated registration does not undo it";
  ASSERT_TRUE(answer_of([&](auto callback) { a.agent.clear_instance_status("shop", "two", std::nullopt, callback); }));
  ASSERT_TRUE(wait_for_ring(a, "one two"));
  EXPECT_EQ(set_status(a, "nobody", Status::down).error().code, Errc::not_found);
}

TEST_F(AgentInstances, who_is_renewed_stays_and_who_is_not_leaves) {
  Observed a(options, gateway_named("a"));
  Observed b(options, gateway_named("b"));
  a.start_linked();
  b.start_linked();
  ASSERT_TRUE(enroll(a, instance_named("silent", std::chrono::seconds(1))));
  ASSERT_TRUE(enroll(a, instance_named("faithful", std::chrono::seconds(1))));
  ASSERT_TRUE(eventually([&] {
    EXPECT_TRUE(renew(a, "silent"));
    EXPECT_TRUE(renew(b, "faithful"));
    return ring_of(a) == "faithful silent";
  }));
  ASSERT_TRUE(eventually([&] {
    EXPECT_TRUE(renew(b, "faithful"));
    return ring_of(a) == "faithful";
  }));
  ASSERT_TRUE(wait_for_ring(b, "faithful"));
  EXPECT_EQ(a.last()->instances_expired + b.last()->instances_expired, 1U);
  EXPECT_EQ(renew(b, "silent").error().code, Errc::not_found) << "it must register again";
  EXPECT_TRUE(a.last()->upstream("shop")->gone.contains("silent"));
}

TEST_F(AgentInstances, a_renewal_with_newer_data_or_of_nobody_is_not_found) {
  Observed a(options, gateway_named("a"));
  a.start_linked();
  Instance instance = instance_named("host:shop:8081");
  instance.dirty_ms = 100;
  ASSERT_TRUE(enroll(a, instance));
  ASSERT_TRUE(wait_for_ring(a, upstream::member_name(instance.id)));
  EXPECT_TRUE(renew(a, instance.id, 100));
  EXPECT_TRUE(renew(a, instance.id, 99));
  EXPECT_EQ(renew(a, instance.id, 101).error().code, Errc::not_found);
  EXPECT_EQ(renew(a, "nobody").error().code, Errc::not_found);
  ASSERT_TRUE(cancel(a, instance.id));
  EXPECT_EQ(renew(a, instance.id).error().code, Errc::not_found);
  EXPECT_EQ(cancel(a, instance.id).error().code, Errc::not_found);
  ASSERT_TRUE(wait_for_ring(a, ""));
}

TEST_F(AgentInstances, a_name_of_nodes_is_refused) {
  Observed node(options, node_named("n"));
  Observed a(options, gateway_named("a"));
  node.start_linked();
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "n"));
  Instance instance = instance_named("one");
  instance.service = "chat";
  EXPECT_EQ(enroll(a, instance).error().code, Errc::conflict);
  EXPECT_EQ(a.last()->upstream("chat"), nullptr);
}

TEST_F(AgentInstances, while_redis_is_away_the_known_are_renewed_and_all_else_must_wait) {
  Observed a(options, gateway_named("a"));
  a.start_linked();
  ASSERT_TRUE(enroll(a, instance_named("one")));
  ASSERT_TRUE(wait_for_ring(a, "one"));
  server.kill();
  ASSERT_TRUE(eventually([&] { return !a.last()->redis_up; }));
  EXPECT_TRUE(renew(a, "one"));
  EXPECT_EQ(renew(a, "two").error().code, Errc::unavailable);
  EXPECT_EQ(enroll(a, instance_named("two")).error().code, Errc::unavailable);
  EXPECT_EQ(cancel(a, "one").error().code, Errc::unavailable);
  EXPECT_EQ(ring_of(a), "one");
}

TEST_F(AgentInstances, a_redis_that_lost_its_data_gets_them_back) {
  Observed a(options, gateway_named("a"));
  Observed b(options, gateway_named("b"));
  a.start_linked();
  b.start_linked();
  ASSERT_TRUE(enroll(a, instance_named("one")));
  ASSERT_TRUE(enroll(a, instance_named("two")));
  ASSERT_TRUE(set_status(a, "two", Status::out_of_service));
  ASSERT_TRUE(enroll(a, instance_named("three")));
  ASSERT_TRUE(wait_for_ring(a, "one three"));
  ASSERT_TRUE(wait_for_ring(b, "one three"));
  const auto held = *a.last()->services.at("shop").document;
  server.kill();
  ASSERT_TRUE(eventually([&] { return !a.last()->redis_up && !b.last()->redis_up; }));
  server.start();
  ASSERT_TRUE(eventually([&] {
    const auto found = Directory(options).load();
    const auto* shop = found ? found->upstream("shop") : nullptr;
    return shop != nullptr && shop->instances.size() == 3 && found->services.contains("shop") &&
           found->services.at("shop").document && *found->services.at("shop").document == held;
  }));
  ASSERT_TRUE(eventually([&] { return a.last()->redis_up && a.last()->alarms.empty(); }));
  ASSERT_TRUE(renew(a, "one"));
  ASSERT_TRUE(renew(b, "two"));
  let_pass(3 * options.lease);
  EXPECT_EQ(*a.last()->services.at("shop").document, held) << "nobody was taken out";
  ASSERT_TRUE(set_status(b, "three", Status::down));
  ASSERT_TRUE(wait_for_ring(a, "one"));
  EXPECT_EQ(a.last()->services.at("shop").document->epoch, held.epoch + 1) << "the same ring goes on";
  EXPECT_TRUE(a.never_went_back());
}

TEST_F(AgentInstances, a_flush_on_living_connections_changes_no_ring) {
  Observed a(options, gateway_named("a"));
  Observed node(options, node_named("n"));
  a.start_linked();
  node.start_linked();
  ASSERT_TRUE(enroll(a, instance_named("one")));
  ASSERT_TRUE(wait_for_ring(a, "one"));
  ASSERT_TRUE(wait_for_ring(node, "one"));
  const auto held = *a.last()->services.at("shop").document;
  Connection connection(options);
  ASSERT_TRUE(connection.open());
  ASSERT_TRUE(connection.command({"FLUSHALL"}));
  ASSERT_TRUE(eventually([&] {
    const auto found = Directory(options).load();
    return found && found->upstream("shop") != nullptr && found->upstream("shop")->instances.size() == 1;
  }));
  let_pass(4 * options.lease);
  EXPECT_EQ(*a.last()->services.at("shop").document, held);
  EXPECT_EQ(*node.last()->services.at("shop").document, held);
  const auto leases = connection.command({"ZRANGE", Keys(options.cluster).leases(), "0", "-1"});
  ASSERT_TRUE(leases);
  for (const Reply& name : leases->list)
    EXPECT_NE(name.text, "one") << "an instance has no lease of a process";
}

TEST_F(AgentInstances, those_of_the_configuration_come_by_themselves_and_follow_their_health) {
  Observed a(options, gateway_named("a"));
  Instance instance = instance_named("fixed", std::chrono::seconds(1));
  instance.origin = upstream::Origin::configured;
  a.agent.keep_instance(instance);
  a.start_linked();
  ASSERT_TRUE(wait_for_ring(a, "fixed"));
  a.agent.set_static_health("shop", "fixed", Status::down);
  ASSERT_TRUE(wait_for_ring(a, ""));
  a.agent.set_static_health("shop", "fixed", Status::up);
  ASSERT_TRUE(wait_for_ring(a, "fixed"));
  let_pass(std::chrono::milliseconds(1500));
  EXPECT_EQ(ring_of(a), "fixed") << "it is renewed";
  EXPECT_EQ(a.last()->instances_expired, 0U);
}

}  // namespace
}  // namespace wscluster::registry
