// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proxy/outgoing.hpp"
#include "websocket/decoder.hpp"

namespace wscluster::proxy {

/// One WebSocket of a client, carried to an application server. Whole messages pass, so that a Close of ours always
/// stands between two of them. The client reads 101 only after the server has.
class Relay final : public Outgoing, private websocket::Sink {
 public:
  Relay(Pool& pool, edge::Edge& edge, std::shared_ptr<Group> group, Call call, std::uint64_t max_message_bytes);

  [[nodiscard]] bool is_open() const noexcept { return phase_ == Phase::open; }
  /// The ring has its user elsewhere now, or the user's owner can be reached again.
  [[nodiscard]] bool is_misplaced() const;
  /// Closes the client with 1012; true when that was new.
  bool evict(std::string_view text);

  /// Of the client.
  void on_message(bool is_binary, std::string_view payload);
  void on_written();
  /// It has left, or was closed, with this code; the server is told. is_over() follows.
  void leave(std::uint16_t code);
  void abandon() override;
  void tick(TimePoint now) override;

 private:
  enum class Phase : std::uint8_t { reaching, asking, refusing, open, closing };

  void on_reached() override;
  void on_bytes(std::span<char> bytes) override;
  void on_ended(std::string_view why) override;
  void on_flushed() override;

  bool on_message(websocket::MessageKind kind, std::string_view payload) override;
  bool on_ping(std::string_view payload) override;
  bool on_pong(std::string_view) override { return true; }
  void on_close(std::uint16_t code, std::string_view reason) override;

  void take_head(std::span<char> bytes);
  void take_frames(std::span<char> bytes);
  void open(std::string_view subprotocol, std::span<char> rest);
  void pass_refusal(std::string_view bytes);
  void fail(unsigned status, std::string_view text);
  void send(websocket::Opcode opcode, std::string_view payload);
  void say_close(std::uint16_t code, std::string_view reason);
  [[nodiscard]] std::uint32_t next_mask() noexcept;

  websocket::Decoder decoder_;
  std::optional<net::ResponseParser> refusal_;
  std::string refusal_body_;
  std::string head_;
  std::string key_;
  std::uint64_t random_;
  TimePoint heard_;
  Phase phase_ = Phase::reaching;
  bool is_evicted_ = false;
  bool has_said_close_ = false;
  bool awaits_pong_ = false;
};

}  // namespace wscluster::proxy
