// SPDX-License-Identifier: MIT
#include "front/provenance.hpp"

#include <arpa/inet.h>
#include <algorithm>
#include <charconv>

#include "base/random.hpp"
#include "base/text.hpp"

namespace wscluster::front {
namespace {

constexpr unsigned v4_offset = 96;
constexpr std::size_t max_request_id_bytes = 128;
constexpr std::size_t max_forwarded_bytes = 2048;

bool parse_address(std::string_view text, std::array<std::uint8_t, 16>& address, bool& is_v4) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const std::string copy(text.substr(0, text.find('%')));
  address = {};
  if (::inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) {
    is_v4 = false;
    return true;
  }
  address = {};
  address[10] = address[11] = 0xFF;
  is_v4 = true;
  return ::inet_pton(AF_INET, copy.c_str(), address.data() + 12) == 1;
}

/// Of a proxy, if it is no flood.
std::string chain(const edge::Request& request, std::string_view name) {
  std::string all = request.list(name);
  return all.size() > max_forwarded_bytes ? std::string() : all;
}

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= max_request_id_bytes && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.:+/=").find(c) != std::string_view::npos;
  });
}

std::string port_in(std::string_view host, std::string_view scheme) {
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  if (has_port && colon + 1 < host.size()) return std::string(host.substr(colon + 1));
  return scheme == "https" ? "443" : "80";
}

/// As Envoy writes it; what cannot stand between quotes is escaped.
std::string certificate_text(const net::ClientCertificate& certificate) {
  std::string subject;
  for (const char c : certificate.subject) {
    if (c == '"' || c == '\\') subject += '\\';
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) subject += c;
  }
  return "Hash=" + certificate.fingerprint + ";Subject=\"" + subject + "\"";
}

}  // namespace

Result<TrustedProxies::Network> TrustedProxies::parse(std::string_view text) {
  Network network;
  const std::size_t slash = text.find('/');
  bool is_v4 = false;
  if (!parse_address(text.substr(0, slash), network.address, is_v4))
    return error(Errc::invalid, "'" + std::string(text) + "' is no address and no network such as 10.0.0.0/8");
  const unsigned most = is_v4 ? 32 : 128;
  network.bits = most;
  if (slash != std::string_view::npos) {
    const std::string_view bits = text.substr(slash + 1);
    const auto [end, failed] = std::from_chars(bits.data(), bits.data() + bits.size(), network.bits);
    if (failed != std::errc{} || end != bits.data() + bits.size() || network.bits > most)
      return error(Errc::invalid,
                   "'" + std::string(text) + "': the length of a network is 0 to " + std::to_string(most));
  }
  if (is_v4) network.bits += v4_offset;
  return network;
}

Result<> TrustedProxies::check(const std::string& network) {
  const auto parsed = parse(network);
  return parsed ? Result<>() : Result<>(parsed.error());
}

TrustedProxies::TrustedProxies(const std::vector<std::string>& networks) {
  for (const std::string& network : networks)
    networks_.push_back(parse(network).value());
}

bool TrustedProxies::contains(std::string_view address) const {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4 = false;
  if (networks_.empty() || !parse_address(address, bytes, is_v4)) return false;
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    for (unsigned bit = 0; bit < network.bits; ++bit) {
      const auto mask = static_cast<std::uint8_t>(0x80U >> bit % 8);
      if (((bytes[bit / 8] ^ network.address[bit / 8]) & mask) != 0) return false;
    }
    return true;
  });
}

std::string client_of(const edge::Request& request, const TrustedProxies& trusted) {
  std::string client = request.peer;
  if (!trusted.contains(client)) return client;
  const std::string text = chain(request, "X-Forwarded-For");
  auto hops = split(text, ',');
  while (!hops.empty() && trusted.contains(client)) {
    const std::string_view hop = trim(hops.back());
    hops.pop_back();
    std::array<std::uint8_t, 16> ignored{};
    bool is_v4 = false;
    if (!parse_address(hop, ignored, is_v4)) break;
    client = hop;
  }
  return client;
}

proxy::Provenance provenance_of(const edge::Request& request, const TrustedProxies& trusted) {
  proxy::Provenance from;
  from.scheme = request.is_tls ? "https" : "http";
  from.host = request.header("Host").value_or("");
  from.port = port_in(from.host, from.scheme);
  if (trusted.contains(request.peer)) {
    from.forwarded_for = chain(request, "X-Forwarded-For");
    from.forwarded = chain(request, "Forwarded");
    const std::string_view scheme = request.header("X-Forwarded-Proto").value_or("");
    if (iequals(scheme, "https") || iequals(scheme, "wss")) from.scheme = "https";
    if (iequals(scheme, "http") || iequals(scheme, "ws")) from.scheme = "http";
    if (const auto host = request.header("X-Forwarded-Host"); host && !host->empty()) from.host = *host;
    from.port = request.header("X-Forwarded-Port").value_or(port_in(from.host, from.scheme));
    const std::string_view id = request.header("X-Request-ID").value_or("");
    if (is_request_id(id)) from.request_id = id;
  }
  if (request.client_certificate) from.certificate = certificate_text(*request.client_certificate);
  // What is put between quotes must not hold one.
  std::erase_if(from.host, [](char c) { return c == '"' || c == '\\' || c == ',' || c == ';'; });
  if (from.request_id.empty()) from.request_id = to_hex(random_id()) + to_hex(random_id());
  return from;
}

}  // namespace wscluster::front
