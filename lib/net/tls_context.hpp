// SPDX-License-Identifier: MIT
#pragma once

#include "net/tls.hpp"

#include <openssl/ssl.h>

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

/// What the sources of streams and contexts share about OpenSSL. For sources of this folder only.
namespace wscluster::net {

/// With the protocols, ciphers and modes that all contexts have. Throws Failure.
[[nodiscard]] SslContext make_context(const SSL_METHOD* method);

/// The certificates of a PEM text are trusted. The name stands in the error.
[[nodiscard]] Result<> trust(X509_STORE* store, std::string_view pem, const std::string& name);

/// What a server's context owns; freed with it, so that a stream needs nothing besides.
struct ServerState {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>{}(name); }
  };
  using Contexts = std::unordered_map<std::string, SSL_CTX*, Hash, std::equal_to<>>;

  std::shared_ptr<TicketKeys> tickets;
  std::vector<SslContext> others;  ///< for names that do not get exactly what the default context has
  Contexts exact;                  ///< null: the default context
  Contexts wildcards;              ///< by what stands behind "*."
  bool is_strict = false;
};
/// Null for a context that is not a server's with certificates.
[[nodiscard]] ServerState* server_state(const SSL_CTX* context) noexcept;

/// The keys of a PSK context, or null for one with certificates.
[[nodiscard]] const std::vector<PskKey>* psk_keys(const SSL* ssl) noexcept;

/// The last session of a client context that resumes, or null.
[[nodiscard]] SSL_SESSION* saved_session(SSL_CTX* context) noexcept;

}  // namespace wscluster::net
