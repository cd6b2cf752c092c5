// SPDX-License-Identifier: MIT
#include "net/tls.hpp"

#include "base/text.hpp"
#include "net/openssl.hpp"
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

[[noreturn]] void fail_internal(const char* what) {
  throw Failure(ExitCode::software, std::string("OpenSSL: ") + what + ": " + openssl_reason());
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

const std::vector<PskKey>* psk_keys(const SSL* ssl) noexcept {
  return static_cast<const std::vector<PskKey>*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

Result<> trust(X509_STORE* store, std::string_view pem, const std::string& name) {
  const Bio bio = reading(pem);
  int found = 0;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    found += X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  ERR_clear_error();
  if (found > 0) return {};
  return error(Errc::invalid, name + " holds no PEM certificate: it must begin with -----BEGIN CERTIFICATE-----");
}

SSL_SESSION* saved_session(SSL_CTX* context) noexcept {
  return static_cast<SSL_SESSION*>(SSL_CTX_get_ex_data(context, saved_session_index()));
}

void FreeSslContext::operator()(SSL_CTX* context) const noexcept {
  SSL_CTX_free(context);
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
  if (auto trusted = trust(SSL_CTX_get_cert_store(client.context_.get()), ca, name); !trusted) return trusted.error();
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
