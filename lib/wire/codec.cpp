// SPDX-License-Identifier: MIT
#include "wire/codec.hpp"

#include <cstring>
#include <type_traits>

#include "wire/client_profile.hpp"
#include "wire/user_state.hpp"

namespace wscluster::wire {
namespace {

enum Kind : std::uint64_t { varint_kind = 0, fixed_kind = 1, bytes_kind = 2 };

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<char>(value));
}

void put_u32(char* at, std::uint32_t value) noexcept {
  for (unsigned i = 0; i < 4; ++i)
    at[i] = static_cast<char>(value >> (8 * i));
}

std::uint32_t get_u32(const char* at) noexcept {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i)
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  return value;
}

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  template <class N>
  void number(std::uint64_t field, const N& value) {
    const auto n = static_cast<std::uint64_t>(value);
    if (n == 0) return;
    append_varint(out_, field << 2U | varint_kind);
    append_varint(out_, n);
  }
  void flag(std::uint64_t field, bool value) { number(field, std::uint64_t{value}); }
  void fixed(std::uint64_t field, std::uint64_t value) {
    if (value == 0) return;
    append_varint(out_, field << 2U | fixed_kind);
    const std::size_t at = out_.size();
    out_.resize(at + 8);
    put_u32(&out_[at], static_cast<std::uint32_t>(value));
    put_u32(&out_[at + 4], static_cast<std::uint32_t>(value >> 32U));
  }
  void text(std::uint64_t field, std::string_view value) {
    if (value.empty()) return;
    append_varint(out_, field << 2U | bytes_kind);
    append_varint(out_, value.size());
    out_.append(value);
  }
  template <class T>
  void list(std::uint64_t field, const std::vector<T>& values) {
    std::string nested;
    for (const auto& value : values) {
      nested.clear();
      Writer writer(nested);
      T::fields(value, writer);
      append_varint(out_, field << 2U | bytes_kind);
      append_varint(out_, nested.size());
      out_.append(nested);
    }
  }

 private:
  std::string& out_;
};

/// One field at a time: the visitor methods take it if it is theirs.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  /// Reads the next key and value; false at the end or when broken.
  bool next() {
    if (rest_.empty()) return false;
    std::uint64_t key = 0;
    if (!take_varint(key)) return broken();
    field_ = key >> 2U;
    kind_ = key & 3U;
    if (field_ == 0) return broken();
    switch (kind_) {
      case varint_kind:
        return take_varint(number_) || broken();
      case fixed_kind:
        if (rest_.size() < 8) return broken();
        number_ = get_u32(rest_.data()) | static_cast<std::uint64_t>(get_u32(rest_.data() + 4)) << 32U;
        rest_.remove_prefix(8);
        return true;
      case bytes_kind: {
        std::uint64_t size = 0;
        if (!take_varint(size) || size > rest_.size()) return broken();
        bytes_ = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return true;
      }
      default:
        return broken();
    }
  }
  [[nodiscard]] bool is_broken() const { return broken_; }

  template <class N>
  void number(std::uint64_t field, N& value) {
    if (field == field_ && expect(varint_kind)) value = static_cast<N>(number_);
  }
  void flag(std::uint64_t field, bool& value) {
    if (field == field_ && expect(varint_kind)) value = number_ != 0;
  }
  void fixed(std::uint64_t field, std::uint64_t& value) {
    if (field == field_ && expect(fixed_kind)) value = number_;
  }
  void text(std::uint64_t field, std::string_view& value) {
    if (field == field_ && expect(bytes_kind)) value = bytes_;
  }
  template <class T>
  void list(std::uint64_t field, std::vector<T>& values) {
    if (field != field_ || !expect(bytes_kind)) return;
    if (values.size() >= max_list) {
      broken();
      return;
    }
    T value;
    Reader nested(bytes_);
    while (nested.next())
      T::fields(value, nested);
    if (nested.is_broken()) broken();
    values.push_back(value);
  }

 private:
  static constexpr std::size_t max_list = 1U << 20U;

  bool broken() {
    broken_ = true;
    rest_ = {};
    return false;
  }
  bool expect(Kind kind) { return kind_ == kind || broken(); }
  bool take_varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) return shift < 63 || byte <= 1;
    }
    return false;
  }

  std::string_view rest_;
  std::uint64_t field_ = 0;
  std::uint64_t kind_ = 0;
  std::uint64_t number_ = 0;
  std::string_view bytes_;
  bool broken_ = false;
};

