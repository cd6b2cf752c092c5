// SPDX-License-Identifier: MIT
#include "websocket/decoder.hpp"

#include "recorder.hpp"

#include <gtest/gtest.h>

namespace wscluster::websocket {
namespace {

using namespace std::string_literals;
using Events = std::vector<std::string>;

/// Whole and byte by byte must come to the same; the result is that of both.
Outcome decode(std::string_view bytes, Role role = Role::server, std::uint64_t limit = default_max_message_bytes) {
  Outcome outcome{};
  for (const std::size_t piece : {bytes.size() + 1, std::size_t{1}}) {
    Decoder decoder(role, limit);
    Recorder recorder;
    const Status status = feed_in_pieces(decoder, bytes, piece, recorder);
    EXPECT_EQ(status.ok(), status.text.empty());
    if (!status.ok()) {
      EXPECT_TRUE(decoder.has_ended());
      EXPECT_EQ(decoder.held_bytes(), 0U);
    }
    if (piece == 1) {
      EXPECT_EQ(recorder.events, outcome.events);
      EXPECT_EQ(status.close_code, outcome.code);
    }
    outcome = {recorder.events, status.close_code};
  }
  return outcome;
}

void expect_events(std::string_view bytes, const Events& events, Role role = Role::server) {
  const Outcome outcome = decode(bytes, role);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.events, events);
}

void expect_violation(std::string_view bytes, std::uint16_t code, const Events& events_before = {}) {
  const Outcome outcome = decode(bytes);
  EXPECT_EQ(outcome.code, code) << testing::PrintToString(std::string(bytes.substr(0, 40)));
  EXPECT_EQ(outcome.events, events_before);
}

/// A client's frame with any first two bytes and length field; the mask is zero.
std::string raw(unsigned first, unsigned second, std::string_view extended = "", std::string_view payload = "") {
  std::string out{static_cast<char>(first), static_cast<char>(second)};
  return out.append(extended).append(4, '\0').append(payload);
}

TEST(Decoder, messages_of_every_length_form_arrive) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 128U, 65535U, 65536U}) {
    const std::string payload(size, '*');
    expect_events(client_frame(Opcode::text, payload), {"text:" + payload});
    expect_events(client_frame(Opcode::binary, payload), {"binary:" + payload});
    expect_events(server_frame(Opcode::text, payload), {"text:" + payload}, Role::client);
  }
}

TEST(Decoder, several_frames_in_one_read_arrive_in_order) {
  expect_events(client_frame(Opcode::text, "a") + client_frame(Opcode::ping, "p") + client_frame(Opcode::pong, "") +
                    client_frame(Opcode::binary, "b") + client_frame(Opcode::text, ""),
                {"text:a", "ping:p", "pong:", "binary:b", "text:"});
}

TEST(Decoder, a_whole_message_is_not_copied_and_costs_no_memory) {
  std::string bytes = client_frame(Opcode::text, "first") + client_frame(Opcode::text, "second");
  Decoder decoder(Role::server);
  Recorder recorder;
  ASSERT_TRUE(decoder.feed(bytes, recorder).ok());
  EXPECT_EQ(recorder.last_payload, bytes.data() + bytes.size() - 6);
  EXPECT_EQ(decoder.held_bytes(), 0U);
  EXPECT_TRUE(decoder.is_idle());
}

TEST(Decoder, fragments_are_joined_around_control_frames) {
  expect_events(client_frame(Opcode::text, "one ", false) + client_frame(Opcode::ping, "1") +
                    client_frame(Opcode::continuation, "two ", false) +
                    client_frame(Opcode::pong, std::string(125, 'x')) + client_frame(Opcode::continuation, "", false) +
                    client_frame(Opcode::continuation, "three") + client_frame(Opcode::text, "next"),
                {"ping:1", "pong:" + std::string(125, 'x'), "text:one two three", "text:next"});
}

TEST(Decoder, fragments_may_be_empty) {
  expect_events(client_frame(Opcode::binary, "", false) + client_frame(Opcode::continuation, "", false) +
                    client_frame(Opcode::ping, "p") + client_frame(Opcode::continuation, ""),
                {"ping:p", "binary:"});
  expect_events(client_frame(Opcode::text, "", false) + client_frame(Opcode::ping, "p") +
                    client_frame(Opcode::continuation, "end"),
                {"ping:p", "text:end"});
}

