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
    options.max_open_sends = 8;
    network.nodes = {{"a", link_a}};
    attachments.adopt(now, epochs.view());
  }
  void on_attached(std::uint64_t s) override { events += "attached" + std::to_string(s) + " "; }
  void on_refused(std::uint64_t, Refusal reason) override {
    events += "refused" + std::to_string(static_cast<int>(reason)) + " ";
  }
  void deliver(std::uint64_t, bool, std::string_view head, std::string_view payload) override {
    events += std::string(head).append(payload) + " ";
  }
  void close(std::uint64_t, std::uint16_t code, std::string_view) override {
    events += "close" + std::to_string(code) + " ";
  }
  void pause(std::uint64_t, bool is_paused) override { events += is_paused ? "pause " : "continue "; }

  void pass(Duration time) {
    for (const TimePoint end = now + time; now < end;)
      attachments.tick(now += 10ms);
  }
  std::string seen() { return std::exchange(events, {}); }
  ClientInfo alice() const {
    ClientInfo client;
    client.uid = "alice";
    client.id = session::SessionId::make(epochs.view()->service("chat")->hash_of("alice"));
    return client;
  }
  void open() { ref = attachments.open(now, socket, options, alice(), now + 1s); }
  wire::Attach request(LinkId link = link_a) { return network.one<wire::Attach>(link); }
  void answer(const wire::Attach& asked, std::uint64_t life = 5, std::uint64_t accepted = 0, PathId path = path_a) {
    attachments.on_attached(now, path, {asked.edge, asked.number, 99, life, accepted, 1});
  }
  void known(const wire::Attach& asked) { attachments.on_detached(now, path_a, {asked.edge, asked.number}); }
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

  Epochs epochs{"a"};
  FakeNetwork network;
  std::pmr::unsynchronized_pool_resource pool;
  Attachments attachments{network, *this, pool};
  TimePoint now{std::chrono::hours(1)};
  ServiceOptions options;
  Attachments::Ref ref = 0;
  wire::Attach attach;
  std::string events;
};

TEST_F(AttachmentsTest, P0_19_the_client_is_upgraded_when_the_holder_has_answered) {
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
  const auto sent = request();
  answer(sent);
  EXPECT_EQ(network.one<wire::Detach>(link_a).holder, 99U) << "a late answer made a session that nobody uses";
  known(sent);
  EXPECT_EQ(attachments.size(), 0U);
  EXPECT_EQ(seen(), "");
}

TEST_F(AttachmentsTest, ends_the_session_of_an_answer_that_comes_when_the_socket_is_long_forgotten) {
  open();
  const auto sent = request();
  pass(20s);
  EXPECT_EQ(attachments.size(), 0U);
  answer(sent);
  EXPECT_EQ(network.one<wire::Detach>(link_a).holder, 99U);
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
  attachments.on_closed(now, ref, 1006);
  answer(sent);
  EXPECT_EQ(network.count<wire::Detach>(link_a), 1U);
  known(sent);
  EXPECT_EQ(attachments.size(), 0U);
  EXPECT_EQ(attachments.attached(), 0U);
}

TEST_F(AttachmentsTest, tries_again_after_a_refusal_and_waits_for_its_epoch) {
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
  attachments.on_answered(now, path_a, {attach.edge, attach.number, 3});
  EXPECT_EQ(seen(), "");
  attachments.on_answered(now, path_a, {attach.edge, attach.number, 4});
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
  attachments.on_answered(now, path_a, {attach.edge, attach.number, 1});
  const auto again = reattach(7);
  EXPECT_EQ(attachments.attached(), 0U);
  EXPECT_EQ(again.number, 2U);
  EXPECT_EQ(again.life, 5U);
  EXPECT_EQ(again.answered, 1U);
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
  attachments.on_closed(now, ref, 1001);
  const auto detach = network.one<wire::Detach>(link_a);
  EXPECT_EQ(detach.code, 1001U);
  EXPECT_EQ(detach.written, 1U);
  EXPECT_EQ(attachments.attached(), 0U);
  EXPECT_EQ(attachments.size(), 1U) << "until the holder knows";
  known(attach);
  EXPECT_EQ(attachments.size(), 0U);
}

