// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

using SSL = struct ssl_st;

namespace wscluster::net {

class TlsServer;
class TlsClient;
struct ClientCertificate;

enum class IoStatus : std::uint8_t {
  ok,           ///< progress was made
  would_block,  ///< nothing now; wait for readiness
  closed,       ///< orderly end of the peer (FIN or close_notify)
  failed,       ///< reset, TLS error: the stream is of no further use
};

struct IoResult {
  IoStatus status = IoStatus::ok;
  std::size_t bytes = 0;
};

/// One non-blocking connected socket, plain or TLS, owned by one core. TLS runs straight on the descriptor through a
/// BIO that reads into a scratch buffer of the thread, so an idle stream holds no buffer of its own: OpenSSL's are
/// released when empty. Not registered anywhere: pair it with a Poller.
class Stream {
 public:
  Stream() noexcept = default;
  /// Takes the descriptor, plain.
  explicit Stream(int descriptor) noexcept : descriptor_(descriptor) {}
  /// Takes the descriptor; the handshake is done by handshake().
  Stream(int descriptor, const TlsServer& tls);
  /// `offers_ticket`: of an earlier stream, where the TlsClient keeps one.
  Stream(int descriptor, TlsClient& tls, std::string_view server_name, bool offers_ticket = true);
  ~Stream();
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] bool is_tls() const noexcept { return ssl_ != nullptr; }

  /// Continues the TLS handshake; ok when done (at once for a plain stream). After would_block, wants_write() says what
  /// to wait for. Takes nothing from the kernel beyond the handshake, so data that came with its end still makes the
  /// descriptor readable.
  [[nodiscard]] IoStatus handshake();
  [[nodiscard]] bool wants_write() const noexcept { return wants_write_; }

  /// Reads plaintext. Level-triggered contract: call again until would_block (or the end), because decrypted bytes may
  /// be left inside; a caller that wants to stop early may do so only when the result was smaller than the buffer.
  [[nodiscard]] IoResult read(std::span<char> into);
  /// Writes what the kernel takes now; bytes < size means would_block for the rest. The buffer may move between
  /// attempts, and more may be appended, but the bytes not yet taken must be offered again unchanged.
  [[nodiscard]] IoResult write(std::span<const char> bytes);

  /// Says close_notify, so that the peer can tell the end from a cut; ok at once where there is nothing to say. After
  /// would_block call again when the descriptor is writable. Nothing may be written after it.
  [[nodiscard]] IoStatus send_close_notify() noexcept;
  /// Sends close_notify, as far as that does not block, and FIN; the read side stays open.
  void shutdown_write() noexcept;
  /// Closes the descriptor at once.
  void close() noexcept;
  /// Gives the descriptor away, open; TLS state is freed.
  [[nodiscard]] int release() noexcept;
  /// Gives up TLS and goes on in the clear: to tell a client that spoke HTTP to a TLS port.
  void drop_tls() noexcept;

  /// For logs: "TLSv1.3 TLS_AES_128_GCM_SHA256" or "plain" (valid until the thread asks again); why the last handshake
  /// or I/O failed, without secrets.
  [[nodiscard]] std::string_view protocol() const noexcept;
  [[nodiscard]] std::string_view failure() const noexcept;
  [[nodiscard]] bool is_resumed() const noexcept;
  /// The certificate of the peer of a server's stream, when the handshake has found it good.
  [[nodiscard]] std::optional<ClientCertificate> client_certificate() const;
  /// The client spoke plain HTTP to a TLS port.
  [[nodiscard]] bool got_http() const noexcept;

 private:
  [[nodiscard]] IoStatus fail(int ssl_error) noexcept;

  int descriptor_ = -1;
  SSL* ssl_ = nullptr;
  bool wants_write_ = false;
  bool handshaken_ = false;
  bool has_said_end_ = false;
  bool is_broken_ = false;  ///< after a fatal error OpenSSL must not be asked to shut down
  const char* failure_ = "";
};

}  // namespace wscluster::net
