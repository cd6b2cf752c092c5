// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"
#include "registry/options.hpp"

using SSL = struct ssl_st;

namespace wscluster::registry {

/// The client's side of TLS 1.2 or 1.3 over a connected, non-blocking socket that it does not own. Used by one thread;
/// the process ignores SIGPIPE.
class Tls {
 public:
  /// The handshake: the server's chain must lead to a trusted authority and its certificate must name `host` (a name or
  /// an address). Files are read each time, so that a renewed certificate is used from the next connection on.
  [[nodiscard]] static Result<std::unique_ptr<Tls>> connect(int descriptor, const Options& options,
                                                            const std::string& host, TimePoint deadline);

  /// As Socket's.
  [[nodiscard]] Result<std::size_t> read_some(std::span<char> into, TimePoint deadline);
  [[nodiscard]] Result<> write_all(std::string_view bytes, TimePoint deadline);
  /// Decrypted bytes that poll(2) does not see.
  [[nodiscard]] bool has_pending() const noexcept;

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const noexcept;
  };

  Tls(SSL* ssl, int descriptor) noexcept : ssl_(ssl), descriptor_(descriptor) {}
  [[nodiscard]] Result<> wait(int result, TimePoint deadline, const char* late);

  std::unique_ptr<SSL, FreeSsl> ssl_;
  int descriptor_;
};

}  // namespace wscluster::registry
