// SPDX-License-Identifier: MIT
// What a TLS listener with certificates presents, and what it asks of its clients.
#include "base/text.hpp"
#include "net/certificate_parts.hpp"
#include "net/tls.hpp"
#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

namespace wscluster::net {
namespace {

using Indices = std::vector<std::size_t>;
using StorePtr = std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)>;

constexpr std::string_view wildcard = "*.";

/// Which clients are let in: the same for every name of a listener.
struct Trust {
  StorePtr store{nullptr, X509_STORE_free};
  std::string ca;
  std::string revoked;
};

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

int state_index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* state, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<ServerState*>(state); });
  return index;
}

struct Found {
  bool is_known = false;
  SSL_CTX* context = nullptr;  ///< null: the default one
};

/// Two look-ups at most, however many names there are.
Found find_name(const ServerState& state, std::string_view asked) {
  std::string name = to_lower(asked);
  if (name.ends_with('.')) name.pop_back();
  if (const auto exact = state.exact.find(name); exact != state.exact.end()) return {true, exact->second};
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return {};
  const auto found = state.wildcards.find(std::string_view(name).substr(dot + 1));
  if (found == state.wildcards.end()) return {};
  return {true, found->second};
}

/// `argument` is the state of the default context: a client that is asked to begin again has another one by then.
int choose_certificate(SSL* ssl, int* alert, void* argument) {
  const auto& state = *static_cast<const ServerState*>(argument);
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const Found found = asked == nullptr ? Found{} : find_name(state, asked);
  if (!found.is_known && state.is_strict) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  if (found.context != nullptr) SSL_set_SSL_CTX(ssl, found.context);
  return found.is_known ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Result<> use_certificate(SSL_CTX* context, const Certificate& certificate) {
  const Certificate::Parts& parts = certificate.parts();
  bool is_used = SSL_CTX_use_certificate(context, parts.own.get()) == 1;
  for (const X509Ptr& issuer : parts.chain)
    is_used = is_used && SSL_CTX_add1_chain_cert(context, issuer.get()) == 1;
  is_used = is_used && SSL_CTX_use_PrivateKey(context, parts.key.get()) == 1;
  if (is_used) return {};
  return error(Errc::invalid,
               certificate.files().certificate + ": OpenSSL refuses this certificate: " + openssl_reason());
}

Result<> read_revoked(X509_STORE* store, std::string_view pem, const std::string& name) {
  const Bio bio = reading(pem);
  int found = 0;
  while (X509_CRL* list = PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)) {
    found += X509_STORE_add_crl(store, list);
    X509_CRL_free(list);
  }
  ERR_clear_error();
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  if (found > 0) return {};
  return error(Errc::invalid, name + " holds no PEM revocation list: it must begin with -----BEGIN X509 CRL-----");
}

Result<Trust> read_trust(const TlsOptions& options) {
  Trust made;
  if (options.client_auth == ClientAuth::off) return made;
  auto ca = read_file(options.client_ca_file);
  if (!ca) return ca.error();
  made.ca = std::move(*ca);
  made.store.reset(X509_STORE_new());
  if (auto used = trust(made.store.get(), made.ca, options.client_ca_file); !used) return used.error();
  if (options.client_crl_file.empty()) return made;
  auto revoked = read_file(options.client_crl_file);
  if (!revoked) return revoked.error();
  made.revoked = std::move(*revoked);
  if (auto used = read_revoked(made.store.get(), made.revoked, options.client_crl_file); !used) return used.error();
  return made;
}

/// A ticket says who the client was found to be. Where other ones are let in, it must not open: so this is a digest of
/// what decides.
void bind_sessions(SSL_CTX* context, const TlsOptions& options, const Trust& trusted) {
  const std::string decides =
      std::to_string(static_cast<int>(options.client_auth)) + '\0' + trusted.ca + '\0' + trusted.revoked;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(decides.data(), decides.size(), digest.data(), &size, EVP_sha256(), nullptr);
  SSL_CTX_set_session_id_context(context, digest.data(), SSL_MAX_SID_CTX_LENGTH);
}

