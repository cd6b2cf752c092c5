// SPDX-License-Identifier: MIT
#include "net/tls.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <cstring>
#include <memory>
#include <utility>

namespace wscluster::net {
namespace {

constexpr const char* tls13_suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* tls12_suites = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* psk_suite = "TLS_AES_128_GCM_SHA256";
constexpr unsigned char psk_suite_id[] = {0x13, 0x01};

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string reason() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return text == nullptr ? "unknown reason" : text;
}

[[noreturn]] void fail_internal(const char* what) {
  throw Failure(ExitCode::software, std::string("OpenSSL: ") + what + ": " + reason());
}

SslContext make_context(const SSL_METHOD* method) {
  SslContext context(SSL_CTX_new(method));
  if (!context) fail_internal("cannot make a context");
  SSL_CTX* ctx = context.get();
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  SSL_CTX_set_ciphersuites(ctx, tls13_suites);
  SSL_CTX_set_cipher_list(ctx, tls12_suites);
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  return context;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  static constexpr unsigned char http11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, http11, sizeof http11 - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

SSL_SESSION* session_for(SSL* ssl, const PskKey& key) {
  SSL_SESSION* session = SSL_SESSION_new();
  const SSL_CIPHER* cipher = SSL_CIPHER_find(ssl, psk_suite_id);
  if (session == nullptr || cipher == nullptr ||
      SSL_SESSION_set1_master_key(session, key.key.data(), key.key.size()) != 1 ||
      SSL_SESSION_set_cipher(session, cipher) != 1 || SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) != 1) {
    SSL_SESSION_free(session);
    return nullptr;
  }
  return session;
}

int find_psk(SSL* ssl, const unsigned char* identity, std::size_t size, SSL_SESSION** session) {
  *session = nullptr;
  for (const PskKey& key : *psk_keys(ssl)) {
    if (key.identity.size() == size && std::memcmp(key.identity.data(), identity, size) == 0) {
      *session = session_for(ssl, key);
      return *session != nullptr ? 1 : 0;
    }
  }
  return 1;
}

int use_psk(SSL* ssl, const EVP_MD* digest, const unsigned char** identity, std::size_t* size, SSL_SESSION** session) {
  *session = nullptr;
  if (digest != nullptr && EVP_MD_get_type(digest) != NID_sha256) return 1;
  const PskKey& key = psk_keys(ssl)->front();
  *session = session_for(ssl, key);
  *identity = reinterpret_cast<const unsigned char*>(key.identity.data());
  *size = key.identity.size();
  return *session != nullptr ? 1 : 0;
}

void make_psk_only(SSL_CTX* context, const std::vector<PskKey>& keys) {
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context, psk_suite);
  SSL_CTX_set_app_data(context, const_cast<std::vector<PskKey>*>(&keys));
  SSL_CTX_set_num_tickets(context, 0);
}

/// The certificate chain of a PEM text goes into the context, the first one is the server's own.
Result<WallClock::time_point> use_chain(SSL_CTX* context, std::string_view pem, const std::string& name) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const Certificate own(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  if (!own) {
    ERR_clear_error();
    return error(Errc::invalid, name + " holds no PEM certificate: it must begin with -----BEGIN CERTIFICATE-----");
  }
  if (SSL_CTX_use_certificate(context, own.get()) != 1) {
    return error(Errc::invalid, name + ": OpenSSL refuses this certificate: " + reason());
  }
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, next) != 1) {
      X509_free(next);
      return error(Errc::invalid, name + ": OpenSSL refuses a certificate of the chain: " + reason());
    }
  }
  ERR_clear_error();
  std::tm end{};
  ASN1_TIME_to_tm(X509_get0_notAfter(own.get()), &end);
  const WallClock::time_point expires = WallClock::from_time_t(::timegm(&end));
  if (expires < WallClock::now()) {
    log::warning("net", "the TLS certificate is expired: clients will refuse it; renew it and reload",
                 {{"file", name}, {"expired", format_rfc3339(expires)}});
  }
  return expires;
}

Result<> use_key(SSL_CTX* context, std::string_view pem, const std::string& name, const std::string& certificate_name) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  // An empty password instead of OpenSSL's prompt on the terminal.
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, const_cast<char*>("")), EVP_PKEY_free);
  if (!key) {
    ERR_clear_error();
    return error(
        Errc::invalid,
        name + " holds no PEM private key (without a password): it must begin with -----BEGIN PRIVATE KEY-----");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return error(Errc::invalid, "the key in " + name + " does not belong to the certificate in " + certificate_name +
                                    ": give the pair that was issued together");
  }
  return {};
}

