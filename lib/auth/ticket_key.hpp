// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include "auth/secret.hpp"

namespace wscluster::auth {

/// What seals the TLS session tickets of one period.
struct TicketKey {
  std::array<unsigned char, 16> name{};  ///< goes over the wire in the clear and finds the key again
  std::array<unsigned char, 32> cipher_key{};
  std::array<unsigned char, 32> mac_key{};
};

/// Every process with the cluster key derives the same for a period (the number of an hour, say), so tickets need no
/// storage and no exchange. Throws std::invalid_argument for an empty key. The label inside is persistent.
[[nodiscard]] TicketKey derive_ticket_key(const Secret& cluster_key, std::uint64_t period);

}  // namespace wscluster::auth
