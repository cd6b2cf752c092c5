// SPDX-License-Identifier: MIT
#include "wire/codec.hpp"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <tuple>

#include "wire/user_state.hpp"

namespace wscluster::wire {
namespace {

Frame round_trip(const Frame& frame, const std::string& bytes) {
  Raw raw;
  EXPECT_EQ(cut(bytes, 1U << 20U, raw), CutStatus::ok);
  EXPECT_EQ(raw.size, bytes.size());
  auto decoded = decode(raw);
  EXPECT_TRUE(decoded);
  EXPECT_EQ(decoded->index(), frame.index());
  return *decoded;
}

TEST(Wire, a_hello_comes_back_with_its_list) {
  Hello hello;
  hello.cluster = "chat";
  hello.name = "node-1";
  hello.incarnation = 0xFEDCBA9876543210U;
  hello.is_gateway = true;
  hello.shards = 3;
  hello.epochs = {{"chat", 42, "abc"}, {"game", 7, ""}};
  std::string bytes;
  append(bytes, hello, 2);
  const auto back = std::get<Hello>(round_trip(hello, bytes));
  EXPECT_EQ(back.cluster, "chat");
  EXPECT_EQ(back.incarnation, hello.incarnation);
  EXPECT_TRUE(back.is_gateway);
  EXPECT_EQ(back.shards, 3U);
  ASSERT_EQ(back.epochs.size(), 2U);
  EXPECT_EQ(back.epochs[0].service, "chat");
  EXPECT_EQ(back.epochs[0].epoch, 42U);
  EXPECT_EQ(back.epochs[1].digest, "");
}

TEST(Wire, message_and_header_come_back) {
  Message message;
  message.service = "chat";
  message.uid = "bob";
  message.origin = 99;
  message.counter = 1000;
  message.after = 999;
  message.wait = Wait::queued;
  message.only = "one";
  message.excluded = "two";
  message.filter = "f";
  message.payload = std::string_view("\0\xff", 2);
  message.request = "request-1";
  std::string bytes;
  append(bytes, message, 3);
  Raw raw;
  ASSERT_EQ(cut(bytes, 1000, raw), CutStatus::ok);
  EXPECT_EQ(raw.to, 3);
  const auto back = std::get<Message>(round_trip(message, bytes));
  EXPECT_EQ(back.uid, "bob");
  EXPECT_EQ(back.counter, 1000U);
  EXPECT_EQ(back.wait, Wait::queued);
  EXPECT_EQ(back.only, "one");
  EXPECT_EQ(back.excluded, "two");
  EXPECT_EQ(back.filter, "f");
  EXPECT_EQ(back.payload, message.payload);
  EXPECT_EQ(back.request, "request-1");
}

TEST(Wire, what_is_not_sent_is_zero) {
  std::string bytes;
  append(bytes, Message{});
  EXPECT_EQ(bytes.size(), header_bytes);
  const auto message = std::get<Message>(round_trip(Message{}, bytes));
  EXPECT_EQ(message.wait, Wait::none);
  bytes.clear();
  append(bytes, Hello{});
  EXPECT_EQ(bytes.size(), header_bytes);
  bytes.clear();
  append(bytes, Close{});
  EXPECT_EQ(bytes.size(), header_bytes);
}

template <class F>
F come_back(const F& frame) {
  static std::string bytes;  // what the views of the result point to
  bytes.clear();
  append(bytes, frame);
  return std::get<F>(round_trip(frame, bytes));
}

TEST(Wire, frames_of_a_move_come_back) {
  const auto ask = come_back(Ask{"chat", "bob", 4});
  EXPECT_EQ(ask.uid, "bob");
  EXPECT_EQ(ask.epoch, 4U);
  EXPECT_EQ(come_back(None{"chat", "bob", 4}).epoch, 4U);

  const auto snapshot = come_back(Snapshot{"chat", "bob", 3, 4, "node-1", 0xFEDCBA9876543210U, 2, 100, 300, "bytes"});
  EXPECT_EQ(snapshot.handover, 3U);
  EXPECT_EQ(snapshot.epoch, 4U);
  EXPECT_EQ(snapshot.node, "node-1");
  EXPECT_EQ(snapshot.incarnation, 0xFEDCBA9876543210U);
  EXPECT_EQ(snapshot.shard, 2U);
  EXPECT_EQ(snapshot.offset, 100U);
  EXPECT_EQ(snapshot.total, 300U);
  EXPECT_EQ(snapshot.bytes, "bytes");

  const auto prepared = come_back(Prepared{"chat", "bob", 3, 9, 300, true});
  EXPECT_EQ(prepared.handover, 3U);
  EXPECT_EQ(prepared.incarnation, 9U);
  EXPECT_EQ(prepared.taken, 300U);
  EXPECT_TRUE(prepared.is_installed);

  const auto release = come_back(Release{"chat", "bob", 3, 9});
  EXPECT_EQ(release.handover, 3U);
  EXPECT_EQ(release.incarnation, 9U);

  const auto declined = come_back(Declined{"chat", "bob", 3, 5});
  EXPECT_EQ(declined.handover, 3U);
  EXPECT_EQ(declined.epoch, 5U);
}

TEST(Wire, what_edges_are_told_and_say_comes_back) {
  const auto moved = come_back(Moved{1, 2, 4, 3, 500'000});
  EXPECT_EQ(moved.edge, 1U);
  EXPECT_EQ(moved.number, 2U);
  EXPECT_EQ(moved.epoch, 4U);
  EXPECT_EQ(moved.closes, 3U);
  EXPECT_EQ(moved.share, 500'000U);

  const auto evict = come_back(Evict{8, 4, 1012, "epoch=4 after=5ms"});
  EXPECT_EQ(evict.holder, 8U);
  EXPECT_EQ(evict.epoch, 4U);
  EXPECT_EQ(evict.code, 1012U);
  EXPECT_EQ(evict.text, "epoch=4 after=5ms");

  const auto detach = come_back(Detach{8, 1001, 6, 5});
  EXPECT_EQ(detach.holder, 8U);
  EXPECT_EQ(detach.code, 1001U);
  EXPECT_EQ(detach.received, 6U);
  EXPECT_EQ(detach.written, 5U);

  const auto refusal = come_back(Refusal{17, RefuseReason::lacks_after, 4});
  EXPECT_EQ(refusal.counter, 17U);
  EXPECT_EQ(refusal.reason, RefuseReason::lacks_after);
  EXPECT_EQ(refusal.epoch, 4U);
}

TEST(Wire, a_receipt_comes_back) {
  const auto receipt = come_back(Receipt{17, ReceiptStatus::delivered, 2, 4, true});
  EXPECT_EQ(std::tuple(receipt.counter, receipt.status, receipt.sessions, receipt.epoch, receipt.is_duplicate),
            std::tuple(17U, ReceiptStatus::delivered, 2U, 4U, true));
}

TEST(Wire, an_outcome_comes_back) {
  const Outcome::Reply reply{true, "", true, 2, "hello", true, "s"};
  const auto outcome =
      come_back(Outcome{"chat", 9, 0x0200000000000001U, ReceiptStatus::delivered, 2, "node-3", 4, 1500, {reply}});
  ASSERT_EQ(outcome.reply.size(), 1U);
  EXPECT_TRUE(outcome.reply[0].is_done && outcome.reply[0].has_message && outcome.reply[0].has_state);
  EXPECT_EQ(outcome.reply[0].data_type, 2U);
  EXPECT_EQ(outcome.reply[0].data, "hello");
  EXPECT_EQ(outcome.reply[0].state, "s");
  EXPECT_EQ(outcome.begun_by, 9U);
  EXPECT_EQ(outcome.number, 0x0200000000000001U);
  EXPECT_EQ(outcome.status, ReceiptStatus::delivered);
  EXPECT_EQ(outcome.sessions, 2U);
  EXPECT_EQ(outcome.node, "node-3");
  EXPECT_EQ(outcome.epoch, 4U);
  EXPECT_EQ(outcome.latency_us, 1500U);
}

TEST(Wire, a_question_for_sessions_comes_back) {
  const auto list = come_back(ListSessions{7, "chat", "alice", "al", 100, true, "blue"});
  EXPECT_EQ(
      std::tuple(list.number, list.service, list.after, list.prefix, list.limit, list.is_misplaced, list.in_group),
      std::tuple(7U, "chat", "alice", "al", 100U, true, "blue"));
}

TEST(Wire, an_order_comes_back) {
  const std::string id(24, 'x');
  const std::string ids(48, 'y');
  const auto order = come_back(Order{7,
                                     "chat",
                                     Operation::grant,
                                     "bob",
                                     id,
                                     "alice",
                                     "blue",
                                     "userId ne null",
                                     ids,
                                     {{"a"}, {"b"}},
                                     1,
                                     4001,
                                     "go away",
                                     77,
                                     "packed"});
  EXPECT_EQ(std::tuple(order.origin, order.payload), std::tuple(77U, "packed"));
  EXPECT_EQ(std::tuple(order.number, order.service, order.operation, order.uid, order.session, order.after),
            std::tuple(7U, "chat", Operation::grant, "bob", id, "alice"));
  EXPECT_EQ(std::tuple(order.in_group, order.filter, order.excluded, order.permission, order.code, order.text),
            std::tuple("blue", "userId ne null", ids, 1U, 4001U, "go away"));
  ASSERT_EQ(order.groups.size(), 2U);
  EXPECT_EQ(order.groups[0].name, "a");
  EXPECT_EQ(order.groups[1].name, "b");
}

TEST(Wire, sessions_come_back_with_all_that_their_holder_knows) {
  const std::string id(24, 'x');
  const SessionEntry entry{"bob", id, 0xFEDCBA9876543210U, 5000, true, 300, true, 1012, 9, 1, 20, 3, 40, "b", 6000};
  const auto back = come_back(Sessions{7, Finding::done, 4, {entry, SessionEntry{}}, "zoe", 2, 30, 1, 5, 6, 70, true});
  EXPECT_EQ(std::tuple(back.number, back.finding, back.epoch, back.through, back.held, back.held_bytes),
            std::tuple(7U, Finding::done, 4U, "zoe", 2U, 30U));
  EXPECT_EQ(std::tuple(back.count, back.refused, back.moving, back.came, back.is_settled),
            std::tuple(1U, 5U, 6U, 70U, true));
  ASSERT_EQ(back.entries.size(), 2U);
  const SessionEntry& e = back.entries[0];
  EXPECT_EQ(std::tuple(e.uid, e.session, e.process, e.age_ms, e.is_detached, e.detached_ms, e.is_moving),
            std::tuple("bob", id, 0xFEDCBA9876543210U, 5000U, true, 300U, true));
  EXPECT_EQ(std::tuple(e.close_code, e.life, e.in_flight, e.in_flight_bytes, e.waiting, e.waiting_bytes),
            std::tuple(1012U, 9U, 1U, 20U, 3U, 40U));
  EXPECT_EQ(std::tuple(e.owner, e.misplaced_ms), std::tuple("b", 6000U));
}

TEST(Wire, a_user_comes_back_with_everything_that_is_known) {
  const std::string id(24, 'x');
  UserState state;
  state.schema = user_state_schema;
  state.life = 0xFEDCBA9876543210U;
  state.born = 2;
  state.hold_ms = 9000;
  state.early_returns = 1;
  SessionState session;
  session.id = id;
  session.life = 0x0123456789ABCDEFU;
  session.accepted = 10;
  session.covered = 4;
  session.sent = 5;
  session.close_code = 1012;
  session.close_text = "epoch=2";
  session.closes = 3;
  session.is_uncounted = true;
  session.evicted = 2;
  session.age_ms = 60'000;
  session.frames = {{true, 77, 5, std::string_view("\0\xff", 2)}, {false, 0, 0, "text"}};
  session.sends = {{1, 12, "carol", R"("id")"}};
  state.sessions = {session};
  state.executed = {{77, 5, Wait::delivered, 1, 2, true, true, true, ReceiptStatus::queued, 3, 1, 78, 4}};
  state.origins = {{77, 5, 4}};
  state.held = {{77, 6, 100, 200, "held"}};
  state.expected = {{2, 150}};
  state.requests = {{"request-1", 78, 4, true, ReceiptStatus::delivered, 2, 3000}};
  const std::string bytes = encode(state);
  UserState back;
  ASSERT_TRUE(decode_into(bytes, back));
  EXPECT_EQ(back.schema, user_state_schema);
  EXPECT_EQ(back.life, state.life);
  EXPECT_EQ(back.born, 2U);
  EXPECT_EQ(back.hold_ms, 9000U);
  EXPECT_EQ(back.early_returns, 1U);
  ASSERT_EQ(back.sessions.size(), 1U);
  const SessionState& s = back.sessions[0];
  EXPECT_EQ(s.id, id);
  EXPECT_EQ(s.life, session.life);
  EXPECT_EQ(s.accepted, 10U);
  EXPECT_EQ(s.covered, 4U);
  EXPECT_EQ(s.sent, 5U);
  EXPECT_EQ(s.close_code, 1012U);
  EXPECT_EQ(s.close_text, "epoch=2");
  EXPECT_EQ(s.closes, 3U);
  EXPECT_TRUE(s.is_uncounted);
  EXPECT_EQ(s.evicted, 2U);
  EXPECT_EQ(s.age_ms, 60'000U);
  ASSERT_EQ(s.frames.size(), 2U);
  EXPECT_TRUE(s.frames[0].is_binary);
  EXPECT_EQ(s.frames[0].origin, 77U);
  EXPECT_EQ(s.frames[0].counter, 5U);
  EXPECT_EQ(s.frames[0].payload, session.frames[0].payload);
  EXPECT_EQ(s.frames[1].payload, "text");
  ASSERT_EQ(s.sends.size(), 1U);
  EXPECT_EQ(s.sends[0].begun_by, 1U);
  EXPECT_EQ(s.sends[0].number, 12U);
  EXPECT_EQ(s.sends[0].to, "carol");
  EXPECT_EQ(s.sends[0].id, R"("id")");
  ASSERT_EQ(back.executed.size(), 1U);
  const ExecutedState& e = back.executed[0];
  EXPECT_EQ(std::tuple(e.origin, e.counter, e.wait, e.pending, e.written),
            std::tuple(77U, 5U, Wait::delivered, 1U, 2U));
  EXPECT_TRUE(e.is_unsure && e.is_held && e.is_answered);
  EXPECT_EQ(e.status, ReceiptStatus::queued);
  EXPECT_EQ(e.sessions, 3U);
  EXPECT_EQ(std::pair(e.first_origin, e.first_counter), std::pair(std::uint64_t{78}, std::uint64_t{4}));
  ASSERT_EQ(back.requests.size(), 1U);
  const RequestState& r = back.requests[0];
  EXPECT_EQ(std::tuple(r.id, r.origin, r.counter, r.is_answered, r.status, r.sessions, r.answered_ms_ago),
            std::tuple("request-1", 78U, 4U, true, ReceiptStatus::delivered, 2U, 3000U));
  ASSERT_EQ(back.origins.size(), 1U);
  EXPECT_EQ(std::tuple(back.origins[0].origin, back.origins[0].counter, back.origins[0].settled),
            std::tuple(77U, 5U, 4U));
  ASSERT_EQ(back.held.size(), 1U);
  const HeldState& h = back.held[0];
  EXPECT_EQ(std::tuple(h.origin, h.counter, h.deadline_ms, h.expires_ms), std::tuple(77U, 6U, 100U, 200U));
  EXPECT_EQ(h.payload, "held");
  ASSERT_EQ(back.expected.size(), 1U);
  EXPECT_EQ(std::pair(back.expected[0].epoch, back.expected[0].closed_ms_ago),
            std::pair(std::uint64_t{2}, std::uint64_t{150}));
  UserState cut_off;
  EXPECT_FALSE(decode_into(std::string_view(bytes).substr(0, bytes.size() - 1), cut_off));
}

TEST(Wire, a_frame_cut_anywhere_is_incomplete) {
  std::string bytes;
  append(bytes, Down{1, 2, false, true, 3, "payload"});
  Raw raw;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_EQ(cut(std::string_view(bytes).substr(0, n), 1000, raw), CutStatus::incomplete) << n;
  }
}

TEST(Wire, a_frame_over_the_limit_is_refused_by_its_header) {
  std::string bytes;
  append(bytes, Down{1, 2, false, false, 3, std::string(2000, 'x')});
  Raw raw;
  EXPECT_EQ(cut(std::string_view(bytes).substr(0, 4), 1000, raw), CutStatus::too_large);
  EXPECT_EQ(cut(std::string_view("\0\0\0\0", 4), 1000, raw), CutStatus::too_large);
}

TEST(Wire, unknown_fields_are_skipped_and_unknown_types_named) {
  std::string bytes;
  append(bytes, Settled{"chat", 5, 6});
  bytes += std::string("\x7c\x05", 2);                // field 31, varint 5
  bytes += std::string("\x7e\x02zz", 4);              // field 31, bytes
  bytes += std::string("\x7d\1\2\3\4\5\6\7\x08", 9);  // field 31, fixed
  bytes[0] = static_cast<char>(bytes.size() - 4);
  const auto back = std::get<Settled>(round_trip(Settled{}, bytes));
  EXPECT_EQ(back.service, "chat");
  EXPECT_EQ(back.counter, 6U);
  const auto unknown = decode(Raw{static_cast<FrameType>(200), 0, "", 0});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::not_found);
}

TEST(Wire, broken_fields_are_refused) {
  for (const std::string& body :
       {std::string("\x80"), std::string("\x06\x05zz"), std::string("\x01\x01"), std::string("\x03"),
        std::string("\x00\x00", 2), std::string("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"),
        std::string("\x04\x01")}) {
    EXPECT_FALSE(decode(Raw{FrameType::settled, 0, body, 0})) << testing::PrintToString(body);
  }
}

TEST(Wire, random_bytes_never_crash) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string body(random() % 40, '\0');
    for (auto& c : body)
      c = static_cast<char>(random());
    const auto result = decode(Raw{static_cast<FrameType>(random() % 70), 0, body, 0});
    EXPECT_TRUE(result || !result.error().message.empty());
  }
}

}  // namespace
}  // namespace wscluster::wire
