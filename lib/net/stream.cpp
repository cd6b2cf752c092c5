// SPDX-License-Identifier: MIT
#include "net/stream.hpp"

#include "base/error.hpp"
#include "net/openssl.hpp"
#include "net/thread_io.hpp"
#include "net/tls_context.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace wscluster::net {
namespace {

SSL* make_ssl(SSL_CTX* context) {
  SSL* ssl = SSL_new(context);
  if (ssl == nullptr) throw Failure(ExitCode::software, "OpenSSL: cannot make a connection");
  return ssl;
}

/// OpenSSL's words for a wrong pre-shared key do not say so.
const char* psk_failure(int reason) {
  switch (reason) {
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_CIPHER:
      return "the peer's PSK is not known here: it uses another cluster key";
    case SSL_R_BINDER_DOES_NOT_VERIFY:
      return "the peer's PSK differs from ours under the same name: it uses another cluster key";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
    case SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER:
      return "the peer refused our PSK: it uses another cluster key";
    default:
      return nullptr;
  }
}

const char* describe(const SSL* ssl, int ssl_error, const ThreadIo& io) {
  if (const unsigned long code = ERR_peek_error(); ssl_error == SSL_ERROR_SSL && code != 0) {
    if (psk_keys(ssl) != nullptr) {
      if (const char* text = psk_failure(ERR_GET_REASON(code))) return text;
    }
    if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED && psk_keys(ssl) == nullptr) {
      return X509_verify_cert_error_string(SSL_get_verify_result(ssl));
    }
    const char* text = ERR_reason_error_string(code);
    return text == nullptr ? "TLS error" : text;
  }
  if (io.code != 0 && !would_block(io.code)) return ::strerrordesc_np(io.code);
  return io.is_end ? "the peer closed the connection" : "TLS error";
}

}  // namespace

Stream::Stream(int descriptor, const TlsServer& tls) : descriptor_(descriptor), ssl_(make_ssl(tls.context())) {
  SSL_set_accept_state(ssl_);
}

Stream::Stream(int descriptor, TlsClient& tls, std::string_view server_name, bool offers_ticket)
    : descriptor_(descriptor), ssl_(make_ssl(tls.context())) {
  SSL_set_connect_state(ssl_);
  if (SSL_SESSION* session = offers_ticket ? saved_session(tls.context()) : nullptr) {
    // A copy: a connection that gets the next ticket makes the session that it came with unusable for all others.
    SSL_SESSION* own = SSL_SESSION_dup(session);
    SSL_set_session(ssl_, own);
    SSL_SESSION_free(own);
  }
  if (server_name.empty()) return;
  const std::string name(server_name);
  std::array<unsigned char, 16> bytes{};
  const bool is_address =
      ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 || ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
  if (!is_address) SSL_set_tlsext_host_name(ssl_, name.c_str());
  if (!tls.verifies()) return;
  if (is_address) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), name.c_str());
  } else {
    SSL_set1_host(ssl_, name.c_str());
  }
}

Stream::~Stream() {
  close();
}

Stream::Stream(Stream&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      ssl_(std::exchange(other.ssl_, nullptr)),
      wants_write_(other.wants_write_),
      handshaken_(other.handshaken_),
      has_said_end_(other.has_said_end_),
      is_broken_(other.is_broken_),
      failure_(other.failure_) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this == &other) return *this;
  close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  ssl_ = std::exchange(other.ssl_, nullptr);
  wants_write_ = other.wants_write_;
  handshaken_ = other.handshaken_;
  has_said_end_ = other.has_said_end_;
  is_broken_ = other.is_broken_;
  failure_ = other.failure_;
  return *this;
}

IoStatus Stream::fail(int ssl_error) noexcept {
  failure_ = describe(ssl_, ssl_error, thread_io());
  is_broken_ = true;
  ERR_clear_error();
  return IoStatus::failed;
}

IoStatus Stream::handshake() {
  if (ssl_ == nullptr || handshaken_) return IoStatus::ok;
  thread_io().enter(ssl_, descriptor_);
  const int result = SSL_do_handshake(ssl_);
  wants_write_ = false;
  if (result == 1) {
    if (psk_keys(ssl_) != nullptr && SSL_session_reused(ssl_) != 1) {
      failure_ = "the peer did not use the PSK";
      is_broken_ = true;
      return IoStatus::failed;
    }
    handshaken_ = true;
    return IoStatus::ok;
  }
  switch (const int problem = SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return IoStatus::would_block;
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return IoStatus::would_block;
    case SSL_ERROR_ZERO_RETURN:
      failure_ = "the peer closed the connection";
      return IoStatus::closed;
    default:
      return fail(problem);
  }
}

