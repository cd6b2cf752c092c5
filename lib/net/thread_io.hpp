// SPDX-License-Identifier: MIT
#pragma once

#include <openssl/ssl.h>
#include <array>
#include <cstddef>

/// How OpenSSL reaches the socket. For sources of this folder only.
namespace wscluster::net {

/// What all TLS streams of a thread share: one BIO, and one buffer in which the ciphertext of one stream stands while
/// it is read. Which stream is at work is set before OpenSSL is entered.
struct ThreadIo {
  ThreadIo();
  ~ThreadIo();
  ThreadIo(const ThreadIo&) = delete;
  ThreadIo& operator=(const ThreadIo&) = delete;

  /// Before each call of OpenSSL. A stream that came from another thread gets this thread's BIO.
  void enter(SSL* ssl, int fd);
  /// From here on the ciphertext of this stream goes through the scratch, until release(). No effect while another
  /// stream has it.
  void acquire(const SSL* ssl);
  void release(const SSL* ssl);
  /// The owner has had all that one read of the kernel gave it.
  [[nodiscard]] bool is_used_up(const SSL* ssl) const { return owner == ssl && is_received && begin == end; }
  /// What the BIO does: from the scratch for its owner, one recv() per readiness; everything else takes exactly what
  /// OpenSSL asks for.
  int read(char* into, int size);

  BIO* bio = nullptr;
  const SSL* current = nullptr;
  const SSL* owner = nullptr;  ///< whose ciphertext is in the scratch
  int descriptor = -1;
  int code = 0;              ///< errno of the last call
  bool is_end = false;       ///< the peer sent FIN
  bool is_received = false;  ///< the owner had its recv()
  std::size_t begin = 0;
  std::size_t end = 0;
  std::array<char, 65'536> scratch;
};

[[nodiscard]] ThreadIo& thread_io();
[[nodiscard]] bool would_block(int code) noexcept;

}  // namespace wscluster::net