TEST_F(AttachmentsTest, says_goodbye_again_when_the_link_breaks_before_the_holder_has_answered) {
  open_attached();
  attachments.on_closed(now, ref, 1001);
  const auto again = reattach(7);
  EXPECT_EQ(again.ended, 1001U);
  attachments.on_detached(now, make_path(7, wire::this_core), {again.edge, again.number});
  EXPECT_EQ(attachments.size(), 0U);
}

TEST_F(AttachmentsTest, remembers_its_counters_when_the_socket_closes_while_it_attaches_anew) {
  open_attached();
  down("m1", true);
  const auto again = reattach(7);
  attachments.on_written(ref, 1);
  attachments.on_closed(now, ref, 1006);
  answer(again, 5, 0, make_path(7, wire::this_core));
  EXPECT_EQ(network.one<wire::Detach>(7).written, 1U) << "a receipt hangs on it";
  EXPECT_EQ(seen(), "m1 ");
}

TEST_F(AttachmentsTest, tells_the_next_holder_of_a_socket_that_closed_while_it_was_attached_to_nobody) {
  open_attached();
  down("m1", true);
  attachments.on_written(ref, 1);
  reattach(7);
  attachments.on_closed(now, ref, 1001);
  const auto again = reattach(10);
  EXPECT_EQ(again.written, 1U);
  EXPECT_EQ(again.ended, 1001U);
  EXPECT_EQ(attachments.attached(), 0U);
  attachments.on_detached(now, make_path(10, wire::this_core), {again.edge, again.number});
  EXPECT_EQ(attachments.size(), 0U);
}

TEST_F(AttachmentsTest, says_nothing_of_what_was_written_to_a_holder_with_another_life) {
  open_attached();
  down("m1", true);
  attachments.on_written(ref, 1);
  const auto again = reattach(7);
  attachments.on_closed(now, ref, 1001);
  answer(again, 6, 0, make_path(7, wire::this_core));
  EXPECT_EQ(network.one<wire::Detach>(7).written, 0U);
}

TEST_F(AttachmentsTest, forgets_a_closed_socket_when_no_holder_can_be_reached_for_long) {
  open_attached();
  network.nodes.clear();
  attachments.on_link_down(now, link_a);
  attachments.on_closed(now, ref, 1006);
  pass(9s);
  EXPECT_EQ(attachments.size(), 1U);
  pass(2s);
  EXPECT_EQ(attachments.size(), 0U);
}

TEST_F(AttachmentsTest, forgets_a_closed_socket_that_was_refused_when_it_came_back) {
  open_attached();
  const auto again = reattach(7);
  const PathId path = make_path(7, wire::this_core);
  attachments.on_refused(now, path, {again.edge, again.number, wire::RefuseReason::full, 1});
  EXPECT_EQ(seen(), "close1013 ");
  attachments.on_closed(now, ref, 1013);
  pass(11s);
  EXPECT_EQ(attachments.size(), 0U);
}

TEST_F(AttachmentsTest, passes_a_close_on_but_not_one_of_an_older_attachment) {
  open_attached();
  attachments.on_close(now, path_a, {attach.edge, attach.number + 1, 1012, "x"});
  EXPECT_EQ(seen(), "");
  attachments.on_close(now, path_a, {attach.edge, attach.number, 1012, "epoch=2 after=5ms"});
  EXPECT_EQ(seen(), "close1012 ");
}

