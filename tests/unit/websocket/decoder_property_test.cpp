// SPDX-License-Identifier: MIT
#include "base/text.hpp"
#include "recorder.hpp"
#include "websocket/decoder.hpp"

#include <gtest/gtest.h>
#include <random>

namespace wscluster::websocket {
namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t limit) {
  return random() % limit;
}

std::string random_payload(Random& random, std::size_t limit) {
  static constexpr std::string_view letters[] = {"a", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                                 "0123456789abcdef"};
  std::string payload;
  const std::size_t size = below(random, limit);
  while (payload.size() < size)
    payload += letters[below(random, std::size(letters))];
  payload.resize(size);
  while (!payload.empty() && !is_valid_utf8(payload))
    payload.pop_back();
  return payload;
}

struct Conversation {
  std::string bytes;
  std::vector<std::string> events;
};

class Writer {
 public:
  Writer(Random& random, Role reader) : random_(random), reader_(reader) {}

  Conversation write(std::size_t messages) {
    for (std::size_t i = 0; i < messages; ++i)
      write_message();
    return std::move(conversation_);
  }

 private:
  void write_message() {
    static constexpr std::size_t sizes[] = {2, 130, 300, 70000};
    const bool text = below(random_, 2) == 0;
    const std::string payload = random_payload(random_, sizes[below(random_, 100) == 0 ? 3 : below(random_, 3)]);
    const std::size_t fragments = below(random_, 3) == 0 ? 1 + below(random_, 5) : 1;
    std::size_t at = 0;
    for (std::size_t i = 0; i < fragments; ++i) {
      const bool fin = i + 1 == fragments;
      const std::size_t size = fin ? payload.size() - at : below(random_, payload.size() - at + 1);
      const Opcode opcode = i != 0 ? Opcode::continuation : text ? Opcode::text : Opcode::binary;
      write_frame(opcode, fin, std::string_view(payload).substr(at, size));
      at += size;
      if (!fin && below(random_, 3) == 0) write_control();
    }
    conversation_.events.push_back((text ? "text:" : "binary:") + payload);
    if (below(random_, 8) == 0) write_control();
  }

  void write_control() {
    const bool ping = below(random_, 2) == 0;
    std::string payload(below(random_, max_control_payload_bytes + 1), static_cast<char>(random_()));
    write_frame(ping ? Opcode::ping : Opcode::pong, true, payload);
    conversation_.events.push_back((ping ? "ping:" : "pong:") + payload);
  }

  void write_frame(Opcode opcode, bool fin, std::string_view payload) {
    if (reader_ == Role::server) {
      append_masked_frame(conversation_.bytes, opcode, fin, payload,
                          below(random_, 9) == 0 ? 0 : std::uint32_t(random_()));
    } else {
      append_frame(conversation_.bytes, opcode, fin, payload);
    }
  }

  Random& random_;
  Role reader_;
  Conversation conversation_;
};

Outcome decode_in_pieces(Role role, std::string_view bytes, std::size_t piece,
                         std::uint64_t limit = default_max_message_bytes) {
  Decoder decoder(role, limit);
  Recorder recorder;
  const Status status = feed_in_pieces(decoder, bytes, piece, recorder);
  EXPECT_TRUE(!decoder.is_idle() || decoder.held_bytes() == 0);
  return {std::move(recorder.events), status.close_code};
}

TEST(DecoderProperty, what_was_written_is_read_however_it_is_cut) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    Random random(seed);
    const Role role = seed % 2 == 0 ? Role::server : Role::client;
    const Conversation said = Writer(random, role).write(20);
    const Outcome expected{said.events, 0};
    ASSERT_EQ(decode_in_pieces(role, said.bytes, said.bytes.size()), expected) << seed;
    ASSERT_EQ(decode_in_pieces(role, said.bytes, 1), expected) << seed;
    ASSERT_EQ(decode_in_pieces(role, said.bytes, 2 + below(random, 500)), expected) << seed;
  }
}

TEST(DecoderProperty, damage_ends_the_same_way_however_it_is_cut) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    Random random(seed);
    const Role role = seed % 2 == 0 ? Role::server : Role::client;
    Conversation said = Writer(random, role).write(3);
    for (std::size_t hits = 1 + below(random, 3); hits > 0 && !said.bytes.empty(); --hits) {
      said.bytes[below(random, std::min<std::size_t>(said.bytes.size(), 300))] = static_cast<char>(random());
    }
    const std::uint64_t limit = below(random, 2) == 0 ? 200 : default_max_message_bytes;
    const Outcome whole = decode_in_pieces(role, said.bytes, said.bytes.size(), limit);
    ASSERT_EQ(decode_in_pieces(role, said.bytes, 1, limit), whole) << seed;
    ASSERT_EQ(decode_in_pieces(role, said.bytes, 2 + below(random, 60), limit), whole) << seed;
  }
}

}  // namespace
}  // namespace wscluster::websocket
