// SPDX-License-Identifier: MIT
#include "session/session_id.hpp"

#include <cstring>

#include "base/random.hpp"
#include "base/text.hpp"

namespace wscluster::session {

SessionId SessionId::make(std::uint64_t hash) {
  return {hash, {random_id(), random_id()}};
}

SessionId SessionId::from_bytes(std::string_view bytes) noexcept {
  SessionId id;
  if (bytes.size() != sizeof(SessionId)) return id;
  std::memcpy(&id.hash, bytes.data(), 8);
  std::memcpy(id.random.data(), bytes.data() + 8, 16);
  return id;
}

std::optional<SessionId> SessionId::parse(std::string_view text) {
  // 24 bytes are 32 digits without a rest, so an id has one text only.
  if (text.size() != sizeof(SessionId) / 3 * 4) return std::nullopt;
  const auto bytes = base64url_decode(text);
  if (!bytes || bytes->size() != sizeof(SessionId)) return std::nullopt;
  return from_bytes(*bytes);
}

std::array<char, 24> SessionId::bytes() const noexcept {
  std::array<char, 24> out{};
  std::memcpy(out.data(), &hash, 8);
  std::memcpy(out.data() + 8, random.data(), 16);
  return out;
}

std::string SessionId::text() const {
  const auto raw = bytes();
  return base64url_encode({raw.data(), raw.size()});
}

}  // namespace wscluster::session
