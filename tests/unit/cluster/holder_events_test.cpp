// SPDX-License-Identifier: MIT
// The application behind a service: what it hears, and what becomes of its answers.
#include <gtest/gtest.h>
#include <string>

#include "bench.hpp"
#include "wire/client_profile.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

class Application final : public Handler {
 public:
  void on_connected(const Caller& caller) override { heard += "+" + std::string(caller.user); }
  void on_disconnected(const Caller& caller, std::string_view reason) override {
    heard += "-" + std::string(caller.user) + "(" + std::string(reason) + ")";
  }
  bool on_event(const Caller& caller, const ClientEvent& event, std::uint64_t number) override {
    if (event.name == "unknown") return false;
    heard += "!" + std::string(event.name) + "=" + std::string(event.data) + "[" + std::string(caller.state) + "]";
    last = number;
    return true;
  }
  std::string take() { return std::exchange(heard, {}); }

  std::string heard;
  std::uint64_t last = 0;
};

EventReply text(std::string data) {
  return {true, {}, EventReply::Message{protocol::DataType::text, std::move(data)}, {}};
}

struct HolderEvents : testing::Test {
  explicit HolderEvents(RawMode raw = RawMode::relay) : bench(with(raw)) {
    bench.holder->set_handler(application);
    bench.adopt(epochs.view());
  }
  static ServiceOptions with(RawMode raw) {
    ServiceOptions options;
    options.raw = raw;
    return options;
  }
  void attach(wire::Subprotocol subprotocol, bool recovers = false) {
    wire::ClientProfile all;
    all.subprotocol = subprotocol;
    all.state = "before";
    const std::string as = wire::encode(all);
    wire::Attach request = HolderBench::request("alice", 1, id);
    request.profile = subprotocol == wire::Subprotocol::none ? std::string_view() : std::string_view(as);
    request.token = "token";
    request.recovers = recovers;
    bench.holder->on_attach(bench.now, edge_path, request);
    attached = bench.network.one<wire::Attached>(edge_link);
    heard();
  }
  std::string heard() {
    std::string all;
    for (const auto& down : bench.network.take<wire::Down>(edge_link)) {
      if (down.head != 0) protocol::append_message_head(all, down.head - 1);
      all += down.payload;
      all += '\n';
    }
    return all;
  }
  void say(std::string_view frame) { bench.holder->on_up(bench.now, {attached.holder, false, false, 0, 0, frame}); }
  void event(std::uint64_t ack_id, std::string_view name = "e") {
    say(R"({"type":"event","event":")" + std::string(name) + R"(","dataType":"text","data":"hi","ackId":)" +
        std::to_string(ack_id) + "}");
  }
  void detach(std::uint64_t code) {
    bench.holder->on_detach(bench.now, edge_path, {attached.holder, code, 0, 0, 1, 1});
  }
  void reply(EventReply what) { bench.holder->on_reply(bench.now, application.last, std::move(what)); }

  Application application;
  HolderBench bench;
  Epochs epochs{"a"};
  const std::string id = HolderBench::id_of(1);
  wire::Attached attached;
};

struct RawEvents : HolderEvents {
  RawEvents() : HolderEvents(RawMode::event) {}
};

TEST_F(HolderEvents, a_session_is_told_once_whatever_its_socket_does) {
  attach(wire::Subprotocol::reliable);
  EXPECT_EQ(application.take(), "+alice");
  detach(1006);
  attach(wire::Subprotocol::reliable, true);
  EXPECT_EQ(application.take(), "") << "a recovery is no event";
  detach(1000);
  EXPECT_EQ(application.take(), "-alice()");
}

TEST_F(HolderEvents, a_session_that_nobody_comes_back_to_is_told_when_it_ends) {
  attach(wire::Subprotocol::reliable);
  application.take();
  detach(1006);
  bench.pass(bench.options.retention / 2);
  EXPECT_EQ(application.take(), "");
  bench.pass(bench.options.retention);
  EXPECT_EQ(application.take(), "-alice()");
}

TEST_F(HolderEvents, an_answer_comes_before_its_ack_and_a_repeat_is_not_executed) {
  attach(wire::Subprotocol::reliable);
  event(7);
  EXPECT_EQ(application.take(), "+alice!e=hi[before]");
  EXPECT_EQ(heard(), "");
  reply(text("hello"));
  EXPECT_EQ(heard(),
            "{\"sequenceId\":1,\"type\":\"message\",\"from\":\"server\",\"dataType\":\"text\",\"data\":\"hello\"}\n"
            "{\"type\":\"ack\",\"ackId\":7,\"success\":true}\n");
  event(7);
  EXPECT_EQ(application.take(), "");
  EXPECT_NE(heard().find("Duplicate"), std::string::npos);
}

