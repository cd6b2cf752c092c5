// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"
#include "registry/options.hpp"

namespace wscluster::registry {

class Tls;

/// A connected byte stream to Redis that never waits beyond a deadline. The one place that knows how bytes travel.
/// Owned by one thread. Errors say what the system said; Connection adds the place.
class Socket {
 public:
  Socket() noexcept;
  explicit Socket(int descriptor) noexcept;
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;

  /// Resolves the name and tries each address until one answers; then TLS, if the target wants it.
  [[nodiscard]] static Result<Socket> connect(const Target& target, const Options& options, TimePoint deadline);

  /// At least one byte. Errc::closed at the end of the stream, Errc::timed_out at the deadline.
  [[nodiscard]] Result<std::size_t> read_some(std::span<char> into, TimePoint deadline);
  [[nodiscard]] Result<> write_all(std::string_view bytes, TimePoint deadline);

  /// Bytes that poll(2) on the descriptor does not see.
  [[nodiscard]] bool has_pending() const noexcept;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  void close() noexcept;

 private:
  int descriptor_ = -1;
  std::unique_ptr<Tls> tls_;
};

/// Waits for `events` of poll(2); false at the deadline.
[[nodiscard]] bool wait_for(int descriptor, short events, TimePoint deadline);

/// What poll(2) wants: 0 when the deadline has passed, otherwise rounded up, so that nobody spins through the last one.
[[nodiscard]] int milliseconds_until(TimePoint deadline);

}  // namespace wscluster::registry
