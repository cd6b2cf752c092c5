// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "websocket/decoder.hpp"
#include "websocket/handshake.hpp"

namespace {

using namespace wscluster;
using namespace wscluster::websocket;

constexpr std::uint64_t limit = 4096;

void demand(bool condition) {
  if (!condition) std::abort();
}

class Listener : public Sink {
 public:
  std::string heard;

  bool on_message(MessageKind kind, std::string_view payload) override {
    demand(payload.size() <= limit);
    demand(kind == MessageKind::binary || is_valid_utf8(payload));
    return note('m', payload);
  }
  bool on_ping(std::string_view payload) override { return note_control('i', payload); }
  bool on_pong(std::string_view payload) override { return note_control('o', payload); }
  void on_close(std::uint16_t code, std::string_view reason) override {
    demand(code == CloseCode::no_status || is_valid_close_code(code));
    demand(is_valid_utf8(reason));
    note_control('c', std::to_string(code) + std::string(reason));
  }

 private:
  bool note_control(char what, std::string_view payload) {
    demand(payload.size() <= max_control_payload_bytes + 4);
    return note(what, payload);
  }
  bool note(char what, std::string_view payload) {
    heard.append(1, what).append(std::to_string(payload.size())).append(1, ':').append(payload);
    return true;
  }
};

/// What the peer would be told and what was heard.
std::string decode(Role role, std::string_view bytes, std::size_t piece_bytes) {
  Decoder decoder(role, limit);
  Listener listener;
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), piece_bytes);
    std::vector<char> piece(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes.remove_prefix(size);
    const Status status = decoder.feed(piece, listener);
    demand(decoder.held_bytes() <= 2 * limit);
    demand(!decoder.is_idle() || decoder.held_bytes() == 0);
    if (!status.ok()) return listener.heard + "!" + std::to_string(status.close_code) + std::string(status.text);
  }
  return listener.heard;
}

}  // namespace

/// The first byte chooses the role and how the rest is cut; the cut must not matter.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Role role = (data[0] & 1U) != 0 ? Role::client : Role::server;
  const std::size_t piece_bytes = 1 + (data[0] >> 1U);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  demand(decode(role, bytes, bytes.size() + 1) == decode(role, bytes, piece_bytes));
  static_cast<void>(check_accept(bytes, "dGhlIHNhbXBsZSBub25jZQ=="));
  static_cast<void>(select_subprotocol(bytes, {}));
  return 0;
}