TEST_F(HolderEvents, a_failure_is_an_ack_error_and_may_be_tried_again) {
  attach(wire::Subprotocol::json);
  application.take();
  event(7);
  reply({false, "no", {}, {}});
  EXPECT_NE(heard().find(R"("error":{"name":"InvocationFailed","message":"no"})"), std::string::npos);
  event(7);
  EXPECT_EQ(application.take(), "!e=hi[before]!e=hi[before]");
}

TEST_F(HolderEvents, what_nobody_handles_is_an_ack_error) {
  attach(wire::Subprotocol::json);
  event(7, "unknown");
  EXPECT_NE(heard().find("nobody handles the event 'unknown'"), std::string::npos);
  EXPECT_EQ(bench.holder->counters().unhandled_events, 1U);
}

TEST_F(HolderEvents, a_state_stays_with_the_session) {
  attach(wire::Subprotocol::json);
  event(1);
  reply({true, {}, {}, "after"});
  event(2);
  EXPECT_EQ(application.take(), "+alice!e=hi[before]!e=hi[after]");
}

TEST_F(HolderEvents, a_close_waits_for_the_answer_and_its_ack) {
  attach(wire::Subprotocol::json);
  event(7);
  heard();
  bench.holder->on_evict(bench.now, {attached.holder, 2, 1012, "moved"});
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U);
  reply(text("hello"));
  EXPECT_NE(heard().find(R"("ackId":7,"success":true)"), std::string::npos);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 1U);
}

TEST_F(HolderEvents, an_answer_to_who_has_left_is_nobodys) {
  attach(wire::Subprotocol::json);
  event(7);
  detach(1000);
  reply(text("hello"));
  EXPECT_EQ(bench.holder->open_sends(), 0U);
}

TEST_F(HolderEvents, an_event_on_its_way_goes_along_and_its_answer_after_it) {
  const auto before = epochs.view();
  epochs.next("ab");
  const auto after = epochs.view();
  std::string uid = user_of({before, after}, "ab");
  wire::ClientProfile all;
  all.subprotocol = wire::Subprotocol::reliable;
  const std::string as = wire::encode(all);
  wire::Attach request = HolderBench::request(uid, 1, id);
  request.profile = as;
  bench.holder->on_attach(bench.now, edge_path, request);
  attached = bench.network.one<wire::Attached>(edge_link);
  event(7);
  application.take();
  bench.adopt(after);
  bench.pass(20ms);
  const auto snapshot = bench.network.one<wire::Snapshot>(link_b);
  wire::UserState state;
  ASSERT_TRUE(wire::decode_into(snapshot.bytes, state));
  ASSERT_EQ(state.sessions.size(), 1U);
  ASSERT_EQ(state.sessions[0].sends.size(), 1U);
  EXPECT_EQ(state.sessions[0].sends[0].purpose, wire::SendPurpose::event);
  EXPECT_EQ(state.sessions[0].sends[0].ack_id, 7U);
  bench.holder->on_prepared(bench.now, {"chat", uid, snapshot.handover, 2, 0, true});
  EXPECT_EQ(application.take(), "") << "a move is no event";
  reply({true, {}, EventReply::Message{protocol::DataType::json, "[1]"}, "s"});
  const auto outcome = bench.network.one<wire::Outcome>(link_b);
  ASSERT_EQ(outcome.reply.size(), 1U);
  EXPECT_TRUE(outcome.reply[0].is_done);
  EXPECT_EQ(outcome.reply[0].data, "[1]");
  EXPECT_EQ(outcome.reply[0].state, "s");
  EXPECT_EQ(outcome.number, state.sessions[0].sends[0].number);
}

TEST_F(RawEvents, messages_are_events_and_answers_are_bare) {
  attach(wire::Subprotocol::none);
  say("hi");
  EXPECT_EQ(application.take(), "+alice!message=hi[]");
  reply({true, {}, EventReply::Message{protocol::DataType::text, "hello"}, "s"});
  EXPECT_EQ(heard(), "hello\n");
  say("again");
  EXPECT_EQ(application.take(), "!message=again[s]");
}

TEST_F(RawEvents, a_failure_ends_the_connection) {
  attach(wire::Subprotocol::none);
  say("hi");
  reply({false, "no", {}, {}});
  EXPECT_EQ(bench.network.one<wire::Close>(edge_link).code, 1011U);
}

TEST_F(RawEvents, what_may_have_been_executed_is_not_sent_again) {
  attach(wire::Subprotocol::none);
  application.take();
  bench.holder->on_up(bench.now, {attached.holder, false, true, 0, 0, "hi"});
  EXPECT_EQ(application.take(), "");
}

}  // namespace
}  // namespace wscluster::cluster
