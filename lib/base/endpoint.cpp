// SPDX-License-Identifier: MIT
#include "base/endpoint.hpp"

#include <charconv>

namespace wscluster {

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto bad = [&](const char* why) {
    return error(Errc::invalid, "'" + std::string(text) + "' " + why + " (examples: 127.0.0.1:9001, [::1]:9001)");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad("has no port");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad("is not HOST:PORT; write an IPv6 address in brackets");
  }
  if (host.empty()) return bad("has no host");
  unsigned port = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || ec != std::errc{} || end != digits.data() + digits.size() || port > 65535) {
    return bad("has no valid port");
  }
  return Endpoint{std::string(host), static_cast<std::uint16_t>(port)};
}

std::string Endpoint::to_string() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Endpoint::is_loopback() const {
  return (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos) || host == "::1" ||
         host == "localhost";
}

}  // namespace wscluster
