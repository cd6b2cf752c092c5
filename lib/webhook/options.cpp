// SPDX-License-Identifier: MIT
#include "webhook/options.hpp"

#include <algorithm>
#include <array>

#include "net/http_client.hpp"

namespace wscluster::webhook {

bool Options::sends(std::string_view system_event) const noexcept {
  return is_on() && std::find(system_events.begin(), system_events.end(), system_event) != system_events.end();
}

bool Options::takes(std::string_view user_event) const noexcept {
  return is_on() && std::any_of(user_events.begin(), user_events.end(), [&](std::string_view pattern) {
           if (!pattern.ends_with('*')) return pattern == user_event;
           return user_event.starts_with(pattern.substr(0, pattern.size() - 1));
         });
}

std::vector<std::string> problems(const Options& options, Duration send_timeout) {
  using namespace std::chrono_literals;
  static constexpr std::array<std::string_view, 3> known{"connect", "connected", "disconnected"};
  std::vector<std::string> found;
  if (!options.is_on()) return found;
  std::string plain = options.url;
  std::replace(plain.begin(), plain.end(), '{', '_');
  if (const auto url = net::HttpUrl::parse(plain); !url) found.push_back("webhook_url: " + url.error().message);
  for (const std::string& name : options.system_events) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      found.push_back("webhook_system_events: '" + name + "' is none of connect, connected, disconnected");
  }
  for (const std::string& pattern : options.user_events) {
    if (pattern.empty() || pattern.find('*') < pattern.size() - 1)
      found.push_back("webhook_user_events: '" + pattern + "' is no name of an event; '*' stands at the end only");
  }
  if (options.timeout < 10ms || options.timeout > send_timeout)
    found.emplace_back("webhook_timeout must be at least 10ms and at most send_timeout");
  if (options.concurrency == 0) found.emplace_back("webhook_concurrency must be at least 1");
  const bool is_clean = std::all_of(options.origin.begin(), options.origin.end(), [](char c) { return c > ' '; });
  if (options.origin.empty() || !is_clean) found.emplace_back("webhook_origin must be a host name");
  return found;
}

}  // namespace wscluster::webhook