/// The user of a socket of node a goes to b in epoch 2.
struct MovedTest : AttachmentsTest {
  MovedTest() { network.nodes = {{"a", local_link}, {"b", link_b}}; }
  void attach_here() {
    open();
    attach = request(local_link);
    answer(attach, 5, 0, local_path);
    seen();
  }
  void adopt_next(const std::string& nodes) {
    epochs.next(nodes);
    attachments.adopt(now, epochs.view());
  }
  void moved(PathId path, std::uint64_t epoch, std::uint64_t closes = 0) {
    attachments.on_moved(now, path, {attach.edge, attach.number, epoch, closes, 500'000});
  }
  /// Attached at b, and to be closed in its turn.
  void move_with_a_close() {
    attach_here();
    adopt_next("Ab");
    moved(local_path, 2, 2);
    attach = request(link_b);
    answer(attach, 5, 0, path_b);
  }
  [[nodiscard]] DonorCount count() const { return attachments.donated().at({"chat", 2}); }
};

TEST_F(MovedTest, attaches_at_the_new_owner_with_its_counters) {
  attach_here();
  down("m1", false, local_path);
  attachments.on_written(ref, 1);
  attachments.on_frame(now, ref, false, "u1");
  network.take<wire::Up>(local_link);
  adopt_next("Ab");
  EXPECT_EQ(network.count<wire::Attach>(link_b), 0U) << "it is not there yet";
  moved(local_path, 2);
  const auto again = request(link_b);
  EXPECT_EQ(again.number, attach.number + 1);
  EXPECT_EQ(again.life, 5U);
  EXPECT_EQ(again.received, 1U);
  EXPECT_EQ(again.written, 1U);
  down("of the old attachment", false, local_path);
  EXPECT_EQ(seen(), "m1 ");
  answer(again, 5, 0, path_b);
  const auto up = network.one<wire::Up>(link_b);
  EXPECT_EQ(up.payload, "u1") << "the new holder has not had it";
  EXPECT_FALSE(up.maybe_executed);
  EXPECT_EQ(attachments.closes_pending(), 0U);
  pass(1s);
  EXPECT_EQ(seen(), "") << "the client notices nothing";
}

TEST_F(MovedTest, waits_for_the_epoch_that_names_the_new_owner) {
  attach_here();
  moved(local_path, 2);
  pass(500ms);
  EXPECT_EQ(network.count<wire::Attach>(local_link) + network.count<wire::Attach>(link_b), 0U);
  EXPECT_EQ(attachments.attached(), 0U);
  adopt_next("Ab");
  EXPECT_EQ(network.count<wire::Attach>(link_b), 1U);
}

TEST_F(MovedTest, ignores_what_an_older_attachment_says) {
  attach_here();
  adopt_next("Ab");
  attachments.on_moved(now, local_path, {attach.edge, attach.number + 1, 2, 0, 0});
  moved(path_b, 2);
  EXPECT_EQ(network.count<wire::Attach>(link_b), 0U);
  EXPECT_EQ(attachments.attached(), 1U);
}

TEST_F(MovedTest, the_end_of_a_socket_that_is_on_its_way_reaches_the_new_holder) {
  attach_here();
  down("m1", true, local_path);
  attachments.on_written(ref, 1);
  moved(local_path, 2);
  attachments.on_closed(now, ref, 1001);
  EXPECT_EQ(network.count<wire::Detach>(local_link), 0U);
  adopt_next("Ab");
  const auto last = request(link_b);
  EXPECT_EQ(last.ended, 1001U);
  EXPECT_EQ(last.written, 1U);
}

TEST_F(MovedTest, asks_for_its_close_when_its_turn_comes) {
  epochs.rate = 10;  // of which this core has the half
  move_with_a_close();
  EXPECT_EQ(attachments.closes_pending(), 1U);
  pass(150ms);
  EXPECT_EQ(network.count<wire::Evict>(link_b), 0U);
  pass(100ms);
  const auto evict = network.one<wire::Evict>(link_b);
  EXPECT_EQ(evict.holder, 99U);
  EXPECT_EQ(evict.epoch, 2U);
  EXPECT_EQ(evict.code, 1012U);
  EXPECT_TRUE(evict.text.starts_with("epoch=2 after=")) << evict.text;
  EXPECT_EQ(seen(), "") << "the holder says when";
  EXPECT_EQ(count().closed, 1U);
  EXPECT_EQ(count().forced, 0U);
  EXPECT_EQ(attachments.closes_pending(), 0U);
  EXPECT_EQ(attachments.counters().closed_for_change, 1U);
  attachments.on_close(now, path_b, {attach.edge, attach.number, 1012, evict.text});
  EXPECT_EQ(seen(), "close1012 ");
  attachments.on_closed(now, ref, 1012);
  EXPECT_EQ(count().gone, 0U);
}

TEST_F(MovedTest, keeps_no_budget_for_later_and_gives_one_after_the_other) {
  epochs.rate = 10;
  std::vector<wire::Attach> attaches;
  for (std::uint64_t s = 1; s <= 4; ++s) {
    static_cast<void>(attachments.open(now, s, options, alice(), now + 1s));
    attaches.push_back(request(local_link));
    answer(attaches.back(), 5, 0, local_path);
  }
  adopt_next("Ab");
  for (const auto& asked : attaches)
    attachments.on_moved(now, local_path, {asked.edge, asked.number, 2, 2, 500'000});
  pass(1s);
  EXPECT_EQ(network.count<wire::Evict>(link_b), 0U) << "nobody is attached, so nobody can say when";
  for (const auto& asked : network.take<wire::Attach>(link_b))
    answer(asked, 5, 0, path_b);
  pass(10ms);
  EXPECT_EQ(network.count<wire::Evict>(link_b), 1U);
  pass(250ms);
  EXPECT_EQ(network.count<wire::Evict>(link_b), 1U);
  EXPECT_EQ(attachments.closes_pending(), 2U);
}

TEST_F(MovedTest, closes_nobody_before_a_balancer_has_noticed) {
  epochs.lb_wait = 500ms;
  move_with_a_close();
  pass(480ms);
  EXPECT_EQ(network.count<wire::Evict>(link_b), 0U);
  pass(50ms);
  EXPECT_EQ(network.count<wire::Evict>(link_b), 1U);
}

TEST_F(MovedTest, closes_the_rest_at_the_deadline) {
  epochs.rate = 0.1;
  epochs.deadline = 500ms;
  move_with_a_close();
  pass(480ms);
  EXPECT_EQ(network.count<wire::Evict>(link_b), 0U);
  pass(50ms);
  EXPECT_EQ(network.count<wire::Evict>(link_b), 1U);
  EXPECT_EQ(count().closed, 1U);
  EXPECT_EQ(count().forced, 1U);
}

TEST_F(MovedTest, asks_each_new_holder_again_until_the_socket_is_gone) {
  move_with_a_close();
  pass(10ms);
  EXPECT_EQ(network.count<wire::Evict>(link_b), 1U);
  attachments.on_link_down(now, link_b);
  network.nodes["b"] = link_c;
  pass(10ms);
  answer(request(link_c), 5, 0, path_c);
  EXPECT_EQ(network.one<wire::Evict>(link_c).epoch, 2U);
  EXPECT_EQ(count().closed, 1U) << "once";
}

TEST_F(MovedTest, a_client_that_leaves_before_its_turn_is_gone) {
  epochs.rate = 0.1;
  move_with_a_close();
  attachments.on_closed(now, ref, 1000);
  EXPECT_EQ(count().gone, 1U);
  EXPECT_EQ(count().closed, 0U);
  pass(10ms);
  EXPECT_EQ(attachments.closes_pending(), 0U);
}

TEST_F(MovedTest, a_client_whose_user_comes_back_to_this_node_stays) {
  epochs.rate = 0.1;
  move_with_a_close();
  adopt_next("aB");
  moved(path_b, 3);
  attach = request(local_link);
  answer(attach, 5, 0, local_path);
  EXPECT_EQ(count().gone, 1U);
  epochs.rate = 0;
  pass(1s);
  EXPECT_EQ(network.count<wire::Evict>(local_link), 0U);
  EXPECT_EQ(attachments.closes_pending(), 0U);
}

TEST_F(MovedTest, forgets_the_counts_of_a_change_that_is_done) {
  move_with_a_close();
  pass(10ms);
  EXPECT_EQ(count().closed, 1U);
  pass(1s);
  EXPECT_EQ(attachments.donated().size(), 1U) << "they are told until then";
  epochs.done = 2;
  adopt_next("b");
  pass(100ms);
  EXPECT_TRUE(attachments.donated().empty());
}

}  // namespace
}  // namespace wscluster::cluster
