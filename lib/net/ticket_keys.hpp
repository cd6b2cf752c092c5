// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace wscluster::net {

/// Seals TLS session tickets: AES-256-CBC, then HMAC-SHA256. The name stands in the ticket, in the clear.
struct TicketKey {
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, 32> cipher_key{};
  std::array<unsigned char, 32> mac_key{};
};

/// The ticket keys of a TLS server, which rotate by themselves: each is derived from a secret and the number of its
/// period, so processes with the same secret open one another's tickets and keep nothing. A ticket is good for the
/// period that sealed it and the next one; that of the coming period opens as well, for clocks that differ. Any thread.
class TicketKeys {
 public:
  using Derive = std::function<TicketKey(std::uint64_t period)>;
  using Now = std::function<WallClock::time_point()>;
  static constexpr std::chrono::hours period{1};

  /// One entry per secret: the first one seals, every one opens.
  explicit TicketKeys(std::vector<Derive> secrets, Now now = WallClock::now);

  /// From now on these: tickets of a secret that is no longer among them do not open.
  void use_secrets(std::vector<Derive> secrets);

  [[nodiscard]] TicketKey sealing();

  struct Opening {
    TicketKey key;
    bool is_sealing = false;  ///< else the client should get a fresh ticket
  };
  [[nodiscard]] std::optional<Opening> opening(std::span<const unsigned char> name);

 private:
  void rotate();

  std::vector<Derive> secrets_;
  const Now now_;
  std::mutex mutex_;
  std::optional<std::uint64_t> current_;  ///< the period that keys_ belongs to
  std::vector<TicketKey> keys_;           ///< the sealing one first
};

}  // namespace wscluster::net