template <std::size_t I = 0>
Result<Frame> decode_as(const Raw& raw) {
  if constexpr (I == std::variant_size_v<Frame>) {
    return error(Errc::not_found, "unknown link frame type " + std::to_string(static_cast<unsigned>(raw.type)));
  } else {
    using F = std::variant_alternative_t<I, Frame>;
    if (F::type != raw.type) return decode_as<I + 1>(raw);
    F frame;
    if (!decode_into(raw.body, frame)) {
      return error(Errc::protocol, "broken link frame of type " + std::to_string(static_cast<unsigned>(raw.type)));
    }
    return Frame(std::move(frame));
  }
}

template <class F>
std::string encode_fields(const F& value) {
  std::string bytes;
  Writer writer(bytes);
  F::fields(value, writer);
  return bytes;
}

}  // namespace

template <class F>
void append(std::string& out, const F& frame, std::uint8_t to) {
  const std::size_t start = out.size();
  out.resize(start + header_bytes);
  out[start + 4] = static_cast<char>(F::type);
  out[start + 5] = static_cast<char>(to);
  Writer writer(out);
  F::fields(frame, writer);
  put_u32(&out[start], static_cast<std::uint32_t>(out.size() - start - 4));
}

void append(std::string& out, const Frame& frame, std::uint8_t to) {
  std::visit([&](const auto& f) { append(out, f, to); }, frame);
}

template <class F>
bool decode_into(std::string_view body, F& frame) {
  Reader reader(body);
  while (reader.next())
    F::fields(frame, reader);
  return !reader.is_broken();
}

std::string encode(const UserState& state) {
  return encode_fields(state);
}

std::string encode(const ClientProfile& profile) {
  return encode_fields(profile);
}

CutStatus cut(std::string_view bytes, std::size_t max_frame_bytes, Raw& raw) noexcept {
  if (bytes.size() < 4) return CutStatus::incomplete;
  const std::size_t length = get_u32(bytes.data());
  if (length < header_bytes - 4 || length + 4 > max_frame_bytes) return CutStatus::too_large;
  if (bytes.size() < length + 4) return CutStatus::incomplete;
  raw.type = static_cast<FrameType>(bytes[4]);
  raw.to = static_cast<std::uint8_t>(bytes[5]);
  raw.body = bytes.substr(header_bytes, length + 4 - header_bytes);
  raw.size = length + 4;
  return CutStatus::ok;
}

Result<Frame> decode(const Raw& raw) {
  return decode_as<>(raw);
}

