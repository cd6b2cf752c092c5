// SPDX-License-Identifier: MIT
#include "websocket/decoder.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace wscluster::websocket {

/// The arrived part of a message, and of a control frame between its fragments. Exists only while one of them is not
/// empty.
struct Decoder::Partial {
  std::vector<char> message;
  std::array<char, max_control_payload_bytes> control{};
  std::uint8_t control_size = 0;
};

namespace {

constexpr std::size_t smallest_buffer_bytes = 256;
constexpr Status fine{};

bool is_control(Opcode opcode) noexcept {
  return (static_cast<unsigned>(opcode) & 8U) != 0;
}

bool is_known(Opcode opcode) noexcept {
  return opcode <= Opcode::binary || (opcode >= Opcode::close && opcode <= Opcode::pong);
}

unsigned byte(const char* p) noexcept {
  return static_cast<unsigned char>(*p);
}

std::uint64_t big_endian(const char* p, std::size_t bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value = value << 8U | byte(p + i);
  return value;
}

std::size_t length_bytes(const char* header) noexcept {
  const unsigned length = byte(header + 1) & 0x7FU;
  return length < 126 ? 0 : length == 126 ? 2 : 8;
}

std::size_t header_bytes(const char* header) noexcept {
  return 2 + length_bytes(header) + ((byte(header + 1) & 0x80U) != 0 ? 4U : 0U);
}

std::string_view view(std::span<const char> bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

}  // namespace

Decoder::Decoder(Role role, std::uint64_t max_message_bytes) noexcept
    : max_message_bytes_(max_message_bytes), role_(role) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Status Decoder::feed(std::span<char> bytes, Sink& sink) {
  while (!ended_ && !bytes.empty()) {
    if (!in_frame_) {
      if (const Status status = take_header(bytes); !status.ok()) return status;
    }
    // A frame without a payload is complete with its header, so this must not wait for another byte.
    if (in_frame_) {
      if (const Status status = take_payload(bytes, sink); !status.ok()) return status;
    }
  }
  return fine;
}

Status Decoder::take_header(std::span<char>& bytes) {
  std::array<char, max_header_bytes> joined{};
  const char* header = bytes.data();
  std::size_t available = bytes.size();
  if (header_size_ != 0) {
    const std::size_t more = std::min(available, joined.size() - header_size_);
    std::copy_n(header_.data(), header_size_, joined.data());
    std::copy_n(bytes.data(), more, joined.data() + header_size_);
    header = joined.data();
    available = header_size_ + more;
  }
  if (available >= 2) {
    if (const Status status = judge(header); !status.ok()) return status;
  }
  if (available < 2 || available < header_bytes(header)) {
    std::copy_n(bytes.data(), available - header_size_, header_.data() + header_size_);
    header_size_ = static_cast<std::uint8_t>(available);
    bytes = {};
    return fine;
  }
  const std::size_t size = header_bytes(header);
  bytes = bytes.subspan(size - std::exchange(header_size_, std::uint8_t{0}));
  const std::size_t extended = length_bytes(header);
  const std::uint64_t length = extended == 0 ? byte(header + 1) & 0x7FU : big_endian(header + 2, extended);
  if (role_ == Role::server) std::copy_n(header + size - sizeof mask_, sizeof mask_, reinterpret_cast<char*>(&mask_));
  return begin_frame(header, length);
}

Status Decoder::judge(const char* header) noexcept {
  const auto opcode = static_cast<Opcode>(byte(header) & 0x0FU);
  const bool masked = (byte(header + 1) & 0x80U) != 0;
  if ((byte(header) & 0x70U) != 0) return refuse(CloseCode::protocol_error, "reserved bits are set");
  if (!is_known(opcode)) return refuse(CloseCode::protocol_error, "unknown opcode");
  if (role_ == Role::server && !masked) return refuse(CloseCode::protocol_error, "frame is not masked");
  if (role_ == Role::client && masked) return refuse(CloseCode::protocol_error, "frame is masked");
  if (!is_control(opcode)) return fine;
  if ((byte(header) & 0x80U) == 0) return refuse(CloseCode::protocol_error, "control frame is fragmented");
  if (length_bytes(header) != 0) return refuse(CloseCode::protocol_error, "control frame is longer than 125 bytes");
  return fine;
}

Status Decoder::begin_frame(const char* header, std::uint64_t length) {
  const std::size_t extended = length_bytes(header);
  if (length >> 63U != 0) return refuse(CloseCode::protocol_error, "the highest bit of the length is set");
  if ((extended == 2 && length < 126) || (extended == 8 && length <= 0xFFFF)) {
    return refuse(CloseCode::protocol_error, "length is not encoded in the shortest form");
  }
  opcode_ = static_cast<Opcode>(byte(header) & 0x0FU);
  fin_ = (byte(header) & 0x80U) != 0;
  remaining_ = length;
  in_frame_ = true;
  if (is_control(opcode_)) return fine;

  if (opcode_ == Opcode::continuation) {
    if (message_ == 0) return refuse(CloseCode::protocol_error, "continuation without a message");
  } else {
    if (message_ != 0) return refuse(CloseCode::protocol_error, "new message inside a fragmented one");
    message_ = static_cast<std::uint8_t>(opcode_ == Opcode::text ? MessageKind::text : MessageKind::binary);
  }
  const std::uint64_t arrived = partial_ ? partial_->message.size() : 0;
  if (length > max_message_bytes_ - arrived) return refuse(CloseCode::message_too_big, "message is too long");
  return fine;
}

Status Decoder::take_payload(std::span<char>& bytes, Sink& sink) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), remaining_));
  const std::span<char> piece = bytes.first(size);
  bytes = bytes.subspan(size);
  remaining_ -= size;
  mask_ = apply_mask(piece, mask_);
  in_frame_ = remaining_ != 0;
  return is_control(opcode_) ? take_control(piece, sink) : take_data(piece, sink);
}

