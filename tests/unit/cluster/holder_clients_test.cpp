// SPDX-License-Identifier: MIT
// Clients that speak a subprotocol.
#include <gtest/gtest.h>
#include <string>

#include "bench.hpp"
#include "session/permissions.hpp"
#include "wire/client_profile.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

struct HolderClients : testing::Test {
  HolderClients() { bench.adopt(Epochs("a").view()); }

  static std::string profile(wire::Subprotocol subprotocol) {
    session::Permissions permissions;
    permissions.grant_all(session::Permission::send_to_group);
    const std::string encoded = permissions.encode();
    wire::ClientProfile all;
    all.subprotocol = subprotocol;
    all.permissions = encoded;
    return wire::encode(all);
  }
  /// On link 9; returns what the client was told first.
  std::string attach(wire::Subprotocol subprotocol, std::uint64_t edge = 1, bool recovers = false,
                     std::uint64_t life = 0) {
    const std::string as = profile(subprotocol);
    wire::Attach request = HolderBench::request("alice", edge, id);
    request.profile = as;
    request.token = "token";
    request.recovers = recovers;
    request.life = life;
    bench.holder->on_attach(bench.now, edge_path, request);
    attached = bench.network.one<wire::Attached>(edge_link);
    return heard();
  }
  /// All that came down, with the heads that the edge puts before it.
  std::string heard() {
    std::string all;
    for (const auto& down : bench.network.take<wire::Down>(edge_link)) {
      if (down.head != 0) protocol::append_message_head(all, down.head - 1);
      all += down.payload;
    }
    return all;
  }
  void say(std::string_view frame) { bench.holder->on_up(bench.now, {attached.holder, false, false, 0, 0, frame}); }
  void detach(std::uint64_t code) {
    bench.holder->on_detach(bench.now, edge_path, {attached.holder, code, 0, 0, 1, 1});
  }

  HolderBench bench;
  const std::string id = HolderBench::id_of(1);
  wire::Attached attached;
};

TEST_F(HolderClients, hear_who_they_are_before_anything_else) {
  const std::string text = session::SessionId::from_bytes(id).text();
  EXPECT_EQ(attach(wire::Subprotocol::reliable),
            R"({"type":"system","event":"connected","userId":"alice","connectionId":")" + text +
                R"(","reconnectionToken":"token"})");
}

TEST_F(HolderClients, messages_have_sequence_ids_only_when_the_client_is_reliable) {
  attach(wire::Subprotocol::reliable);
  bench.message("alice", 1, "hi");
  EXPECT_EQ(heard(), R"({"sequenceId":1,"type":"message","from":"server","dataType":"text","data":"hi"})");
}

TEST_F(HolderClients, without_acknowledgement_have_none) {
  attach(wire::Subprotocol::json);
  bench.message("alice", 1, "hi");
  EXPECT_EQ(heard(), R"({"type":"message","from":"server","dataType":"text","data":"hi"})");
}

TEST_F(HolderClients, a_message_to_a_user_is_acknowledged_when_it_was_taken_and_executed_once) {
  attach(wire::Subprotocol::reliable);
  const std::string_view frame = R"({"type":"sendToGroup","group":"user:bob","ackId":5,"data":1})";
  say(frame);
  say(frame);
  const auto message = bench.network.one<wire::Message>(link_a);
  EXPECT_EQ(message.uid, "bob");
  EXPECT_EQ(heard(), "") << "the second waits for what becomes of the first";
  bench.sender.on_receipt(bench.now, make_path(link_a, 0),
                          {message.counter, wire::ReceiptStatus::offline, 0, 1, false});
  EXPECT_EQ(bench.network.count<wire::Message>(link_a), 0U);
  const std::string answers = heard();
  EXPECT_TRUE(answers.starts_with(R"({"type":"ack","ackId":5,"success":true})")) << answers;
  EXPECT_NE(answers.find("Duplicate"), std::string::npos);
}

TEST_F(HolderClients, are_told_what_their_roles_do_not_allow) {
  attach(wire::Subprotocol::json);
  say(R"({"type":"joinGroup","group":"g","ackId":1})");
  EXPECT_NE(heard().find(R"("name":"Forbidden")"), std::string::npos);
  say(R"({"type":"event","event":"e","ackId":2,"data":1})");
  EXPECT_NE(heard().find(R"("name":"InvocationFailed")"), std::string::npos);
  EXPECT_EQ(bench.network.count<wire::Message>(link_a), 0U);
}

TEST_F(HolderClients, that_break_the_rules_are_told_and_closed_for_good) {
  attach(wire::Subprotocol::reliable);
  say("{");
  EXPECT_NE(heard().find("disconnected"), std::string::npos);
  EXPECT_EQ(bench.network.one<wire::Close>(edge_link).code, 1007U);
  detach(1007);
  EXPECT_EQ(bench.holder->sessions(), 0U) << "there is nothing to come back to";
}

TEST_F(HolderClients, come_back_to_a_reliable_session_and_get_what_they_have_not_acknowledged) {
  attach(wire::Subprotocol::reliable);
  bench.message("alice", 1, "one");
  bench.message("alice", 2, "two", 1);
  say(R"({"type":"sequenceAck","sequenceId":1})");
  heard();
  detach(1006);
  EXPECT_EQ(bench.holder->sessions(), 1U);
  bench.message("alice", 3, "three", 2);
  const std::string again = attach(wire::Subprotocol::reliable, 2, true);
  EXPECT_EQ(again.find("one"), std::string::npos);
  EXPECT_NE(again.find(R"("sequenceId":2,"type":"message","from":"server","dataType":"text","data":"two")"),
            std::string::npos);
  EXPECT_NE(again.find(R"("sequenceId":3,)"), std::string::npos);
}

TEST_F(HolderClients, a_normal_close_ends_the_session_and_so_does_its_retention) {
  attach(wire::Subprotocol::reliable);
  detach(1000);
  EXPECT_EQ(bench.holder->sessions(), 0U);
  attach(wire::Subprotocol::reliable);
  detach(1005);
  bench.pass(29s);
  EXPECT_EQ(bench.holder->sessions(), 1U);
  bench.pass(2s);
  EXPECT_EQ(bench.holder->sessions(), 0U);
}

TEST_F(HolderClients, hear_at_once_that_there_is_nothing_to_come_back_to) {
  const std::string as = profile(wire::Subprotocol::reliable);
  wire::Attach request = HolderBench::request("alice", 1, id);
  request.profile = as;
  request.recovers = true;
  bench.holder->on_attach(bench.now, edge_path, request);
  EXPECT_EQ(bench.network.one<wire::Refused>(edge_link).reason, wire::RefuseReason::gone);
  request.recovers = false;
  request.life = 5;
  request.number = 2;
  bench.holder->on_attach(bench.now, edge_path, request);
  EXPECT_EQ(bench.network.one<wire::Refused>(edge_link).reason, wire::RefuseReason::gone) << "its state was lost";
}

TEST_F(HolderClients, who_never_acknowledges_is_ended) {
  ServiceOptions options;
  options.unacknowledged_messages = 2;
  HolderBench small(options);
  small.adopt(Epochs("a").view());
  const std::string as = profile(wire::Subprotocol::reliable);
  wire::Attach request = HolderBench::request("alice", 1, id);
  request.profile = as;
  small.holder->on_attach(small.now, edge_path, request);
  for (std::uint64_t counter = 1; counter <= 3; ++counter)
    small.message("alice", counter, "m", counter - 1);
  EXPECT_EQ(small.network.one<wire::Close>(edge_link).code, 1008U);
}

}  // namespace
}  // namespace wscluster::cluster