TEST(Decoder, two_mebibytes_in_fragments_are_one_message) {
  const std::string fragment(2048, 'f');
  std::string bytes = client_frame(Opcode::binary, fragment, false);
  for (int i = 0; i < 1022; ++i)
    bytes += client_frame(Opcode::continuation, fragment, false);
  bytes += client_frame(Opcode::continuation, fragment);
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{65536}, bytes.size()}) {
    Decoder decoder(Role::server, 2U << 20U);
    Recorder recorder;
    ASSERT_TRUE(feed_in_pieces(decoder, bytes, piece, recorder).ok());
    ASSERT_EQ(recorder.events.size(), 1U);
    EXPECT_EQ(recorder.events[0], "binary:" + std::string(2U << 20U, 'f'));
    EXPECT_EQ(decoder.held_bytes(), 0U);
  }
  Decoder smaller(Role::server, (2U << 20U) - 1);
  Recorder recorder;
  EXPECT_EQ(feed_in_pieces(smaller, bytes, 65536, recorder).close_code, CloseCode::message_too_big);
  EXPECT_TRUE(recorder.events.empty());
}

TEST(Decoder, P0_23_reserved_bits_and_unknown_opcodes_are_refused) {
  for (const unsigned bits : {0x40U, 0x20U, 0x10U, 0x70U}) {
    expect_violation(raw(0x81U | bits, 0x80), CloseCode::protocol_error);
    expect_violation(raw(0x89U | bits, 0x80), CloseCode::protocol_error);
  }
  for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
    expect_violation(raw(0x80U | opcode, 0x80), CloseCode::protocol_error);
    expect_violation(client_frame(Opcode::text, "ok") + raw(0x80U | opcode, 0x80), CloseCode::protocol_error,
                     {"text:ok"});
  }
}

TEST(Decoder, P0_23_the_mask_is_required_from_clients_and_forbidden_to_servers) {
  EXPECT_EQ(decode(server_frame(Opcode::text, "x"), Role::server).code, CloseCode::protocol_error);
  EXPECT_EQ(decode(client_frame(Opcode::text, "x"), Role::client).code, CloseCode::protocol_error);
  EXPECT_EQ(decode(server_frame(Opcode::ping, ""), Role::server).code, CloseCode::protocol_error);
  EXPECT_EQ(decode(client_frame(Opcode::close, ""), Role::client).code, CloseCode::protocol_error);
}

TEST(Decoder, P0_23_control_frames_are_short_and_whole) {
  for (const unsigned opcode : {8U, 9U, 10U}) {
    expect_violation(raw(opcode, 0x80), CloseCode::protocol_error);
    expect_violation(raw(0x80U | opcode, 0x80U | 126U, "\x00\x7E"s, std::string(126, 'x')), CloseCode::protocol_error);
    expect_violation(raw(0x80U | opcode, 0x80U | 127U, "\0\0\0\0\0\0\0\x05"s, "short"), CloseCode::protocol_error);
  }
  expect_events(client_frame(Opcode::ping, std::string(125, 'x')), {"ping:" + std::string(125, 'x')});
}

TEST(Decoder, messages_do_not_mix) {
  expect_violation(client_frame(Opcode::continuation, "x"), CloseCode::protocol_error);
  expect_violation(client_frame(Opcode::continuation, "x", false), CloseCode::protocol_error);
  expect_violation(client_frame(Opcode::text, "a") + client_frame(Opcode::continuation, "b"), CloseCode::protocol_error,
                   {"text:a"});
  for (const Opcode second : {Opcode::text, Opcode::binary}) {
    expect_violation(client_frame(Opcode::text, "a", false) + client_frame(second, "b"), CloseCode::protocol_error);
    expect_violation(client_frame(Opcode::binary, "", false) + client_frame(second, "b", false),
                     CloseCode::protocol_error);
  }
}

TEST(Decoder, lengths_must_take_the_shortest_form) {
  expect_violation(raw(0x82, 0x80U | 126U, "\x00\x7D"s), CloseCode::protocol_error);
  expect_violation(raw(0x82, 0x80U | 126U, "\x00\x00"s), CloseCode::protocol_error);
  expect_violation(raw(0x82, 0x80U | 127U, "\0\0\0\0\0\0\xFF\xFF"s), CloseCode::protocol_error);
  expect_violation(raw(0x82, 0x80U | 127U, "\0\0\0\0\0\0\0\0"s), CloseCode::protocol_error);
  expect_violation(raw(0x82, 0x80U | 127U, "\x80\0\0\0\0\0\0\0"s), CloseCode::protocol_error);
  expect_violation(raw(0x82, 0x80U | 127U, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s), CloseCode::protocol_error);
}

