// SPDX-License-Identifier: MIT
#include "registry/tls.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "registry/socket.hpp"

namespace wscluster::registry {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

std::string reason() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return text == nullptr ? "unknown reason" : text;
}

Result<> trust(SSL_CTX* context, const Options& options) {
  if (options.insecure) return {};
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (options.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return {};
  }
  if (SSL_CTX_load_verify_locations(context, options.ca_file.c_str(), nullptr) == 1) return {};
  return error(Errc::invalid, "redis.ca_file: " + options.ca_file + ": " + reason());
}

Result<> present(SSL_CTX* context, const Options& options) {
  if (options.cert_file.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) != 1) {
    return error(Errc::invalid, "redis.cert_file: " + options.cert_file + ": " + reason());
  }
  if (SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return error(Errc::invalid, "redis.key_file: " + options.key_file + ": " + reason());
  }
  return {};
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

void expect_host(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str());
    return;
  }
  SSL_set_tlsext_host_name(ssl, host.c_str());
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size());
}

/// What failed, with the remedy where it is ours.
Error handshake_error(SSL* ssl, const Error& cause) {
  const long verified = SSL_get_verify_result(ssl);
  if (verified == X509_V_OK) return cause;
  std::string text = std::string("its certificate is refused: ") + X509_verify_cert_error_string(verified);
  if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    text += "; let redis.url name the server as its certificate does";
  } else {
    text += "; redis.ca_file must hold the authority that signed it";
  }
  return error(Errc::permission, text);
}

}  // namespace

void Tls::FreeSsl::operator()(SSL* ssl) const noexcept {
  SSL_free(ssl);
}

Result<std::unique_ptr<Tls>> Tls::connect(int descriptor, const Options& options, const std::string& host,
                                          TimePoint deadline) {
  ERR_clear_error();
  const Context context(SSL_CTX_new(TLS_client_method()));
  if (!context) return error(Errc::internal, "TLS: " + reason());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  if (const auto good = trust(context.get(), options); !good) return good.error();
  if (const auto good = present(context.get(), options); !good) return good.error();
  std::unique_ptr<Tls> tls(new Tls(SSL_new(context.get()), descriptor));
  SSL* ssl = tls->ssl_.get();
  if (ssl == nullptr || SSL_set_fd(ssl, descriptor) != 1) return error(Errc::internal, "TLS: " + reason());
  expect_host(ssl, host);
  for (;;) {
    const int result = SSL_connect(ssl);
    if (result == 1) return tls;
    const auto waited = tls->wait(result, deadline, "no answer in the TLS handshake; does that port speak TLS?");
    if (!waited) return handshake_error(ssl, waited.error());
  }
}

/// After a call that did not succeed: until it may be tried again.
Result<> Tls::wait(int result, TimePoint deadline, const char* late) {
  const int code = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return wait_for(descriptor_, POLLIN, deadline) ? Result<>() : Result<>(error(Errc::timed_out, late));
    case SSL_ERROR_WANT_WRITE:
      return wait_for(descriptor_, POLLOUT, deadline) ? Result<>() : Result<>(error(Errc::timed_out, late));
    case SSL_ERROR_ZERO_RETURN:
      return error(Errc::closed, "the server closed the connection");
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      return error(Errc::closed,
                   code == 0 ? "the server closed the connection" : std::generic_category().message(code));
    default:
      return error(Errc::protocol, "TLS: " + reason());
  }
}

Result<std::size_t> Tls::read_some(std::span<char> into, TimePoint deadline) {
  for (;;) {
    std::size_t count = 0;
    ERR_clear_error();
    errno = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
    if (result == 1) return count;
    if (const auto waited = wait(result, deadline, "no answer in time"); !waited) return waited.error();
  }
}

Result<> Tls::write_all(std::string_view bytes, TimePoint deadline) {
  while (!bytes.empty()) {
    std::size_t count = 0;
    ERR_clear_error();
    errno = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    if (result == 1) {
      bytes.remove_prefix(count);
      continue;
    }
    if (const auto waited = wait(result, deadline, "the server takes no more bytes"); !waited) return waited.error();
  }
  return {};
}

bool Tls::has_pending() const noexcept {
  return SSL_has_pending(ssl_.get()) == 1;
}

}  // namespace wscluster::registry