IoResult Stream::read(std::span<char> into) {
  if (ssl_ == nullptr) {
    const ssize_t got = ::recv(descriptor_, into.data(), into.size(), 0);
    if (got > 0) return {IoStatus::ok, static_cast<std::size_t>(got)};
    if (got == 0) return {IoStatus::closed, 0};
    if (would_block(errno) || errno == EINTR) return {IoStatus::would_block, 0};
    failure_ = ::strerrordesc_np(errno);
    return {IoStatus::failed, 0};
  }
  ThreadIo& io = thread_io();
  io.acquire(ssl_);
  std::size_t total = 0;
  while (total < into.size()) {
    io.enter(ssl_, descriptor_);
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_, into.data() + total, into.size() - total, &got);
    total += got;
    if (result == 1) {
      // Asking OpenSSL costs it a buffer, and nothing is left to be found. What the kernel still has keeps the
      // descriptor readable.
      if (!io.is_used_up(ssl_) || SSL_has_pending(ssl_) == 1) continue;
      io.release(ssl_);
      return {IoStatus::ok, total};
    }
    const int problem = SSL_get_error(ssl_, result);
    io.release(ssl_);
    // An end or error that follows good bytes is met again by the next call: the socket stays readable, OpenSSL
    // remembers.
    if (total > 0) {
      ERR_clear_error();
      return {IoStatus::ok, total};
    }
    if (problem == SSL_ERROR_WANT_READ || problem == SSL_ERROR_WANT_WRITE) return {IoStatus::would_block, 0};
    if (problem == SSL_ERROR_ZERO_RETURN) return {IoStatus::closed, 0};
    return {fail(problem), 0};
  }
  return {IoStatus::ok, total};
}

IoResult Stream::write(std::span<const char> bytes) {
  std::size_t total = 0;
  if (ssl_ == nullptr) {
    while (total < bytes.size()) {
      const ssize_t sent = ::send(descriptor_, bytes.data() + total, bytes.size() - total, MSG_NOSIGNAL);
      if (sent >= 0) {
        total += static_cast<std::size_t>(sent);
      } else if (would_block(errno)) {
        return {total > 0 ? IoStatus::ok : IoStatus::would_block, total};
      } else if (errno != EINTR) {
        failure_ = ::strerrordesc_np(errno);
        return {IoStatus::failed, total};
      }
    }
    return {IoStatus::ok, total};
  }
  while (total < bytes.size()) {
    thread_io().enter(ssl_, descriptor_);
    std::size_t sent = 0;
    const int result = SSL_write_ex(ssl_, bytes.data() + total, bytes.size() - total, &sent);
    total += sent;
    if (result == 1) continue;
    const int problem = SSL_get_error(ssl_, result);
    if (problem == SSL_ERROR_WANT_READ || problem == SSL_ERROR_WANT_WRITE) {
      return {total > 0 ? IoStatus::ok : IoStatus::would_block, total};
    }
    return {fail(problem), total};
  }
  return {IoStatus::ok, total};
}

IoStatus Stream::send_close_notify() noexcept {
  if (ssl_ == nullptr || !handshaken_ || is_broken_ || has_said_end_) return IoStatus::ok;
  thread_io().enter(ssl_, descriptor_);
  const int result = SSL_shutdown(ssl_);
  const bool is_blocked = result < 0 && SSL_get_error(ssl_, result) == SSL_ERROR_WANT_WRITE;
  ERR_clear_error();
  // Once it is said OpenSSL would read for the peer's.
  has_said_end_ = !is_blocked;
  return is_blocked ? IoStatus::would_block : IoStatus::ok;
}

void Stream::shutdown_write() noexcept {
  if (descriptor_ < 0) return;
  static_cast<void>(send_close_notify());
  ::shutdown(descriptor_, SHUT_WR);
}

void Stream::close() noexcept {
  drop_tls();
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

int Stream::release() noexcept {
  drop_tls();
  return std::exchange(descriptor_, -1);
}

void Stream::drop_tls() noexcept {
  if (ssl_ == nullptr) return;
  thread_io().release(ssl_);
  // Otherwise OpenSSL forbids to resume a session whose connection ended without close_notify (a rule of TLS 1.0).
  if (!is_broken_) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(std::exchange(ssl_, nullptr));
}

std::string_view Stream::protocol() const noexcept {
  if (ssl_ == nullptr) return "plain";
  thread_local std::string text;
  text = SSL_get_version(ssl_);
  const char* cipher = SSL_get_cipher_name(ssl_);
  text.append(" ").append(cipher == nullptr ? "" : cipher);
  return text;
}

std::string_view Stream::failure() const noexcept {
  return failure_;
}

bool Stream::is_resumed() const noexcept {
  return ssl_ != nullptr && SSL_session_reused(ssl_) == 1;
}

std::optional<ClientCertificate> Stream::client_certificate() const {
  X509* peer = ssl_ == nullptr || SSL_get_verify_result(ssl_) != X509_V_OK ? nullptr : SSL_get0_peer_certificate(ssl_);
  if (peer == nullptr || SSL_is_server(ssl_) == 0) return std::nullopt;
  const Bio subject = writing();
  X509_NAME_print_ex(subject.get(), X509_get_subject_name(peer), 0, XN_FLAG_RFC2253);
  const Bio pem = writing();
  PEM_write_bio_X509(pem.get(), peer);
  return ClientCertificate{text_of(subject.get()), alt_names_of(peer), fingerprint_of(peer), text_of(pem.get())};
}

bool Stream::got_http() const noexcept {
  return std::strcmp(failure_, ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, SSL_R_HTTP_REQUEST))) == 0;
}

}  // namespace wscluster::net
