// SPDX-License-Identifier: MIT
#include "net/thread_io.hpp"

#include "base/error.hpp"

#include <openssl/err.h>
#include <sys/socket.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace wscluster::net {
namespace {

int receive(ThreadIo& io, char* into, std::size_t size) {
  const ssize_t got = ::recv(io.descriptor, into, size, 0);
  if (got < 0) io.code = errno;
  if (got == 0) io.is_end = true;
  return static_cast<int>(got);
}

int bio_read(BIO* bio, char* into, int size) {
  ThreadIo& io = thread_io();
  BIO_clear_retry_flags(bio);
  const int got = io.read(into, size);
  if (got < 0 && would_block(io.code)) BIO_set_retry_read(bio);
  return got;
}

int bio_write(BIO* bio, const char* bytes, int size) {
  ThreadIo& io = thread_io();
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(io.descriptor, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0) {
    io.code = errno;
    if (would_block(io.code)) BIO_set_retry_write(bio);
  }
  return static_cast<int>(sent);
}

long bio_control(BIO*, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return thread_io().is_end ? 1 : 0;
  return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

BIO_METHOD* make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wscluster socket");
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_ctrl(method, bio_control);
  BIO_meth_set_create(method, [](BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  });
  return method;
}

}  // namespace

ThreadIo::ThreadIo() {
  static BIO_METHOD* const method = make_method();
  bio = BIO_new(method);
  if (bio == nullptr) throw Failure(ExitCode::software, "OpenSSL: cannot make a BIO");
}

ThreadIo::~ThreadIo() {
  BIO_free(bio);
}

void ThreadIo::enter(SSL* ssl, int fd) {
  descriptor = fd;
  current = ssl;
  code = 0;
  is_end = false;
  ERR_clear_error();
  if (SSL_get_rbio(ssl) == bio) return;
  BIO_up_ref(bio);
  SSL_set0_rbio(ssl, bio);
  BIO_up_ref(bio);
  SSL_set0_wbio(ssl, bio);
}

void ThreadIo::acquire(const SSL* ssl) {
  if (owner != nullptr) return;
  owner = ssl;
  is_received = false;
}

void ThreadIo::release(const SSL* ssl) {
  if (owner != ssl) return;
  owner = nullptr;
  begin = end = 0;
}

int ThreadIo::read(char* into, int size) {
  const auto wanted = static_cast<std::size_t>(size);
  if (owner != current) return receive(*this, into, wanted);
  if (begin == end) {
    if (is_received) {
      code = EAGAIN;
      return -1;
    }
    is_received = true;
    const int got = receive(*this, scratch.data(), scratch.size());
    if (got <= 0) return got;
    begin = 0;
    end = static_cast<std::size_t>(got);
  }
  const std::size_t count = std::min(wanted, end - begin);
  std::memcpy(into, scratch.data() + begin, count);
  begin += count;
  return static_cast<int>(count);
}

ThreadIo& thread_io() {
  thread_local const std::unique_ptr<ThreadIo> io = std::make_unique<ThreadIo>();
  return *io;
}

bool would_block(int code) noexcept {
  return code == EAGAIN || code == EWOULDBLOCK;
}

}  // namespace wscluster::net
