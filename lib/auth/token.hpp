// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/secret.hpp"
#include "base/error.hpp"
#include "base/time.hpp"

namespace wscluster::auth {

/// The SDKs sign the whole URL of a call: the name of a group, 1024 characters, takes 8 KiB of it and more.
inline constexpr std::size_t max_token_bytes = 12U << 10U;
/// How far clocks of signer and cluster may differ.
inline constexpr Duration default_clock_skew = std::chrono::seconds(60);

/// What a token says. All of it is the signer's word; a subject is not yet a valid uid.
struct Claims {
  std::string subject;              ///< sub; empty: anonymous
  std::string audience;             ///< aud; empty: not bound to an address (see audience_matches)
  std::vector<std::string> roles;   ///< role
  std::vector<std::string> groups;  ///< webpubsub.group: to be joined at once
  std::optional<WallClock::time_point> issued_at;
  std::optional<WallClock::time_point> not_before;
  std::optional<WallClock::time_point> expires;  ///< none: as long as the key is accepted
  std::string raw_json;                          ///< the whole payload as it was signed; make_token does not look at it
};

/// The claims of an HS256 token (JWT) signed with any of the keys, whose bytes are those of the key's text. Everything
/// else is Errc::permission: other algorithms, a broken form, claims of the wrong type, times out of range. The message
/// is fit for an answer to the client: it holds neither token nor key.
[[nodiscard]] Result<Claims> verify_token(std::string_view token, std::span<const Secret> keys,
                                          WallClock::time_point now, Duration skew = default_clock_skew);

/// Signs with HS256. Empty and absent fields are left out, times are cut to seconds. Throws std::invalid_argument for
/// an empty key.
[[nodiscard]] std::string make_token(const Claims& claims, const Secret& key);

}  // namespace wscluster::auth
