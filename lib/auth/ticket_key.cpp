// SPDX-License-Identifier: MIT
#include "auth/ticket_key.hpp"

#include "auth/hkdf.hpp"

#include <openssl/crypto.h>
#include <algorithm>
#include <string>

namespace wscluster::auth {
namespace {

constexpr std::string_view ticket_label = "wscluster ticket v1 ";

}  // namespace

TicketKey derive_ticket_key(const Secret& cluster_key, std::uint64_t period) {
  TicketKey key;
  std::array<unsigned char, sizeof key.name + sizeof key.cipher_key + sizeof key.mac_key> bytes{};
  hkdf_sha256(cluster_key, {}, std::string(ticket_label) + std::to_string(period), bytes);
  const unsigned char* from = bytes.data();
  const auto take = [&from](auto& part) {
    std::copy_n(from, part.size(), part.begin());
    from += part.size();
  };
  take(key.name);
  take(key.cipher_key);
  take(key.mac_key);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

}  // namespace wscluster::auth