int saved_session_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr,
                                                    [](void*, void* session, CRYPTO_EX_DATA*, int, long, void*) {
                                                      SSL_SESSION_free(static_cast<SSL_SESSION*>(session));
                                                    });
  return index;
}

int save_session(SSL* ssl, SSL_SESSION* session) {
  SSL_CTX* context = SSL_get_SSL_CTX(ssl);
  SSL_SESSION_free(saved_session(context));
  // A copy: a connection that breaks makes its session unusable.
  SSL_CTX_set_ex_data(context, saved_session_index(), SSL_SESSION_dup(session));
  return 0;
}

}  // namespace

const std::vector<PskKey>* psk_keys(const SSL* ssl) noexcept {
  return static_cast<const std::vector<PskKey>*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

SSL_SESSION* saved_session(SSL_CTX* context) noexcept {
  return static_cast<SSL_SESSION*>(SSL_CTX_get_ex_data(context, saved_session_index()));
}

void FreeSslContext::operator()(SSL_CTX* context) const noexcept {
  SSL_CTX_free(context);
}

Result<TlsServer> TlsServer::from_files(const std::string& certificate_path, const std::string& key_path) {
  const auto certificate = read_file(certificate_path);
  if (!certificate) return certificate.error();
  const auto key = read_file(key_path);
  if (!key) return key.error();
  return from_pem(*certificate, *key, certificate_path, key_path);
}

Result<TlsServer> TlsServer::from_pem(std::string_view certificate, std::string_view key,
                                      const std::string& certificate_name, const std::string& key_name) {
  TlsServer server;
  server.context_ = make_context(TLS_server_method());
  SSL_CTX* context = server.context_.get();
  const auto expires = use_chain(context, certificate, certificate_name);
  if (!expires) return expires.error();
  server.expires_ = *expires;
  if (const auto used = use_key(context, key, key_name, certificate_name); !used) return used.error();
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_num_tickets(context, 1);
  return server;
}

TlsServer TlsServer::psk(std::vector<PskKey> keys) {
  TlsServer server;
  server.context_ = make_context(TLS_server_method());
  server.keys_ = std::make_unique<const std::vector<PskKey>>(std::move(keys));
  make_psk_only(server.context_.get(), *server.keys_);
  SSL_CTX_set_psk_find_session_callback(server.context_.get(), find_psk);
  return server;
}

TlsClient TlsClient::make() {
  TlsClient client;
  client.context_ = make_context(TLS_client_method());
  static constexpr unsigned char http11[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(client.context_.get(), http11, sizeof http11 - 1);
  return client;
}

Result<TlsClient> TlsClient::trusting(const std::string& ca_path) {
  if (ca_path.empty()) {
    TlsClient client = make();
    SSL_CTX_set_default_verify_paths(client.context_.get());
    SSL_CTX_set_verify(client.context_.get(), SSL_VERIFY_PEER, nullptr);
    client.verifies_ = true;
    return client;
  }
  const auto ca = read_file(ca_path);
  if (!ca) return ca.error();
  return trusting_pem(*ca, ca_path);
}

Result<TlsClient> TlsClient::trusting_pem(std::string_view ca, const std::string& name) {
  TlsClient client = make();
  const Bio bio(BIO_new_mem_buf(ca.data(), static_cast<int>(ca.size())), BIO_free);
  X509_STORE* store = SSL_CTX_get_cert_store(client.context_.get());
  int found = 0;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    found += X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  ERR_clear_error();
  if (found == 0) {
    return error(Errc::invalid, name + " holds no PEM certificate: it must begin with -----BEGIN CERTIFICATE-----");
  }
  SSL_CTX_set_verify(client.context_.get(), SSL_VERIFY_PEER, nullptr);
  client.verifies_ = true;
  return client;
}

TlsClient TlsClient::insecure() {
  return make();
}

TlsClient TlsClient::psk(PskKey key) {
  TlsClient client;
  client.context_ = make_context(TLS_client_method());
  std::vector<PskKey> keys;
  keys.push_back(std::move(key));
  client.keys_ = std::make_unique<const std::vector<PskKey>>(std::move(keys));
  make_psk_only(client.context_.get(), *client.keys_);
  SSL_CTX_set_psk_use_session_callback(client.context_.get(), use_psk);
  // No certificate is ever trusted: a server without the key cannot fall back to one.
  SSL_CTX_set_verify(client.context_.get(), SSL_VERIFY_PEER, nullptr);
  return client;
}

void TlsClient::limit_to_tls12() {
  SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION);
}

void TlsClient::resume_sessions() {
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_.get(), save_session);
}

}  // namespace wscluster::net
