// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "auth/secret.hpp"
#include "base/time.hpp"

/// The token with which a client comes back to its session. Nobody stores it: every process with the cluster key makes
/// and checks it.
namespace wscluster::auth {

/// What signs reconnection tokens; 32 bytes. Throws std::invalid_argument for an empty key. The label inside is
/// persistent.
[[nodiscard]] Secret derive_reconnection_key(const Secret& cluster_key);

/// Whose session it is.
struct Reconnection {
  std::string service;
  std::string connection_id;  ///< its text
  std::string user_id;        ///< empty: anonymous
  WallClock::time_point expires;
};

/// The time is cut to seconds. Throws std::invalid_argument for an empty key.
[[nodiscard]] std::string make_reconnection_token(const Reconnection& reconnection, const Secret& key);

/// Why a token is not good. For logs and counters: the client is told the same of each, which is the upgrade and then
/// the close code 1008, since it would knock for 30 s at a refused upgrade.
enum class ReconnectionFault : std::uint8_t {
  none,
  malformed,         ///< cut off, or never a token
  other_version,     ///< of a later program
  forged,            ///< signed with none of the keys, or changed
  expired,           ///< was good
  other_service,     ///< good, but for another service
  other_connection,  ///< good, but for another session
};

struct ReconnectionCheck {
  ReconnectionFault fault = ReconnectionFault::none;
  std::string user_id;  ///< only without a fault
};

/// `keys` are the derived ones, the previous cluster key's too while it is accepted.
[[nodiscard]] ReconnectionCheck check_reconnection_token(std::string_view token, std::string_view service,
                                                         std::string_view connection_id, std::span<const Secret> keys,
                                                         WallClock::time_point now);

}  // namespace wscluster::auth
