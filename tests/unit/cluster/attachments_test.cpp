// SPDX-License-Identifier: MIT
#include "cluster/attachments.hpp"

#include <gtest/gtest.h>

#include "bench.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t socket = 31;

struct AttachmentsTest : testing::Test, Sockets {
  AttachmentsTest() {
    options.name = "chat";
    options.window_messages = 8;
    network.nodes = {{"a", link_a}};
    attachments.adopt(now, Epochs("a").view());
  }
  void on_attached(std::uint64_t s) override { events += "attached" + std::to_string(s) + " "; }
  void on_refused(std::uint64_t, Refusal reason) override {
    events += "refused" + std::to_string(static_cast<int>(reason)) + " ";
  }
  void deliver(std::uint64_t, bool, std::string_view payload) override { events += std::string(payload) + " "; }
  void close(std::uint64_t, std::uint16_t code, std::string_view) override {
    events += "close" + std::to_string(code) + " ";
  }
  void pause(std::uint64_t, bool is_paused) override { events += is_paused ? "pause " : "continue "; }

  void pass(Duration time) {
    for (const TimePoint end = now + time; now < end;)
      attachments.tick(now += 10ms);
  }
  std::string seen() { return std::exchange(events, {}); }
  void open() { ref = attachments.open(now, socket, options, "alice", now + 1s); }
  wire::Attach request(LinkId link = link_a) { return network.one<wire::Attach>(link); }
  void answer(const wire::Attach& asked, std::uint64_t life = 5, std::uint64_t accepted = 0, PathId path = path_a) {
    attachments.on_attached(now, path, {asked.edge, asked.number, 99, life, accepted, 1});
  }
  void open_attached() {
    open();
    attach = request();
    answer(attach);
    seen();
  }
  void down(std::string_view payload, bool tell_written = false, PathId path = path_a) {
    attachments.on_down(now, path, {attach.edge, attach.number, false, tell_written, 0, payload});
  }
  /// The link breaks, and another one is there at once.
  wire::Attach reattach(LinkId link) {
    attachments.on_link_down(now, network.nodes["a"]);
    network.nodes["a"] = link;
    pass(20ms);
    return attach = request(link);
  }

  FakeNetwork network;
  std::pmr::unsynchronized_pool_resource pool;
  Attachments attachments{network, *this, pool};
  TimePoint now{std::chrono::hours(1)};
  ServiceOptions options;
  Attachments::Ref ref = 0;
  wire::Attach attach;
  std::string events;
};

TEST_F(AttachmentsTest, the_client_is_upgraded_when_the_holder_has_answered) {
  open();
  const auto sent = request();
  EXPECT_EQ(sent.uid, "alice");
  EXPECT_EQ(sent.number, 1U);
  EXPECT_EQ(sent.life, 0U);
  EXPECT_EQ(sent.session.size(), 24U);
  attachments.on_frame(now, ref, false, "early");
  EXPECT_EQ(network.count<wire::Up>(link_a), 0U);
  answer(sent);
  EXPECT_EQ(seen(), "attached31 ");
  EXPECT_EQ(network.one<wire::Up>(link_a).payload, "early");
  EXPECT_EQ(attachments.attached(), 1U);
}

TEST_F(AttachmentsTest, opens_nothing_for_a_service_without_a_view) {
  options.name = "other";
  open();
  EXPECT_EQ(ref, 0U);
  EXPECT_EQ(attachments.size(), 0U);
}

TEST_F(AttachmentsTest, refuses_the_client_at_the_deadline) {
  open();
  pass(900ms);
  EXPECT_EQ(seen(), "");
  pass(200ms);
  EXPECT_EQ(seen(), "refused2 ");
  EXPECT_EQ(attachments.size(), 0U);
  answer(request());
  EXPECT_EQ(network.one<wire::Detach>(link_a).holder, 99U) << "a late answer made a session that nobody uses";
  EXPECT_EQ(seen(), "");
}

TEST_F(AttachmentsTest, refuses_at_the_deadline_without_any_link_as_well) {
  network.nodes.clear();
  open();
  pass(1100ms);
  EXPECT_EQ(seen(), "refused2 ");
}

TEST_F(AttachmentsTest, ends_a_session_whose_client_left_before_it_was_attached) {
  open();
  const auto sent = request();
  attachments.on_closed(ref, 1006);
  EXPECT_EQ(attachments.size(), 0U);
  answer(sent);
  EXPECT_EQ(network.count<wire::Detach>(link_a), 1U);
  EXPECT_EQ(attachments.attached(), 0U);
}

TEST_F(AttachmentsTest, tries_again_after_a_refusal_and_waits_for_its_epoch) {
  Epochs epochs("a");
  open();
  const auto first = request();
  attachments.on_refused(now, path_a, {first.edge, first.number, wire::RefuseReason::not_owner, 1});
  pass(50ms);
  const auto second = request();
  EXPECT_EQ(second.number, 2U);
  attachments.on_refused(now, path_a, {second.edge, second.number, wire::RefuseReason::not_owner, 2});
  pass(300ms);
  EXPECT_EQ(network.count<wire::Attach>(link_a), 0U);
  epochs.next("ab");
  epochs.peers = "a";
  attachments.adopt(now, epochs.view());
  answer(first);
  EXPECT_EQ(seen(), "") << "an answer to an older attach means nothing";
}

TEST_F(AttachmentsTest, tells_the_client_when_the_user_has_too_many_sessions) {
  open();
  const auto sent = request();
  attachments.on_refused(now, path_a, {sent.edge, sent.number, wire::RefuseReason::full, 1});
  EXPECT_EQ(seen(), "refused1 ");
  EXPECT_EQ(attachments.size(), 0U);
}

