// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "registry/options.hpp"

namespace wscluster::websession {

/// Who writes the sessions.
enum class Kind : std::uint8_t {
  off,
  spring,   ///< Spring Session: one hash for each session
  generic,  ///< a hash or a text under a key with the session's id, such as express-session's
};

/// How the HTTP sessions of application servers are found in Redis. They are only read.
struct Options {
  Kind kind = Kind::off;
  std::string redis_url;                      ///< empty: the registry's, with its user and password
  std::string redis_username;                 ///< with redis_url
  std::string redis_password;                 ///< with redis_url; never printed, never logged
  std::string cookie;                         ///< with the id; empty: SESSION (spring), connect.sid (generic)
  std::string header;                         ///< with the id as it is, before any cookie; empty: none
  std::string name_space = "spring:session";  ///< spring
  std::string attribute;          ///< spring: holds the user id; empty: the principal that Spring Security knows
  std::string key = "sess:{id}";  ///< generic
  std::string field;              ///< generic: of a hash; empty: the key holds a text
  std::string json_path;          ///< generic: the user id in that JSON, with dots: passport.user; empty: all of it
  std::string secret_file;        ///< generic: of signed cookies; others are nobody's
  Duration timeout{200};          ///< for one look-up
  Duration cache_time{5'000};     ///< a session that was found is not asked for again so long; 0: each time
  std::uint64_t cache_entries = 10'000;  ///< of the process
  std::uint64_t max_waiting = 1'000;     ///< look-ups under way in the process; beyond it they are refused

  [[nodiscard]] bool is_on() const noexcept { return kind != Kind::off; }
  [[nodiscard]] std::string cookie_name() const;
};

/// Where sessions are, given where the cluster's own records are.
[[nodiscard]] registry::Options redis_of(const Options& options, const registry::Options& registry);

/// Contradictions between fields, each a sentence that names the keys of `http_session`; empty when usable.
[[nodiscard]] std::vector<std::string> problems(const Options& options);

}  // namespace wscluster::websession
