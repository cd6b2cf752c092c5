// SPDX-License-Identifier: MIT
#include "base/log.hpp"
#include "base/random.hpp"
#include "net/tls_context.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <utility>

namespace wscluster::net {
namespace {

constexpr std::size_t name_bytes = sizeof TicketKey::name;
constexpr std::size_t iv_bytes = 16;

/// What OpenSSL wants to hear from the callback.
enum Answer : int { failed = -1, no_ticket = 0, good = 1, renew = 2 };

bool use(const TicketKey& key, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, const unsigned char* iv, bool is_sealing) {
  // OpenSSL's parameters are not const; it does not write to these.
  auto* mac_key = const_cast<unsigned char*>(key.mac_key.data());
  std::array<char, 7> digest{"SHA256"};
  const std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key, key.mac_key.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
  return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher_key.data(), iv, is_sealing ? 1 : 0) == 1 &&
         EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

int seal(TicketKeys& keys, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  const TicketKey key = keys.sealing();
  std::copy(key.name.begin(), key.name.end(), name);
  fill_random({iv, iv_bytes});
  return use(key, cipher, mac, iv, true) ? good : failed;
}

int open(TicketKeys& keys, const SSL* ssl, const unsigned char* name, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
         EVP_MAC_CTX* mac) {
  const auto found = keys.opening({name, name_bytes});
  if (!found) return no_ticket;
  if (!use(found->key, cipher, mac, iv, false)) return failed;
  // Clients use a ticket of TLS 1.3 once (RFC 8446, C.4), so they need the next one.
  return found->is_sealing && SSL_version(ssl) < TLS1_3_VERSION ? good : renew;
}

int seal_or_open(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                 int is_sealing) {
  TicketKeys& keys = *server_state(SSL_get_SSL_CTX(ssl))->tickets;
  try {
    return is_sealing != 0 ? seal(keys, name, iv, cipher, mac) : open(keys, ssl, name, iv, cipher, mac);
  } catch (const std::exception& problem) {
    // Through OpenSSL no exception may go. Without a ticket the handshake is a full one.
    log::error("net", "no key for TLS session tickets", {{"err", problem.what()}});
    return no_ticket;
  }
}

}  // namespace

void TlsServer::use_ticket_keys(const std::shared_ptr<TicketKeys>& keys) {
  const auto use_in = [&](SSL_CTX* context) {
    server_state(context)->tickets = keys;
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, seal_or_open);
    SSL_CTX_set_timeout(context, std::chrono::seconds(2 * TicketKeys::period).count());
  };
  use_in(context_.get());
  for (const SslContext& other : server_state(context_.get())->others)
    use_in(other.get());
}

}  // namespace wscluster::net