TEST_F(AttachmentsTest, pauses_a_client_that_is_ahead_of_its_holder) {
  open_attached();
  for (int i = 0; i < 8; ++i)
    attachments.on_frame(now, ref, false, "x");
  EXPECT_EQ(seen(), "pause ");
  attachments.on_accepted(now, path_a, {attach.edge, attach.number, 3});
  EXPECT_EQ(seen(), "");
  attachments.on_accepted(now, path_a, {attach.edge, attach.number, 4});
  EXPECT_EQ(seen(), "continue ");
}

TEST_F(AttachmentsTest, tells_at_once_what_is_written_when_somebody_waits_and_later_otherwise) {
  open_attached();
  down("m1");
  attachments.on_written(ref, 1);
  EXPECT_EQ(network.count<wire::Progress>(link_a), 0U);
  pass(60ms);
  EXPECT_EQ(network.one<wire::Progress>(link_a).written, 1U);
  down("m2", true);
  attachments.on_frame(now, ref, false, "between");
  attachments.on_written(ref, 2);
  EXPECT_EQ(network.one<wire::Progress>(link_a).written, 2U);
}

TEST_F(AttachmentsTest, attaches_anew_after_a_broken_link_with_its_three_counters) {
  open_attached();
  down("m1");
  down("m2");
  attachments.on_written(ref, 1);
  for (const char* up : {"u1", "u2", "u3"})
    attachments.on_frame(now, ref, false, up);
  attachments.on_accepted(now, path_a, {attach.edge, attach.number, 1});
  const auto again = reattach(7);
  EXPECT_EQ(attachments.attached(), 0U);
  EXPECT_EQ(again.number, 2U);
  EXPECT_EQ(again.life, 5U);
  EXPECT_EQ(again.accepted, 1U);
  EXPECT_EQ(again.received, 2U);
  EXPECT_EQ(again.written, 1U);
  down("stale", false, path_a);
  attachments.on_written(ref, 2);
  seen();
  answer(again, 5, 2, make_path(7, wire::this_core));
  const auto ups = network.take<wire::Up>(7);
  ASSERT_EQ(ups.size(), 1U);
  EXPECT_EQ(ups[0].payload, "u3");
  EXPECT_FALSE(ups[0].maybe_executed);
  EXPECT_EQ(ups[0].written, 2U) << "written while the answer was under way";
  EXPECT_EQ(seen(), "") << "the client notices nothing";
}

TEST_F(AttachmentsTest, tells_what_was_written_between_attach_and_answer) {
  open_attached();
  down("m1", true);
  const auto again = reattach(7);
  attachments.on_written(ref, 1);
  EXPECT_EQ(network.count<wire::Progress>(7), 0U);
  answer(again, 5, 0, make_path(7, wire::this_core));
  EXPECT_EQ(network.one<wire::Progress>(7).written, 1U);
}

TEST_F(AttachmentsTest, starts_its_counters_again_and_marks_what_it_ever_sent_under_a_new_life) {
  open_attached();
  down("m1");
  down("m2");
  attachments.on_frame(now, ref, false, "u1");
  const auto again = reattach(7);
  attachments.on_frame(now, ref, false, "u2");
  const PathId path = make_path(7, wire::this_core);
  answer(again, 6, 0, path);
  const auto ups = network.take<wire::Up>(7);
  ASSERT_EQ(ups.size(), 2U);
  EXPECT_TRUE(ups[0].maybe_executed);
  EXPECT_FALSE(ups[1].maybe_executed);
  EXPECT_EQ(ups[0].received, 0U);
  down("n1", true, path);
  attachments.on_written(ref, 2);
  EXPECT_EQ(network.count<wire::Progress>(7), 0U) << "those were of the old life";
  attachments.on_written(ref, 3);
  EXPECT_EQ(network.one<wire::Progress>(7).written, 1U);
}

TEST_F(AttachmentsTest, says_goodbye_with_its_counters) {
  open_attached();
  down("m1");
  attachments.on_written(ref, 1);
  attachments.on_closed(ref, 1001);
  const auto detach = network.one<wire::Detach>(link_a);
  EXPECT_EQ(detach.code, 1001U);
  EXPECT_EQ(detach.written, 1U);
  EXPECT_EQ(attachments.size(), 0U);
  EXPECT_EQ(attachments.attached(), 0U);
}

TEST_F(AttachmentsTest, remembers_its_counters_when_the_socket_closes_while_it_attaches_anew) {
  open_attached();
  down("m1", true);
  const auto again = reattach(7);
  attachments.on_written(ref, 1);
  attachments.on_closed(ref, 1006);
  answer(again, 5, 0, make_path(7, wire::this_core));
  EXPECT_EQ(network.one<wire::Detach>(7).written, 1U) << "a receipt hangs on it";
  EXPECT_EQ(attachments.size(), 0U);
  EXPECT_EQ(seen(), "m1 ");
}

TEST_F(AttachmentsTest, forgets_a_closed_socket_when_the_answer_cannot_come_any_more) {
  open_attached();
  reattach(7);
  attachments.on_closed(ref, 1006);
  attachments.on_link_down(now, 7);
  EXPECT_EQ(attachments.size(), 0U);
}

TEST_F(AttachmentsTest, passes_a_close_on_but_not_one_of_an_older_attachment) {
  open_attached();
  attachments.on_close(now, path_a, {attach.edge, attach.number + 1, 1012, "x"});
  EXPECT_EQ(seen(), "");
  attachments.on_close(now, path_a, {attach.edge, attach.number, 1012, "epoch=2 after=5ms"});
  EXPECT_EQ(seen(), "close1012 ");
}

}  // namespace
}  // namespace wscluster::cluster
