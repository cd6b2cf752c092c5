// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "websocket/decoder.hpp"

namespace wscluster::websocket {

/// Writes down every call, one line each.
class Recorder : public Sink {
 public:
  std::vector<std::string> events;
  std::size_t stop_after = std::size_t(-1);  ///< says stop with the event of this number
  const char* last_payload = nullptr;        ///< where the last message lay

  bool on_message(MessageKind kind, std::string_view payload) override {
    last_payload = payload.data();
    return note(kind == MessageKind::text ? "text:" : "binary:", payload);
  }
  bool on_ping(std::string_view payload) override { return note("ping:", payload); }
  bool on_pong(std::string_view payload) override { return note("pong:", payload); }
  void on_close(std::uint16_t code, std::string_view reason) override {
    note("close:", std::to_string(code) + ":" + std::string(reason));
  }

 private:
  bool note(std::string_view what, std::string_view payload) {
    events.push_back(std::string(what) + std::string(payload));
    return events.size() < stop_after;
  }
};

/// What was heard, and the code of the violation or 0.
struct Outcome {
  std::vector<std::string> events;
  std::uint16_t code = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Feeds in pieces of `piece_bytes` and stops at the first violation. Each piece has a memory of its own, so that the
/// address sanitizer sees a read past its end.
inline Status feed_in_pieces(Decoder& decoder, std::string_view bytes, std::size_t piece_bytes, Sink& sink) {
  while (!bytes.empty()) {
    const auto size = std::min(bytes.size(), piece_bytes);
    std::vector<char> piece(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes.remove_prefix(size);
    if (const Status status = decoder.feed(piece, sink); !status.ok()) return status;
  }
  return {};
}

inline constexpr std::uint32_t test_mask = 0x78563412;

inline std::string client_frame(Opcode opcode, std::string_view payload, bool fin = true) {
  std::string out;
  append_masked_frame(out, opcode, fin, payload, test_mask);
  return out;
}

inline std::string server_frame(Opcode opcode, std::string_view payload, bool fin = true) {
  std::string out;
  append_frame(out, opcode, fin, payload);
  return out;
}

}  // namespace wscluster::websocket