// Every frame type, for callers that know theirs.
template void append<Hello>(std::string&, const Hello&, std::uint8_t);
template void append<Goodbye>(std::string&, const Goodbye&, std::uint8_t);
template void append<Heartbeat>(std::string&, const Heartbeat&, std::uint8_t);
template void append<Document>(std::string&, const Document&, std::uint8_t);
template void append<Word>(std::string&, const Word&, std::uint8_t);
template void append<Attach>(std::string&, const Attach&, std::uint8_t);
template void append<Attached>(std::string&, const Attached&, std::uint8_t);
template void append<Refused>(std::string&, const Refused&, std::uint8_t);
template void append<Up>(std::string&, const Up&, std::uint8_t);
template void append<Down>(std::string&, const Down&, std::uint8_t);
template void append<Progress>(std::string&, const Progress&, std::uint8_t);
template void append<Answered>(std::string&, const Answered&, std::uint8_t);
template void append<Detach>(std::string&, const Detach&, std::uint8_t);
template void append<Detached>(std::string&, const Detached&, std::uint8_t);
template void append<Close>(std::string&, const Close&, std::uint8_t);
template void append<Message>(std::string&, const Message&, std::uint8_t);
template void append<Receipt>(std::string&, const Receipt&, std::uint8_t);
template void append<Refusal>(std::string&, const Refusal&, std::uint8_t);
template void append<Settled>(std::string&, const Settled&, std::uint8_t);
template void append<Moved>(std::string&, const Moved&, std::uint8_t);
template void append<Evict>(std::string&, const Evict&, std::uint8_t);
template void append<Ask>(std::string&, const Ask&, std::uint8_t);
template void append<None>(std::string&, const None&, std::uint8_t);
template void append<Snapshot>(std::string&, const Snapshot&, std::uint8_t);
template void append<Prepared>(std::string&, const Prepared&, std::uint8_t);
template void append<Release>(std::string&, const Release&, std::uint8_t);
template void append<Declined>(std::string&, const Declined&, std::uint8_t);
template void append<Outcome>(std::string&, const Outcome&, std::uint8_t);
template void append<Fan>(std::string&, const Fan&, std::uint8_t);
template void append<Subscribe>(std::string&, const Subscribe&, std::uint8_t);
template void append<Subscribed>(std::string&, const Subscribed&, std::uint8_t);
template void append<SubscribeRefused>(std::string&, const SubscribeRefused&, std::uint8_t);
template void append<Unsubscribe>(std::string&, const Unsubscribe&, std::uint8_t);
template void append<AskInterest>(std::string&, const AskInterest&, std::uint8_t);
template void append<Copy>(std::string&, const Copy&, std::uint8_t);
template void append<CopyTaken>(std::string&, const CopyTaken&, std::uint8_t);
template void append<ListSessions>(std::string&, const ListSessions&, std::uint8_t);
template void append<Order>(std::string&, const Order&, std::uint8_t);
template void append<Sessions>(std::string&, const Sessions&, std::uint8_t);
template bool decode_into<Hello>(std::string_view, Hello&);
template bool decode_into<Goodbye>(std::string_view, Goodbye&);
template bool decode_into<Heartbeat>(std::string_view, Heartbeat&);
template bool decode_into<Document>(std::string_view, Document&);
template bool decode_into<Word>(std::string_view, Word&);
template bool decode_into<Attach>(std::string_view, Attach&);
template bool decode_into<Attached>(std::string_view, Attached&);
template bool decode_into<Refused>(std::string_view, Refused&);
template bool decode_into<Up>(std::string_view, Up&);
template bool decode_into<Down>(std::string_view, Down&);
template bool decode_into<Progress>(std::string_view, Progress&);
template bool decode_into<Answered>(std::string_view, Answered&);
template bool decode_into<Detach>(std::string_view, Detach&);
template bool decode_into<Detached>(std::string_view, Detached&);
template bool decode_into<Close>(std::string_view, Close&);
template bool decode_into<Message>(std::string_view, Message&);
template bool decode_into<Receipt>(std::string_view, Receipt&);
template bool decode_into<Refusal>(std::string_view, Refusal&);
template bool decode_into<Settled>(std::string_view, Settled&);
template bool decode_into<Moved>(std::string_view, Moved&);
template bool decode_into<Evict>(std::string_view, Evict&);
template bool decode_into<Ask>(std::string_view, Ask&);
template bool decode_into<None>(std::string_view, None&);
template bool decode_into<Snapshot>(std::string_view, Snapshot&);
template bool decode_into<Prepared>(std::string_view, Prepared&);
template bool decode_into<Release>(std::string_view, Release&);
template bool decode_into<Declined>(std::string_view, Declined&);
template bool decode_into<Outcome>(std::string_view, Outcome&);
template bool decode_into<Fan>(std::string_view, Fan&);
template bool decode_into<Subscribe>(std::string_view, Subscribe&);
template bool decode_into<Subscribed>(std::string_view, Subscribed&);
template bool decode_into<SubscribeRefused>(std::string_view, SubscribeRefused&);
template bool decode_into<Unsubscribe>(std::string_view, Unsubscribe&);
template bool decode_into<AskInterest>(std::string_view, AskInterest&);
template bool decode_into<Copy>(std::string_view, Copy&);
template bool decode_into<CopyTaken>(std::string_view, CopyTaken&);
template bool decode_into<ListSessions>(std::string_view, ListSessions&);
template bool decode_into<Order>(std::string_view, Order&);
template bool decode_into<Sessions>(std::string_view, Sessions&);
template bool decode_into<UserState>(std::string_view, UserState&);
template bool decode_into<ClientProfile>(std::string_view, ClientProfile&);

}  // namespace wscluster::wire