Status Decoder::take_data(std::span<char> piece, Sink& sink) {
  const auto kind = static_cast<MessageKind>(message_);
  const bool last = fin_ && !in_frame_;
  if (kind == MessageKind::text && (!utf8_.feed(view(piece)) || (last && !utf8_.is_complete()))) {
    return refuse(CloseCode::invalid_payload, "text is not UTF-8");
  }
  const bool whole = last && !partial_;
  if (!whole && !piece.empty()) keep(piece);
  if (!last) return fine;

  message_ = 0;
  const std::unique_ptr<Partial> done = std::move(partial_);
  if (!sink.on_message(kind, view(whole ? std::span<const char>(piece) : done->message))) end();
  return fine;
}

Status Decoder::take_control(std::span<char> piece, Sink& sink) {
  const bool begun = partial_ && partial_->control_size != 0;
  if (!begun && !in_frame_) return end_control(view(piece), sink);
  if (piece.empty()) return fine;

  Partial& kept = partial();
  std::ranges::copy(piece, kept.control.begin() + kept.control_size);
  kept.control_size = static_cast<std::uint8_t>(kept.control_size + piece.size());
  if (in_frame_) return fine;
  const auto payload = kept.control;
  const std::size_t size = std::exchange(kept.control_size, std::uint8_t{0});
  if (kept.message.empty()) partial_.reset();
  return end_control({payload.data(), size}, sink);
}

Status Decoder::end_control(std::string_view payload, Sink& sink) {
  if (opcode_ == Opcode::close) return end_close(payload, sink);
  if (!(opcode_ == Opcode::ping ? sink.on_ping(payload) : sink.on_pong(payload))) end();
  return fine;
}

Status Decoder::end_close(std::string_view payload, Sink& sink) {
  if (payload.empty()) {
    end();
    sink.on_close(CloseCode::no_status, {});
    return fine;
  }
  if (payload.size() == 1) return refuse(CloseCode::protocol_error, "close frame with half a code");
  const auto code = static_cast<std::uint16_t>(big_endian(payload.data(), 2));
  if (!is_valid_close_code(code)) return refuse(CloseCode::protocol_error, "close code is not allowed");
  const std::string_view reason = payload.substr(2);
  Utf8Check check;
  if (!check.feed(reason) || !check.is_complete()) {
    return refuse(CloseCode::invalid_payload, "close reason is not UTF-8");
  }
  end();
  sink.on_close(code, reason);
  return fine;
}

void Decoder::keep(std::span<const char> piece) {
  auto& message = partial().message;
  const std::size_t needed = message.size() + piece.size();
  if (needed > message.capacity()) {
    // Doubles, but not past the end of the message where that is known.
    const std::uint64_t most = fin_ ? needed + remaining_ : max_message_bytes_;
    const std::uint64_t wanted = std::max({needed, message.capacity() * 2, smallest_buffer_bytes});
    message.reserve(std::max<std::size_t>(needed, static_cast<std::size_t>(std::min(wanted, most))));
  }
  message.insert(message.end(), piece.begin(), piece.end());
}

Decoder::Partial& Decoder::partial() {
  if (!partial_) partial_ = std::make_unique<Partial>();
  return *partial_;
}

Status Decoder::refuse(std::uint16_t code, std::string_view text) noexcept {
  end();
  return {code, text};
}

void Decoder::end() noexcept {
  ended_ = true;
  in_frame_ = false;
  header_size_ = 0;
  message_ = 0;
  partial_.reset();
}

std::size_t Decoder::held_bytes() const noexcept {
  return partial_ ? sizeof(Partial) + partial_->message.capacity() : 0;
}

}  // namespace wscluster::websocket
