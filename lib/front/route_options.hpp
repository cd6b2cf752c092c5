// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "front/missing_origin.hpp"

namespace wscluster::front {

/// Where a request says whose it is.
struct UserSource {
  enum class Kind : std::uint8_t { none, jwt, query, header, cookie, session };

  Kind kind = Kind::none;
  std::string name;  ///< of the claim, query parameter, header or cookie

  /// none, jwt[:CLAIM], query:NAME, header:NAME, cookie:NAME, session.
  [[nodiscard]] static Result<UserSource> parse(std::string_view text);
};

/// What a user is needed for. Other requests go to any server, but to the owner where they say a user.
enum class UserFor : std::uint8_t { websockets, all };

/// Which requests go to which service.
struct RouteOptions {
  std::string name;
  std::string host;                ///< exact, or "*.example.org"; empty: any
  std::string path = "/**";        ///< exact, or with "/**" at its end: all below, too
  std::uint64_t strip_prefix = 0;  ///< path segments
  std::vector<std::string> to;     ///< one lb://SERVICE, or http://HOST:PORT of each server
  std::string user = "none";       ///< see UserSource
  UserFor user_for = UserFor::websockets;
  std::vector<std::string> key_files;  ///< of tokens, newest first
  std::vector<std::string> origins;    ///< web pages that may open WebSockets; empty: all
  MissingOrigin missing_origin = MissingOrigin::allow;
};

/// /SERVICE/** is a route to every upstream service that is known.
struct LocatorOptions {
  bool is_enabled = false;
  std::string user = "none";
  UserFor user_for = UserFor::websockets;
  std::vector<std::string> key_files;
};

/// Contradictions, each a sentence that names the key; empty when usable.
[[nodiscard]] std::vector<std::string> problems(const RouteOptions& route, bool has_sessions);
[[nodiscard]] std::vector<std::string> problems(const LocatorOptions& locator, bool has_sessions);

}  // namespace wscluster::front