TEST(Decoder, P0_23_the_limit_is_checked_with_the_header) {
  const auto code = [](std::string_view bytes) { return decode(bytes, Role::server, 1000).code; };
  EXPECT_EQ(code(client_frame(Opcode::text, std::string(1000, 'x'))), 0);
  EXPECT_EQ(code(raw(0x82, 0x80U | 126U, "\x03\xE9")), CloseCode::message_too_big);
  EXPECT_EQ(code(raw(0x02, 0x80U | 126U, "\x03\xE9")), CloseCode::message_too_big);
  EXPECT_EQ(code(raw(0x82, 0x80U | 127U, "\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF")), CloseCode::message_too_big);
  EXPECT_EQ(code(client_frame(Opcode::text, std::string(999, 'x'), false) + client_frame(Opcode::continuation, "x")),
            0);
  EXPECT_EQ(code(client_frame(Opcode::text, std::string(999, 'x'), false) +
                 client_frame(Opcode::continuation, "x", false) + raw(0x80, 0x81)),
            CloseCode::message_too_big);
  EXPECT_EQ(code(client_frame(Opcode::text, std::string(1000, 'x'), false) + client_frame(Opcode::ping, "not counted")),
            0);
}

TEST(Decoder, the_default_limit_is_one_mebibyte) {
  EXPECT_EQ(decode(raw(0x82, 0x80U | 127U, "\0\0\0\0\0\x10\0\0"s)).code, 0);
  EXPECT_EQ(decode(raw(0x82, 0x80U | 127U, "\0\0\0\0\0\x10\0\x01"s)).code, CloseCode::message_too_big);
}

TEST(Decoder, memory_follows_what_has_arrived_not_what_was_announced) {
  Decoder decoder(Role::server, 64U << 20U);
  Recorder recorder;
  std::string head = raw(0x82, 0x80U | 127U, "\0\0\0\0\x03\0\0\0"s);
  ASSERT_TRUE(decoder.feed(head, recorder).ok());
  EXPECT_EQ(decoder.held_bytes(), 0U);
  EXPECT_FALSE(decoder.is_idle());
  std::string piece(10000, 'x');
  for (std::size_t arrived = piece.size(); arrived <= 1000000; arrived += piece.size()) {
    ASSERT_TRUE(decoder.feed(piece, recorder).ok());
    ASSERT_LE(decoder.held_bytes(), 2 * arrived + 512);
  }
}

TEST(Decoder, memory_does_not_pass_the_end_of_a_message_that_is_known) {
  Decoder decoder(Role::server);
  Recorder recorder;
  std::string bytes = client_frame(Opcode::binary, std::string(100000, 'x'));
  ASSERT_TRUE(feed_in_pieces(decoder, std::string_view(bytes).substr(0, 60000), 60000, recorder).ok());
  ASSERT_TRUE(feed_in_pieces(decoder, std::string_view(bytes).substr(60000, 39000), 39000, recorder).ok());
  EXPECT_LE(decoder.held_bytes(), 100000U + 512U);
}

TEST(Decoder, text_must_be_utf8_as_a_whole_not_per_fragment) {
  const std::string text = "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    expect_events(client_frame(Opcode::text, text.substr(0, cut), false) + client_frame(Opcode::ping, "\xFF") +
                      client_frame(Opcode::continuation, text.substr(cut)),
                  {"ping:\xFF", "text:" + text});
  }
  expect_events(client_frame(Opcode::binary, "\xFF\xC3"), {"binary:\xFF\xC3"});
}

TEST(Decoder, P0_23_text_that_is_not_utf8_is_refused) {
  for (const char* bad : {"\x80", "a\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"}) {
    expect_violation(client_frame(Opcode::text, bad), CloseCode::invalid_payload);
    expect_violation(client_frame(Opcode::text, "ok", false) + client_frame(Opcode::continuation, bad),
                     CloseCode::invalid_payload);
  }
  expect_violation(client_frame(Opcode::text, "\xE2\x82", false) + client_frame(Opcode::continuation, ""),
                   CloseCode::invalid_payload);
}

TEST(Decoder, bad_text_is_refused_before_the_frame_is_complete) {
  Decoder decoder(Role::server);
  Recorder recorder;
  std::string beginning = client_frame(Opcode::text, "good \xED\xA0 and much that never comes").substr(0, 6 + 7);
  EXPECT_EQ(decoder.feed(beginning, recorder).close_code, CloseCode::invalid_payload);
}

