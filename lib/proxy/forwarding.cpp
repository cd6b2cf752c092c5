// SPDX-License-Identifier: MIT
#include "proxy/forwarding.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"

namespace wscluster::proxy {
namespace {

/// Of one hop only.
constexpr std::array<std::string_view, 11> hop_headers{
    "Connection", "Keep-Alive",        "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE",
    "Trailer",    "Transfer-Encoding", "Upgrade",          "HTTP2-Settings",     "Content-Length"};

/// What only we say.
constexpr std::array<std::string_view, 9> our_headers{
    "X-Forwarded-Client-Cert", "X-Forwarded-For", "X-Forwarded-Proto",  "X-Forwarded-Host", "X-Forwarded-Port",
    "X-Forwarded-Prefix",      "Forwarded",       "X-Forwarded-Server", "X-Request-ID"};

template <std::size_t n>
bool is_one_of(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view one) { return iequals(one, name); });
}

/// The names that the message itself declares to be of this hop.
std::vector<std::string_view> named_by_connection(const net::HttpFields& headers) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : headers) {
    if (!iequals(name, "Connection")) continue;
    for (const std::string_view item : split(value, ','))
      names.push_back(trim(item));
  }
  return names;
}

bool is_named(const std::vector<std::string_view>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view one) { return iequals(one, name); });
}

/// Some servers read X_Request_ID and X-Request-ID as one header: then a client could say what only we may.
bool hides_one_of_ours(std::string_view name, std::string_view user_header) {
  if (name.find('_') == std::string_view::npos) return false;
  std::string dashed(name);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  return is_one_of(our_headers, dashed) || iequals(dashed, user_header) || iequals(dashed, "Content-Length") ||
         iequals(dashed, "Transfer-Encoding");
}

/// RFC 7239: what holds more than a token is quoted, and so are the brackets of IPv6.
std::string forwarded_element(std::string_view peer, const Provenance& from) {
  const bool is_v6 = peer.find(':') != std::string_view::npos;
  std::string element = is_v6 ? "for=\"[" + std::string(peer) + "]\"" : "for=" + std::string(peer);
  if (!from.host.empty()) element += ";host=\"" + from.host + '"';
  return element + ";proto=" + from.scheme;
}

std::string appended(const std::string& before, const std::string& last) {
  return before.empty() ? last : before + ", " + last;
}

}  // namespace

net::HttpFields request_headers(const net::HttpFields& received, const Provenance& from, std::string_view peer,
                                std::string_view user_header, const std::optional<std::string>& user) {
  const auto of_this_hop = named_by_connection(received);
  net::HttpFields headers;
  headers.reserve(received.size() + our_headers.size());
  for (const auto& [name, value] : received) {
    if (is_one_of(hop_headers, name) || is_one_of(our_headers, name) || iequals(name, user_header) ||
        iequals(name, "Expect") || hides_one_of_ours(name, user_header) || is_named(of_this_hop, name))
      continue;
    headers.emplace_back(name, value);
  }
  headers.emplace_back("X-Forwarded-For", appended(from.forwarded_for, std::string(peer)));
  headers.emplace_back("X-Forwarded-Proto", from.scheme);
  if (!from.host.empty()) headers.emplace_back("X-Forwarded-Host", from.host);
  if (!from.port.empty()) headers.emplace_back("X-Forwarded-Port", from.port);
  headers.emplace_back("Forwarded", appended(from.forwarded, forwarded_element(peer, from)));
  headers.emplace_back("X-Request-ID", from.request_id);
  if (!from.certificate.empty()) headers.emplace_back("X-Forwarded-Client-Cert", from.certificate);
  if (user && net::is_clean_header(*user)) headers.emplace_back(std::string(user_header), *user);
  return headers;
}

net::HttpFields response_headers(const net::HttpFields& received) {
  const auto of_this_hop = named_by_connection(received);
  net::HttpFields headers;
  headers.reserve(received.size());
  for (const auto& [name, value] : received) {
    if (!is_one_of(hop_headers, name) && !is_named(of_this_hop, name)) headers.emplace_back(name, value);
  }
  return headers;
}

net::HttpFields trailers(const net::HttpFields& received) {
  constexpr std::array<std::string_view, 7> never{"Host",          "Authorization", "Cookie",          "Set-Cookie",
                                                  "Cache-Control", "Content-Type",  "Content-Encoding"};
  net::HttpFields kept;
  for (const auto& [name, value] : received) {
    if (!is_one_of(hop_headers, name) && !is_one_of(our_headers, name) && !is_one_of(never, name))
      kept.emplace_back(name, value);
  }
  return kept;
}

std::string strip_prefix(std::string_view target, unsigned segments) {
  std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = target.substr(path.size());
  for (unsigned i = 0; i < segments && !path.empty(); ++i) {
    const std::size_t slash = path.find('/', 1);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash);
  }
  std::string stripped(path.empty() ? "/" : path);
  return stripped.append(query);
}

}  // namespace wscluster::proxy
