// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wscluster {

/// HOST:PORT as people write it: 127.0.0.1:9001, [::1]:9001, node-1.example:9001. Names are resolved where it is used.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;

  /// Fails without a port, with an empty host or a port above 65535. Port 0 is allowed (the system chooses).
  [[nodiscard]] static Result<Endpoint> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  /// 127.0.0.0/8, ::1 or "localhost".
  [[nodiscard]] bool is_loopback() const;

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace wscluster