TEST(Decoder, a_new_text_does_not_inherit_the_check_of_the_last) {
  expect_events(
      client_frame(Opcode::text, "\xC3\xBC") + client_frame(Opcode::text, "a") + client_frame(Opcode::text, ""),
      {"text:\xC3\xBC", "text:a", "text:"});
}

TEST(Decoder, close_is_told_with_code_and_reason) {
  expect_events(client_frame(Opcode::close, ""), {"close:1005:"});
  expect_events(client_frame(Opcode::close, "\x03\xE8"), {"close:1000:"});
  expect_events(client_frame(Opcode::close,
                             "\x03\xF4"
                             "epoch=43 \xE2\x82\xAC"),
                {"close:1012:epoch=43 \xE2\x82\xAC"});
  expect_events(client_frame(Opcode::close, "\x0F\xA1" + std::string(123, 'r')),
                {"close:4001:" + std::string(123, 'r')});
}

TEST(Decoder, P0_23_a_malformed_close_is_refused) {
  expect_violation(client_frame(Opcode::close, "\x03"), CloseCode::protocol_error);
  // The byte after half a code must not complete it.
  expect_violation(client_frame(Opcode::close, "\x03") + "\xE8", CloseCode::protocol_error);
  for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U}) {
    const std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
    expect_violation(client_frame(Opcode::close, payload), CloseCode::protocol_error);
  }
  expect_violation(client_frame(Opcode::close, "\x03\xE8\xFF"), CloseCode::invalid_payload);
  expect_violation(client_frame(Opcode::close, "\x03\xE8 cut \xE2\x82"), CloseCode::invalid_payload);
}

TEST(Decoder, nothing_is_accepted_after_a_close_or_a_violation) {
  expect_events(client_frame(Opcode::close, "\x03\xE8") + client_frame(Opcode::text, "late") + "\xFF\xFF",
                {"close:1000:"});
  Decoder decoder(Role::server);
  Recorder recorder;
  std::string bad = raw(0xFF, 0x80);
  EXPECT_FALSE(decoder.feed(bad, recorder).ok());
  std::string good = client_frame(Opcode::text, "late");
  EXPECT_TRUE(decoder.feed(good, recorder).ok());
  EXPECT_TRUE(recorder.events.empty());
}

TEST(Decoder, a_close_inside_a_message_ends_it) {
  expect_events(client_frame(Opcode::text, "half", false) + client_frame(Opcode::close, ""), {"close:1005:"});
}

TEST(Decoder, a_sink_can_stop_at_any_event) {
  const std::string bytes = client_frame(Opcode::text, "1") + client_frame(Opcode::ping, "2") +
                            client_frame(Opcode::pong, "3") + client_frame(Opcode::text, "4", false) +
                            client_frame(Opcode::continuation, "4") + client_frame(Opcode::text, "5");
  for (std::size_t stop = 1; stop <= 5; ++stop) {
    for (const std::size_t piece : {std::size_t{1}, bytes.size()}) {
      Decoder decoder(Role::server);
      Recorder recorder;
      recorder.stop_after = stop;
      EXPECT_TRUE(feed_in_pieces(decoder, bytes, piece, recorder).ok());
      EXPECT_EQ(recorder.events.size(), stop);
      EXPECT_TRUE(decoder.has_ended());
      EXPECT_EQ(decoder.held_bytes(), 0U);
    }
  }
}

TEST(Decoder, is_idle_only_between_messages) {
  const std::string bytes = client_frame(Opcode::text, "ab", false) + client_frame(Opcode::continuation, "c");
  Decoder decoder(Role::server);
  Recorder recorder;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_EQ(decoder.is_idle(), i == 0) << i;
    std::string byte = bytes.substr(i, 1);
    ASSERT_TRUE(decoder.feed(byte, recorder).ok());
  }
  EXPECT_TRUE(decoder.is_idle());
}

TEST(Decoder, keeps_its_place_when_it_is_moved) {
  const std::string bytes =
      client_frame(Opcode::text, "over the move", false) + client_frame(Opcode::continuation, "!");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Recorder recorder;
    Decoder first(Role::server);
    ASSERT_TRUE(feed_in_pieces(first, std::string_view(bytes).substr(0, cut), 100, recorder).ok());
    Decoder second(std::move(first));
    ASSERT_TRUE(feed_in_pieces(second, std::string_view(bytes).substr(cut), 100, recorder).ok());
    EXPECT_EQ(recorder.events, Events{"text:over the move!"}) << cut;
  }
}

}  // namespace
}  // namespace wscluster::websocket
