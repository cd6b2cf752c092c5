// SPDX-License-Identifier: MIT
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "net/certificate.hpp"
#include "net/ticket_keys.hpp"
#include "net/tls_options.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using SSL_CTX = struct ssl_ctx_st;

namespace wscluster::net {

/// A secret both ends of a link know. The identity is public and names the key.
struct PskKey {
  std::string identity;
  std::array<unsigned char, 32> key{};
};

struct FreeSslContext {
  void operator()(SSL_CTX* context) const noexcept;
};
using SslContext = std::unique_ptr<SSL_CTX, FreeSslContext>;

/// What a TLS listener presents. The cores share it; streams made with it may outlive it.
class TlsServer {
 public:
  /// By the name that the client asks for (SNI) the certificates for exactly it, else those for its wildcard, else the
  /// first one. Of one name and kind of key the first one stands, so an RSA and an ECDSA certificate go together. The
  /// error names the file and the remedy; there must be a certificate.
  [[nodiscard]] static Result<TlsServer> make(const std::vector<Certificate>& certificates,
                                              const TlsOptions& options = {});
  /// One certificate with default options.
  [[nodiscard]] static Result<TlsServer> from_pem(std::string_view certificate, std::string_view key);
  /// TLS 1.3 only, no certificate: whoever knows one of the keys is let in.
  [[nodiscard]] static TlsServer psk(std::vector<PskKey> keys);

  /// Session tickets are sealed with these keys, instead of random ones of this object, which only it can open. Before
  /// the first stream.
  void use_ticket_keys(const std::shared_ptr<TicketKeys>& keys);

  [[nodiscard]] SSL_CTX* context() const noexcept { return context_.get(); }

 private:
  TlsServer() = default;

  SslContext context_;
  std::unique_ptr<const std::vector<PskKey>> keys_;  ///< the context points to it
};

/// How to connect with TLS. Outlives its streams.
class TlsClient {
 public:
  /// Verifies the server's chain and name against this CA file (PEM), or the system's store when the path is empty.
  [[nodiscard]] static Result<TlsClient> trusting(const std::string& ca_path);
  /// The same with the CA as PEM text.
  [[nodiscard]] static Result<TlsClient> trusting_pem(std::string_view ca, const std::string& name = "CA certificate");
  /// Verifies nothing: for tests and an explicit --insecure.
  [[nodiscard]] static TlsClient insecure();
  /// TLS 1.3 only; refuses a server that does not know the key.
  [[nodiscard]] static TlsClient psk(PskKey key);

  /// For tests and measurements: TLS 1.2 at most.
  void limit_to_tls12();
  /// Offers the ticket of an earlier stream to the next ones (load tests). Off by default. Streams of one core only.
  void resume_sessions();

  [[nodiscard]] SSL_CTX* context() const noexcept { return context_.get(); }
  [[nodiscard]] bool verifies() const noexcept { return verifies_; }

 private:
  TlsClient() = default;
  static TlsClient make();

  SslContext context_;
  std::unique_ptr<const std::vector<PskKey>> keys_;
  bool verifies_ = false;
};

/// PEM texts.
struct SelfSigned {
  std::string certificate;
  std::string key;
};

/// A P-256 key and a certificate for it, for `demo` and tests. Names that look like addresses become IP entries.
[[nodiscard]] SelfSigned make_self_signed(const std::string& common_name, const std::vector<std::string>& alt_names,
                                          int days);

}  // namespace wscluster::net
