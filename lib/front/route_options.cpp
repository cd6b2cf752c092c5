// SPDX-License-Identifier: MIT
#include "front/route_options.hpp"

#include <algorithm>

#include "base/endpoint.hpp"
#include "base/names.hpp"
#include "base/text.hpp"
#include "front/origins.hpp"
#include "front/routes.hpp"

namespace wscluster::front {
namespace {

constexpr std::string_view balanced = "lb://";
constexpr std::string_view plain = "http://";
constexpr std::uint64_t most_segments = 16;

Result<> check_destination(const std::vector<std::string>& to) {
  const bool is_balanced = std::any_of(to.begin(), to.end(), [](const auto& one) { return one.starts_with(balanced); });
  if (is_balanced) {
    if (to.size() > 1) return error(Errc::invalid, "is one lb://SERVICE or a list of http://HOST:PORT, not both");
    return check_service_name(std::string_view(to.front()).substr(balanced.size()));
  }
  for (const std::string& one : to) {
    const bool is_http = one.starts_with(plain) && Endpoint::parse(std::string_view(one).substr(plain.size()));
    if (!is_http) return error(Errc::invalid, "'" + one + "' is neither lb://SERVICE nor http://HOST:PORT");
  }
  return to.empty() ? error(Errc::invalid, "is missing: lb://SERVICE or http://HOST:PORT") : Result<>();
}

bool is_good_path(std::string_view path) {
  if (path.ends_with("/**")) path.remove_suffix(3);
  return (path.empty() || path.starts_with('/')) && path.find_first_of("*?# ") == std::string_view::npos;
}

bool is_good_host(std::string_view host) {
  if (host.starts_with("*.")) host.remove_prefix(2);
  return host.find_first_of("*:/ ") == std::string_view::npos;
}

void check_user(const std::string& key, const std::string& text, const std::vector<std::string>& key_files,
                bool has_sessions, std::vector<std::string>& found) {
  const auto source = UserSource::parse(text);
  if (!source) {
    found.push_back(key + ".user: " + source.error().message);
    return;
  }
  if (source->kind == UserSource::Kind::jwt && key_files.empty())
    found.push_back(key + ".user is jwt, so " + key + ".key_files must name the keys of the tokens");
  if (source->kind == UserSource::Kind::session && !has_sessions)
    found.push_back(key + ".user is session, so http_session.kind must say where sessions are: spring or generic");
}

}  // namespace

Result<UserSource> UserSource::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  UserSource source;
  source.name = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (word == "none" && source.name.empty()) return source;
  if (word == "session" && source.name.empty()) {
    source.kind = Kind::session;
    return source;
  }
  if (word == "jwt") {
    source.kind = Kind::jwt;
    if (source.name.empty()) source.name = "sub";
    return source;
  }
  for (const auto& [name, kind] :
       {std::pair{"query", Kind::query}, std::pair{"header", Kind::header}, std::pair{"cookie", Kind::cookie}}) {
    if (word != name || source.name.empty()) continue;
    source.kind = kind;
    return source;
  }
  return error(Errc::invalid, "'" + std::string(text) +
                                  "' is none of none, jwt, jwt:CLAIM, query:NAME, header:NAME, cookie:NAME, session");
}

std::vector<std::string> problems(const RouteOptions& route, bool has_sessions) {
  std::vector<std::string> found;
  const std::string key = "routes." + route.name;
  if (!is_good_path(route.path))
    found.push_back(key + ".path: '" + route.path + "' is not a path: it begins with '/' and may end with '/**'");
  if (!is_good_host(route.host))
    found.push_back(key + ".host: '" + route.host +
                    "' is not a host: app.example.org or *.example.org, without a port");
  if (route.strip_prefix > most_segments)
    found.push_back(key + ".strip_prefix is at most " + std::to_string(most_segments));
  if (const auto good = check_destination(route.to); !good) found.push_back(key + ".to " + good.error().message);
  check_user(key, route.user, route.key_files, has_sessions, found);
  for (const std::string& origin : route.origins) {
    if (const auto good = OriginList::check(origin); !good) found.push_back(key + ".origins: " + good.error().message);
  }
  return found;
}

std::vector<std::string> problems(const LocatorOptions& locator, bool has_sessions) {
  std::vector<std::string> found;
  if (locator.is_enabled) check_user("locator", locator.user, locator.key_files, has_sessions, found);
  return found;
}

}  // namespace wscluster::front
