// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "websocket/frame.hpp"
#include "websocket/utf8.hpp"

namespace wscluster::websocket {

/// Who reads: a server demands masked frames, a client refuses them.
enum class Role : std::uint8_t { server, client };

inline constexpr std::uint64_t default_max_message_bytes = 1U << 20U;

/// Receives what a Decoder finds, in the order of the bytes. Each view ends with the call. A method that returns false
/// stops the decoder for good. None may feed or destroy the decoder that calls it.
class Sink {
 public:
  [[nodiscard]] virtual bool on_message(MessageKind kind, std::string_view payload) = 0;
  [[nodiscard]] virtual bool on_ping(std::string_view payload) = 0;
  [[nodiscard]] virtual bool on_pong(std::string_view payload) = 0;
  /// The last call. The code is CloseCode::no_status when the peer gave none.
  virtual void on_close(std::uint16_t code, std::string_view reason) = 0;

 protected:
  ~Sink() = default;
};

/// What feed() found: nothing wrong, or the rule that the peer broke and the code to close the connection with.
struct [[nodiscard]] Status {
  std::uint16_t close_code = 0;  ///< 0: all is well
  std::string_view text;         ///< a constant: the rule, for the log and for the reason of the close

  [[nodiscard]] bool ok() const noexcept { return close_code == 0; }
};

/// Turns the bytes of one connection into messages. Owns memory only while a message or control frame is incomplete,
/// and never more than about twice of what has arrived of it.
class Decoder {
 public:
  explicit Decoder(Role role, std::uint64_t max_message_bytes = default_max_message_bytes) noexcept;
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  /// Takes all of `bytes`, which it unmasks in place. A message that lies whole in `bytes` is not copied. After a close
  /// frame, a sink that said stop or a violation everything further is ignored and the status is ok.
  Status feed(std::span<char> bytes, Sink& sink);

  /// After a close frame, a sink that said stop or a violation.
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }
  /// Between two messages, with no byte of the next frame: what a connection is while it idles.
  [[nodiscard]] bool is_idle() const noexcept { return !in_frame_ && header_size_ == 0 && message_ == 0; }
  /// Heap memory held now; 0 while idle.
  [[nodiscard]] std::size_t held_bytes() const noexcept;

 private:
  struct Partial;

  Status take_header(std::span<char>& bytes);
  /// The first two bytes, before the rest of the header is there.
  Status judge(const char* header) noexcept;
  Status begin_frame(const char* header, std::uint64_t length);
  Status take_payload(std::span<char>& bytes, Sink& sink);
  Status take_data(std::span<char> piece, Sink& sink);
  Status take_control(std::span<char> piece, Sink& sink);
  Status end_control(std::string_view payload, Sink& sink);
  Status end_close(std::string_view payload, Sink& sink);
  void keep(std::span<const char> piece);
  Partial& partial();
  Status refuse(std::uint16_t code, std::string_view text) noexcept;
  void end() noexcept;

  std::unique_ptr<Partial> partial_;
  std::uint64_t max_message_bytes_;
  std::uint64_t remaining_ = 0;  ///< payload bytes of the current frame still to come
  std::uint32_t mask_ = 0;       ///< turned to the next payload byte
  Utf8Check utf8_;
  std::uint8_t header_size_ = 0;  ///< bytes of an incomplete header in header_
  std::array<char, max_header_bytes - 1> header_{};
  std::uint8_t message_ = 0;  ///< MessageKind of the message under way, 0 for none
  Opcode opcode_ = Opcode::continuation;
  Role role_;
  bool fin_ = false;
  bool in_frame_ = false;  ///< the header is known, the payload is not complete
  bool ended_ = false;
};

// Tens of thousands of connections idle with one of these each.
static_assert(sizeof(Decoder) <= 64);

}  // namespace wscluster::websocket
