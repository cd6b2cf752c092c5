// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "edge/edge.hpp"
#include "proxy/forwarding.hpp"

namespace wscluster::front {

/// Which peers are proxies of ours, so that what they say of a client is believed: addresses and networks, 10.0.0.0/8
/// or 2001:db8::/32.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  /// Each has passed check().
  explicit TrustedProxies(const std::vector<std::string>& networks);

  [[nodiscard]] static Result<> check(const std::string& network);
  [[nodiscard]] bool contains(std::string_view address) const;

 private:
  struct Network {
    std::array<std::uint8_t, 16> address{};  ///< IPv4 as ::ffff:a.b.c.d
    unsigned bits = 0;
  };
  [[nodiscard]] static Result<Network> parse(std::string_view text);

  std::vector<Network> networks_;
};

/// The address in X-Forwarded-For that no trusted proxy has added: who stands behind them. The peer's where it is not
/// one of them.
[[nodiscard]] std::string client_of(const edge::Request& request, const TrustedProxies& trusted);

/// Where a request really comes from: of X-Forwarded-* and Forwarded only what a trusted proxy says is believed.
[[nodiscard]] proxy::Provenance provenance_of(const edge::Request& request, const TrustedProxies& trusted);

}  // namespace wscluster::front
