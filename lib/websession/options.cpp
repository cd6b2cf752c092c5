// SPDX-License-Identifier: MIT
#include "websession/options.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wscluster::websession {
namespace {

using Sentences = std::vector<std::string>;

/// RFC 9110's token, of which names of cookies and headers are made.
bool is_token(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    const bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return is_word || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

void check_spring(const Options& options, Sentences& found) {
  if (options.name_space.empty())
    found.emplace_back("http_session.namespace is empty; Spring's default is spring:session");
  for (const auto& [is_set, key] :
       {std::pair{!options.field.empty(), "field"}, std::pair{!options.json_path.empty(), "json_path"},
        std::pair{!options.secret_file.empty(), "secret_file"}, std::pair{options.key != Options{}.key, "key"}}) {
    if (is_set) found.push_back(std::string("http_session.") + key + " does nothing while http_session.kind is spring");
  }
}

void check_generic(const Options& options, Sentences& found) {
  const auto at = options.key.find("{id}");
  if (at == std::string::npos || options.key.find("{id}", at + 1) != std::string::npos)
    found.push_back("http_session.key: '" + options.key + "' must hold {id} once, as in sess:{id}");
  if (!options.attribute.empty())
    found.emplace_back(
        "http_session.attribute does nothing while http_session.kind is generic: use field or json_path");
  if (options.name_space != Options{}.name_space)
    found.emplace_back("http_session.namespace does nothing while http_session.kind is generic: use key");
  const auto steps = split(options.json_path, '.');
  if (!options.json_path.empty() && std::any_of(steps.begin(), steps.end(), [](auto step) { return step.empty(); }))
    found.push_back("http_session.json_path: '" + options.json_path + "' is not a path such as passport.user");
}

void check_limits(const Options& options, Sentences& found) {
  if (options.timeout < Duration(10) || options.timeout > Duration(10'000))
    found.emplace_back("http_session.timeout must be at least 10ms and at most 10s");
  if (options.cache_time < Duration(0) || options.cache_time > Duration(60'000))
    found.emplace_back("http_session.cache_time must be at most 1m: who logs out is known here so long");
  if (options.cache_entries == 0) found.emplace_back("http_session.cache_entries must be at least 1");
  if (options.max_waiting == 0) found.emplace_back("http_session.max_waiting must be at least 1");
}

}  // namespace

std::string Options::cookie_name() const {
  if (!cookie.empty()) return cookie;
  return kind == Kind::generic ? "connect.sid" : "SESSION";
}

registry::Options redis_of(const Options& options, const registry::Options& registry) {
  registry::Options redis = registry;
  redis.timeout = options.timeout;
  if (options.redis_url.empty()) return redis;
  redis.url = options.redis_url;
  redis.username = options.redis_username;
  redis.password = options.redis_password;
  return redis;
}

std::vector<std::string> problems(const Options& options) {
  Sentences found;
  if (!options.is_on()) return found;
  if (!options.redis_url.empty()) {
    if (const auto target = registry::parse_url(options.redis_url); !target)
      found.push_back("http_session.redis_url: " + target.error().message);
  } else if (!options.redis_username.empty() || !options.redis_password.empty()) {
    found.emplace_back("http_session.redis_username and http_session.redis_password_file need http_session.redis_url");
  }
  for (const auto& [name, key] : {std::pair{&options.cookie, "cookie"}, std::pair{&options.header, "header"}}) {
    if (!is_token(*name)) found.push_back(std::string("http_session.") + key + ": '" + *name + "' is not a name");
  }
  if (options.kind == Kind::spring) {
    check_spring(options, found);
  } else {
    check_generic(options, found);
  }
  check_limits(options, found);
  return found;
}

}  // namespace wscluster::websession
