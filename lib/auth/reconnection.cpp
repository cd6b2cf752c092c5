// SPDX-License-Identifier: MIT
#include "auth/reconnection.hpp"

#include <openssl/crypto.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "auth/hkdf.hpp"
#include "auth/hmac.hpp"
#include "base/text.hpp"
#include "base/varint.hpp"

namespace wscluster::auth {
namespace {

// version (1 byte) | expiry in seconds | service | connection id | user id | HMAC-SHA256 of all before it

constexpr std::string_view reconnection_label = "wscluster reconnection v1";
constexpr char version = 1;
constexpr std::size_t mac_bytes = 32;
/// Longer than any that is made: names have at most 128 bytes, ids 32, uids 256.
constexpr std::size_t max_reconnection_token = 1024;

bool is_signed_with_any(std::string_view bytes, std::string_view mac, std::span<const Secret> keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const Secret& key) {
    return !key.empty() && CRYPTO_memcmp(hmac_sha256(bytes, key).data(), mac.data(), mac_bytes) == 0;
  });
}

/// The fields behind the version; views of the bytes.
struct Fields {
  std::uint64_t expires = 0;
  std::string_view service;
  std::string_view connection_id;
  std::string_view user_id;
};

std::optional<Fields> take_fields(std::string_view bytes) {
  const auto expires = take_varint(bytes);
  const auto service = take_sized(bytes);
  const auto connection_id = take_sized(bytes);
  const auto user_id = take_sized(bytes);
  if (!expires || !service || !connection_id || !user_id || !bytes.empty()) return std::nullopt;
  return Fields{*expires, *service, *connection_id, *user_id};
}

std::uint64_t seconds_of(WallClock::time_point time) {
  const auto since = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return since > 0 ? static_cast<std::uint64_t>(since) : 0;
}

ReconnectionFault fault_of(const Fields& fields, std::string_view service, std::string_view connection_id,
                           WallClock::time_point now) {
  if (seconds_of(now) >= fields.expires) return ReconnectionFault::expired;
  if (fields.service != service) return ReconnectionFault::other_service;
  if (fields.connection_id != connection_id) return ReconnectionFault::other_connection;
  return ReconnectionFault::none;
}

}  // namespace

Secret derive_reconnection_key(const Secret& cluster_key) {
  std::array<unsigned char, 32> bytes{};
  hkdf_sha256(cluster_key, {}, reconnection_label, bytes);
  Secret key({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

std::string make_reconnection_token(const Reconnection& reconnection, const Secret& key) {
  if (key.empty()) throw std::invalid_argument("a reconnection token is signed with an empty key");
  std::string bytes(1, version);
  append_varint(bytes, seconds_of(reconnection.expires));
  append_sized(bytes, reconnection.service);
  append_sized(bytes, reconnection.connection_id);
  append_sized(bytes, reconnection.user_id);
  const Mac mac = hmac_sha256(bytes, key);
  bytes.append(reinterpret_cast<const char*>(mac.data()), mac.size());
  return base64url_encode(bytes);
}

ReconnectionCheck check_reconnection_token(std::string_view token, std::string_view service,
                                           std::string_view connection_id, std::span<const Secret> keys,
                                           WallClock::time_point now) {
  if (token.size() > max_reconnection_token) return {ReconnectionFault::malformed, {}};
  const auto bytes = base64url_decode(token);
  // Digits can be spelt in several ways where bits are left over; only ours is good.
  if (!bytes || bytes->size() <= mac_bytes || base64url_encode(*bytes) != token)
    return {ReconnectionFault::malformed, {}};
  const std::string_view signed_part = std::string_view(*bytes).substr(0, bytes->size() - mac_bytes);
  const std::string_view mac = std::string_view(*bytes).substr(signed_part.size());
  if (signed_part.front() != version) return {ReconnectionFault::other_version, {}};
  const auto fields = take_fields(signed_part.substr(1));
  if (!fields) return {ReconnectionFault::malformed, {}};
  if (!is_signed_with_any(signed_part, mac, keys)) return {ReconnectionFault::forged, {}};
  const ReconnectionFault fault = fault_of(*fields, service, connection_id, now);
  if (fault != ReconnectionFault::none) return {fault, {}};
  return {ReconnectionFault::none, std::string(fields->user_id)};
}

}  // namespace wscluster::auth
