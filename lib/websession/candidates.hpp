// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/secret.hpp"
#include "websession/options.hpp"

namespace wscluster::websession {

/// What a request brings that may name a session.
struct Inputs {
  std::vector<std::string> cookies;  ///< values of its Cookie headers
  std::string header;                ///< value of the header Options::header; empty: none
};

/// Ids that the request may mean, the likeliest first, each once: at most max_candidates, because each is asked for.
/// With a `secret` only ids whose signature is right. Anybody can send them; they hold no character that leads a key
/// into another part of Redis.
[[nodiscard]] std::vector<std::string> session_ids(const Inputs& inputs, const Options& options,
                                                   const auth::Secret& secret);

inline constexpr std::size_t max_candidates = 8;
inline constexpr std::size_t max_id_bytes = 256;

/// Values of the cookies of that name, in order, without quotes around them.
[[nodiscard]] std::vector<std::string_view> cookie_values(const std::vector<std::string>& headers,
                                                          std::string_view name);

}  // namespace wscluster::websession
