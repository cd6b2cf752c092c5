// SPDX-License-Identifier: MIT
#include "registry/options.hpp"

#include <charconv>

#include "base/endpoint.hpp"
#include "base/names.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

namespace wscluster::registry {
namespace {

constexpr std::string_view sentinel_form = "redis+sentinel://HOST:PORT,HOST:PORT/MASTER/DB";
constexpr std::string_view forms =
    "write redis://HOST:PORT/DB, rediss://… with TLS, redis+sentinel://HOST:PORT,…/MASTER/DB or unix:///PATH?db=DB";

Result<unsigned> parse_database(const std::string& shown, std::string_view digits) {
  unsigned database = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), database);
  if (ec != std::errc() || end != digits.data() + digits.size() || digits.empty() || database > 65'535) {
    return error(Errc::invalid, shown + ": '" + std::string(digits) + "' is not a database number");
  }
  return database;
}

Result<Target> parse_unix(const std::string& shown, std::string_view rest) {
  Target target;
  const auto question = rest.find('?');
  target.path = std::string(rest.substr(0, question));
  // sockaddr_un has 108 bytes, the last is the terminator.
  if (target.path.size() < 2 || target.path.front() != '/' || target.path.size() > 107) {
    return error(Errc::invalid, shown + ": an absolute path of at most 107 bytes is expected; " + std::string(forms));
  }
  if (question == std::string_view::npos) return target;
  const std::string_view query = rest.substr(question + 1);
  if (!query.starts_with("db=")) return error(Errc::invalid, shown + ": only ?db=DB is known; " + std::string(forms));
  const auto database = parse_database(shown, query.substr(3));
  if (!database) return database.error();
  target.database = *database;
  return target;
}

/// Takes "USER@" from the front.
Result<std::string> take_user(const std::string& shown, std::string_view& rest) {
  const auto at = rest.rfind('@');
  if (at == std::string_view::npos) return std::string();
  auto user = percent_decode(rest.substr(0, at));
  if (!user || user->empty()) return error(Errc::invalid, shown + ": the user before '@' is not readable");
  rest.remove_prefix(at + 1);
  return std::move(*user);
}

Result<Endpoint> parse_endpoint(const std::string& shown, std::string_view text, std::uint16_t default_port) {
  auto endpoint = Endpoint::parse(text);
  if (!endpoint) endpoint = Endpoint::parse(std::string(text) + ":" + std::to_string(default_port));
  if (endpoint && endpoint->port != 0) return *endpoint;
  return error(Errc::invalid, shown + ": '" + std::string(text) + "' is not HOST:PORT; " + std::string(forms));
}

Result<Target> parse_tcp(const std::string& shown, std::string_view rest) {
  Target target;
  const auto user = take_user(shown, rest);
  if (!user) return user.error();
  target.username = *user;
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    if (slash + 1 < rest.size()) {
      const auto database = parse_database(shown, rest.substr(slash + 1));
      if (!database) return database.error();
      target.database = *database;
    }
    rest = rest.substr(0, slash);
  }
  const auto endpoint = parse_endpoint(shown, rest, 6379);
  if (!endpoint) return endpoint.error();
  target.host = endpoint->host;
  target.port = endpoint->port;
  return target;
}

Result<Target> parse_sentinel(const std::string& shown, std::string_view rest) {
  Target target;
  const auto user = take_user(shown, rest);
  if (!user) return user.error();
  target.username = *user;
  const auto parts = split(rest, '/');
  if (parts.size() < 2 || parts.size() > 3 || parts[1].empty()) {
    return error(Errc::invalid, shown + ": the name of the master is missing; write " + std::string(sentinel_form));
  }
  for (const std::string_view text : split(parts[0], ',')) {
    const auto endpoint = parse_endpoint(shown, text, 26379);
    if (!endpoint) return endpoint.error();
    target.sentinels.push_back(*endpoint);
  }
  target.master = parts[1];
  if (parts.size() == 3 && !parts[2].empty()) {
    const auto database = parse_database(shown, parts[2]);
    if (!database) return database.error();
    target.database = *database;
  }
  return target;
}

/// What follows of "redis" or "rediss" before "://".
Result<Target> parse_redis(const std::string& shown, std::string_view scheme, std::string_view rest) {
  const bool tls = scheme.starts_with("rediss");
  scheme.remove_prefix(tls ? 6 : 5);
  if (!scheme.empty() && scheme != "+sentinel") {
    return error(Errc::invalid, shown + ": unknown scheme; " + std::string(forms));
  }
  auto target = scheme.empty() ? parse_tcp(shown, rest) : parse_sentinel(shown, rest);
  if (target) target->tls = tls;
  return target;
}

}  // namespace

bool has_sentinels(const Options& options) {
  const auto target = parse_url(options.url);
  return target && !target->sentinels.empty();
}

std::vector<std::string> problems(const Options& options) {
  std::vector<std::string> found;
  if (const auto target = parse_url(options.url); !target) found.push_back(target.error().message);
  if (const auto name = check_member_name(options.cluster); !name) found.push_back("cluster: " + name.error().message);
  if (options.heartbeat < Duration(20)) found.emplace_back("heartbeat must be at least 20ms");
  if (options.lease < 3 * options.heartbeat) {
    found.push_back("lease (" + format_duration(options.lease) + ") must be at least three heartbeats (" +
                    format_duration(3 * options.heartbeat) + ")");
  }
  if (options.cert_file.empty() != options.key_file.empty()) {
    found.emplace_back("cert_file and key_file belong together");
  }
  if (options.min_replicas > 100) found.emplace_back("min_replicas must be at most 100");
  if (options.timeout < Duration(10)) found.emplace_back("timeout must be at least 10ms");
  if (options.wait_at_start < Duration(0)) found.emplace_back("wait_at_start must not be negative");
  if (options.flap_limit == 0) found.emplace_back("flap_limit must be at least 1");
  if (options.flap_window < Duration(0)) found.emplace_back("flap_window must not be negative");
  return found;
}

std::string Target::place() const {
  if (!path.empty()) return "unix://" + path;
  const std::string scheme = tls ? "rediss" : "redis";
  if (!sentinels.empty()) return scheme + "+sentinel://" + sentinels.front().to_string() + "/" + master;
  return scheme + "://" + Endpoint{host, port}.to_string();
}

Result<Target> parse_url(const std::string& url) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return error(Errc::invalid, "redis url '" + url + "': " + std::string(forms));
  const std::string_view rest = std::string_view(url).substr(scheme + 3);
  const auto at = rest.rfind('@');
  if (at != std::string_view::npos && rest.substr(0, at).find(':') != std::string_view::npos) {
    return error(Errc::invalid,
                 "redis url: a password does not belong there, because urls are printed; "
                 "put it into a file and name that as redis.password_file");
  }
  const std::string shown = "redis url '" + url + "'";
  if (url.starts_with("unix://")) return parse_unix(shown, rest);
  if (url.starts_with("redis")) return parse_redis(shown, std::string_view(url).substr(0, scheme), rest);
  return error(Errc::invalid, shown + ": unknown scheme; " + std::string(forms));
}

}  // namespace wscluster::registry
