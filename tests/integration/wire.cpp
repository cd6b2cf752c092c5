// SPDX-License-Identifier: MIT
#include "wire.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/endpoint.hpp"
#include "child.hpp"
#include "net/connect.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

bool wait_for(int descriptor, short events) {
  pollfd item{descriptor, events, 0};
  return ::poll(&item, 1, static_cast<int>(scaled(10s).count())) == 1;
}

/// Appends what comes; false at the end.
bool read_some(int descriptor, std::string& bytes) {
  if (!wait_for(descriptor, POLLIN)) {
    ADD_FAILURE() << "neither bytes nor an end; so far: " << bytes;
    return false;
  }
  std::array<char, 16'384> chunk{};
  const ssize_t got = ::recv(descriptor, chunk.data(), chunk.size(), 0);
  if (got > 0) bytes.append(chunk.data(), static_cast<std::size_t>(got));
  return got > 0;
}

}  // namespace

Wire::Wire(const std::string& address) {
  const auto endpoint = Endpoint::parse(address);
  const auto connected = net::connect_blocking(*endpoint, Clock::now() + scaled(5s));
  descriptor_ = connected ? *connected : -1;
  if (!connected) ADD_FAILURE() << connected.error().message;
}

Wire::~Wire() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool Wire::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < 0 && !wait_for(descriptor_, POLLOUT)) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string Wire::read_to_end() const {
  std::string bytes;
  while (read_some(descriptor_, bytes)) {
  }
  return bytes;
}

std::string Wire::read_until(std::string_view text) const {
  std::string bytes;
  while (bytes.find(text) == std::string::npos && read_some(descriptor_, bytes)) {
  }
  return bytes;
}

void Wire::upgrade(const std::string& target, const std::string& token) const {
  write("GET " + target +
        " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nAuthorization: Bearer " + token +
        "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==\r\n\r\n");
  const std::string head = read_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101")) << head;
}

std::string client_frame(unsigned opcode, std::string_view payload, bool is_masked) {
  const unsigned mask = is_masked ? 0x80U : 0U;
  std::string frame(1, static_cast<char>(0x80U | opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(mask | payload.size());
  } else {
    frame += static_cast<char>(mask | 127U);
    for (int shift = 56; shift >= 0; shift -= 8)
      frame += static_cast<char>((payload.size() >> static_cast<unsigned>(shift)) & 0xFFU);
  }
  if (is_masked) frame.append(4, '\0');
  return frame.append(payload);
}

unsigned close_code_in(std::string_view bytes) {
  const std::size_t at = bytes.rfind('\x88');
  if (at == std::string_view::npos || at + 4 > bytes.size()) return 0;
  return static_cast<unsigned>(static_cast<unsigned char>(bytes[at + 2])) << 8U |
         static_cast<unsigned char>(bytes[at + 3]);
}

}  // namespace wscluster::integration