void ask_clients(SSL_CTX* context, const TlsOptions& options, const Trust& trusted) {
  bind_sessions(context, options, trusted);
  if (!trusted.store) return;
  SSL_CTX_set1_cert_store(context, trusted.store.get());
  const Bio bio = reading(trusted.ca);
  auto* names = sk_X509_NAME_new_null();
  while (X509* authority = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    sk_X509_NAME_push(names, X509_NAME_dup(X509_get_subject_name(authority)));
    X509_free(authority);
  }
  ERR_clear_error();
  SSL_CTX_set_client_CA_list(context, names);
  const int refuses = options.client_auth == ClientAuth::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | refuses, nullptr);
}

Result<SslContext> make_server_context(const std::vector<Certificate>& certificates, const Indices& used,
                                       const TlsOptions& options, const Trust& trusted) {
  SslContext made = make_context(TLS_server_method());
  SSL_CTX* context = made.get();
  SSL_CTX_set_ex_data(context, state_index(), std::make_unique<ServerState>().release());
  for (const std::size_t index : used) {
    if (const auto good = use_certificate(context, certificates[index]); !good) return good.error();
  }
  ask_clients(context, options, trusted);
  if (options.min_version == TlsVersion::v1_3) SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_num_tickets(context, 1);
  return made;
}

/// Of each kind of key the first certificate, in the order of the configuration.
void add_first_of_kind(Indices& chosen, const std::vector<Certificate>& certificates, std::size_t index) {
  const bool is_taken = std::any_of(chosen.begin(), chosen.end(), [&](std::size_t other) {
    return certificates[other].key_type() == certificates[index].key_type();
  });
  if (!is_taken) chosen.push_back(index);
}

bool share_a_name(const Certificate& a, const Certificate& b) {
  return std::any_of(a.names().begin(), a.names().end(), [&](const std::string& name) {
    return std::find(b.names().begin(), b.names().end(), name) != b.names().end();
  });
}

/// The first certificate, and those of another kind for one of its names.
Indices default_ones(const std::vector<Certificate>& certificates) {
  Indices chosen{0};
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    if (share_a_name(certificates[0], certificates[i])) add_first_of_kind(chosen, certificates, i);
  }
  return chosen;
}

std::map<std::string, Indices> by_name(const std::vector<Certificate>& certificates) {
  std::map<std::string, Indices> found;
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    for (const std::string& name : certificates[i].names())
      add_first_of_kind(found[name], certificates, i);
  }
  return found;
}

}  // namespace

ServerState* server_state(const SSL_CTX* context) noexcept {
  return static_cast<ServerState*>(SSL_CTX_get_ex_data(context, state_index()));
}

Result<TlsServer> TlsServer::make(const std::vector<Certificate>& certificates, const TlsOptions& options) {
  if (certificates.empty()) return error(Errc::invalid, "no certificate is given");
  const auto trusted = read_trust(options);
  if (!trusted) return trusted.error();
  const Indices defaults = default_ones(certificates);
  auto context = make_server_context(certificates, defaults, options, *trusted);
  if (!context) return context.error();
  ServerState& state = *server_state(context->get());
  state.is_strict = options.strict_sni;
  std::map<Indices, SSL_CTX*> made{{defaults, nullptr}};
  for (const auto& [name, used] : by_name(certificates)) {
    const auto [place, is_new] = made.try_emplace(used, nullptr);
    if (is_new) {
      auto other = make_server_context(certificates, used, options, *trusted);
      if (!other) return other.error();
      place->second = other->get();
      state.others.push_back(std::move(*other));
    }
    const bool is_wildcard = name.starts_with(wildcard);
    (is_wildcard ? state.wildcards : state.exact)[is_wildcard ? name.substr(wildcard.size()) : name] = place->second;
  }
  SSL_CTX_set_tlsext_servername_callback(context->get(), choose_certificate);
  SSL_CTX_set_tlsext_servername_arg(context->get(), &state);
  TlsServer server;
  server.context_ = std::move(*context);
  return server;
}

Result<TlsServer> TlsServer::from_pem(std::string_view certificate, std::string_view key) {
  const auto pair = Certificate::from_pem(certificate, key);
  if (!pair) return pair.error();
  return make({*pair});
}

}  // namespace wscluster::net
