// SPDX-License-Identifier: MIT
#include "front/origins.hpp"

#include <algorithm>
#include <string_view>

#include "base/text.hpp"

namespace wscluster::front {
namespace {

constexpr std::string_view no_origin = "null";

bool is_host_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// HOST, HOST:PORT or [ADDRESS]:PORT, lower-case.
bool is_host_and_port(std::string_view text) {
  const std::size_t bracket = text.find(']');
  const bool is_address = text.starts_with('[') && bracket != std::string_view::npos;
  const std::size_t colon = text.find(':', is_address ? bracket : 0);
  const std::string_view host = text.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || !std::all_of(port.begin(), port.end(), is_digit)) return false;
  }
  if (is_address) return host.size() == bracket + 1;
  return !host.empty() && std::all_of(host.begin(), host.end(), is_host_letter);
}

/// The port that browsers leave out.
std::string without_default_port(std::string origin) {
  for (const auto& [scheme, port] :
       {std::pair<std::string_view, std::string_view>{"https://", ":443"}, {"http://", ":80"}}) {
    if (origin.starts_with(scheme) && origin.ends_with(port)) origin.resize(origin.size() - port.size());
  }
  return origin;
}

}  // namespace

Result<> OriginList::check(const std::string& pattern) {
  if (pattern == no_origin) return {};
  const std::string origin = to_lower(pattern);
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end != std::string::npos && scheme_end > 0) {
    std::string_view host = std::string_view(origin).substr(scheme_end + 3);
    if (host.starts_with("*.")) host.remove_prefix(2);
    if (is_host_and_port(host) && !host.starts_with('.')) return {};
  }
  return error(Errc::invalid, "'" + pattern +
                                  "' is no origin; write SCHEME://HOST or SCHEME://HOST:PORT without a path, as in "
                                  "https://app.example.org or https://*.example.org");
}

OriginList::OriginList(const std::vector<std::string>& patterns, MissingOrigin missing)
    : allows_missing_(missing == MissingOrigin::allow) {
  for (const std::string& text : patterns) {
    const std::string origin = without_default_port(to_lower(text));
    const std::size_t asterisk = origin.find('*');
    const bool is_exact = asterisk == std::string::npos;
    patterns_.push_back({origin.substr(0, asterisk), is_exact ? std::string() : origin.substr(asterisk + 1)});
  }
}

bool OriginList::allows(const edge::Request& request) const {
  if (patterns_.empty()) return true;
  const auto is_origin = [](const auto& header) { return iequals(header.first, "Origin"); };
  const auto count = std::count_if(request.headers.begin(), request.headers.end(), is_origin);
  if (count == 0) return allows_missing_;
  // No browser says two.
  return count == 1 && matches(without_default_port(to_lower(*request.header("Origin"))));
}

bool OriginList::matches(const std::string& origin) const {
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) {
    if (pattern.behind.empty()) return origin == pattern.before;
    if (origin.size() <= pattern.before.size() + pattern.behind.size()) return false;
    if (!origin.starts_with(pattern.before) || !origin.ends_with(pattern.behind)) return false;
    const std::string_view below(origin.data() + pattern.before.size(),
                                 origin.size() - pattern.before.size() - pattern.behind.size());
    return below.front() != '.' && std::all_of(below.begin(), below.end(), is_host_letter);
  });
}

}  // namespace wscluster::front
