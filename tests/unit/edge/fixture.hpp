// SPDX-License-Identifier: MIT
#pragma once

#include "edge/edge.hpp"
#include "net/connect.hpp"
#include "net/core.hpp"
#include "net/http.hpp"
#include "net/listener.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"
#include "websocket/decoder.hpp"
#include "websocket/frame.hpp"
#include "websocket/handshake.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace wscluster::edge::test {

using websocket::MessageKind;
using websocket::Opcode;

inline const net::SelfSigned& certificate() {
  static const net::SelfSigned made = net::make_self_signed("localhost", {"localhost", "127.0.0.1"}, 30);
  return made;
}

/// Answers requests with what it saw, accepts upgrades, echoes, and keeps a log. Each step can be replaced.
class EchoApplication final : public Application {
 public:
  void on_request(ConnectionId id, Request request) override {
    log.push_back("request " + request.method + " " + request.path);
    last = request;
    ids.push_back(id);
    if (request_hook) return request_hook(id, request);
    edge->respond(id, {200, request.method + " " + request.path + " " + request.body, "text/plain", {}, false});
  }
  bool streams(const net::HttpRequest& head) override { return head.target.starts_with("/stream"); }
  void on_body(ConnectionId id, std::string_view bytes, bool is_last) override {
    body_bytes += bytes.size();
    if (body_hook) body_hook(id, bytes, is_last);
  }
  void on_drained(ConnectionId id) override {
    if (drained_hook) drained_hook(id);
  }
  void on_upgrade(ConnectionId id, Request request) override {
    log.push_back("upgrade " + request.path);
    last = std::move(request);
    ids.push_back(id);
    if (upgrade_hook) return upgrade_hook(id);
    edge->accept(id);
  }
  void on_message(ConnectionId id, MessageKind kind, std::string_view payload) override {
    ++messages;
    if (message_hook) return message_hook(id, payload);
    edge->send(id, kind, {}, payload);
  }
  void on_written(ConnectionId, std::uint64_t frames) override { written = frames; }
  void on_gone(ConnectionId, CloseReason reason, std::uint16_t code) override {
    log.push_back("gone " + std::string(to_string(reason)) + " " + std::to_string(code));
  }

  Edge* edge = nullptr;
  std::vector<std::string> log;
  std::vector<ConnectionId> ids;
  Request last;
  std::uint64_t messages = 0;
  std::uint64_t written = 0;
  std::function<void(ConnectionId, const Request&)> request_hook;
  std::function<void(ConnectionId)> upgrade_hook;
  std::function<void(ConnectionId, std::string_view, bool)> body_hook;
  std::function<void(ConnectionId)> drained_hook;
  std::size_t body_bytes = 0;
  std::function<void(ConnectionId, std::string_view)> message_hook;
};

/// A client that blocks with a deadline; plain or TLS. Speaks bytes, so that it can say anything.
class Client {
 public:
  Client(
      const Endpoint& where, bool is_tls, int receive_buffer = 0,
      const std::function<void(net::TlsClient&)>& prepare = [](net::TlsClient&) {})
      : tls_(net::TlsClient::insecure()) {
    prepare(tls_);
    const auto fd = net::connect_blocking(where, Clock::now() + Duration(5000));
    EXPECT_TRUE(fd) << fd.error().message;
    if (receive_buffer > 0) ::setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    stream = is_tls ? net::Stream(*fd, tls_, "localhost") : net::Stream(*fd);
  }

  bool shake_hands() {
    for (;;) {
      const auto status = stream.handshake();
      if (status != net::IoStatus::would_block) return status == net::IoStatus::ok;
      if (!wait(stream.wants_write() ? POLLOUT : POLLIN)) return false;
    }
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto result = stream.write(bytes);
      if (result.status == net::IoStatus::failed) return;
      bytes.remove_prefix(result.bytes);
      if (!bytes.empty() && !wait(POLLOUT)) return;
    }
  }
  /// Reads until `enough` says so, the end or five seconds; true when enough.
  bool read_until(const std::function<bool()>& enough) {
    std::string buffer(65'536, '\0');
    while (!enough()) {
      const auto result = stream.read(buffer);
      if (result.status == net::IoStatus::ok) {
        received.append(buffer.data(), result.bytes);
      } else if (result.status != net::IoStatus::would_block) {
        has_ended = true;
        is_reset = result.status == net::IoStatus::failed;
        return enough();
      } else if (!wait(POLLIN)) {
        return false;
      }
    }
    return true;
  }
  bool read_until(std::string_view text) {
    return read_until([&] { return received.find(text) != std::string::npos; });
  }
  /// Everything up to the orderly end.
  std::string read_to_end() {
    read_until([this] { return has_ended; });
    EXPECT_TRUE(has_ended);
    EXPECT_FALSE(is_reset) << stream.failure();
    return received;
  }
  std::string ask(std::string_view request, std::string_view expected) {
    send(request);
    EXPECT_TRUE(read_until(expected)) << received;
    return std::exchange(received, {});
  }

  // WebSocket.
  bool upgrade(const std::string& path = "/") {
    const std::string key = websocket::make_key();
    send(websocket::upgrade_request("localhost", path, key));
    if (!read_until("\r\n\r\n")) return false;
    const std::size_t end = received.find("\r\n\r\n") + 4;
    const bool is_good = websocket::check_accept(received.substr(0, end), key).has_value();
    received.erase(0, end);
    return is_good;
  }
  void send_frame(Opcode opcode, std::string_view payload, bool fin = true) {
    std::string frame;
    websocket::append_masked_frame(frame, opcode, fin, payload, 0x12345678);
    send(frame);
  }
  void send_close(std::uint16_t code, std::string_view text = {}) {
    std::string frame;
    websocket::append_close(frame, code, text, 0x12345678);
    send(frame);
  }
  /// The frames from the server until there are `count` messages or the connection ends.
  std::vector<std::string> read_messages(std::size_t count) {
    read_until([&] {
      decode();
      return frames.messages.size() >= count;
    });
    decode();
    return frames.messages;
  }
  bool read_pong() {
    return read_until([this] {
      decode();
      return !frames.pongs.empty();
    });
  }
  /// Code of the server's Close; 0 for none. Reads to the end.
  std::uint16_t read_close() {
    read_until([this] {
      decode();
      return frames.close_code != 0 || has_ended;
    });
    decode();
    return frames.close_code;
  }

  net::Stream stream;
  std::string received;
  bool has_ended = false;
  bool is_reset = false;

  struct Frames final : websocket::Sink {
    bool on_message(MessageKind, std::string_view payload) override {
      messages.emplace_back(payload);
      return true;
    }
    bool on_ping(std::string_view) override {
      ++pings;
      return true;
    }
    bool on_pong(std::string_view payload) override {
      pongs.emplace_back(payload);
      return true;
    }
    void on_close(std::uint16_t code, std::string_view text) override {
      close_code = code;
      close_text = text;
    }
    std::vector<std::string> messages;
    std::vector<std::string> pongs;
    int pings = 0;
    std::uint16_t close_code = 0;
    std::string close_text;
  } frames;

  void decode() {
    std::string bytes = std::exchange(received, {});
    EXPECT_TRUE(decoder_.feed(bytes, frames).ok());
  }

 private:
  bool wait(short events) const {
    pollfd item{stream.descriptor(), events, 0};
    return ::poll(&item, 1, 5000) == 1;
  }

  net::TlsClient tls_;
  websocket::Decoder decoder_{websocket::Role::client, 64U << 20U};
};

/// An edge on a core of its own with one listener.
class Server {
 public:
  explicit Server(bool is_tls, const Options& options = {}, int send_buffer = 0) : is_tls_(is_tls) {
    edge = std::make_unique<Edge>(core, options, application);
    edge->use_tls(std::make_shared<const net::TlsServer>(
        net::TlsServer::from_pem(certificate().certificate, certificate().key).value()));
    application.edge = edge.get();
    listener =
        std::make_unique<net::Listener>(core, Endpoint{"127.0.0.1", 0}, [this, send_buffer](net::Accepted accepted) {
          if (send_buffer > 0)
            ::setsockopt(accepted.descriptor, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
          edge->adopt(accepted.descriptor, std::move(accepted.peer), accepted.is_loopback, is_tls_);
        });
    core.start("edge");
  }
  ~Server() {
    run([this] {
      listener.reset();
      edge.reset();
    });
  }

  template <class Function>
  std::invoke_result_t<Function> run(Function function) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto result = task.get_future();
    core.post([&task] { task(); });
    return result.get();
  }
  /// Until it is true on the core, at most ten seconds.
  template <class Predicate>
  bool eventually(Predicate predicate) {
    const TimePoint end = Clock::now() + Duration(10'000);
    while (!run(predicate)) {
      if (Clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  bool sees(const std::string& line, std::ptrdiff_t times = 1) {
    return eventually([&] { return std::count(application.log.begin(), application.log.end(), line) == times; });
  }
  std::vector<std::string> log() {
    return run([this] { return application.log; });
  }
  std::uint64_t ended(CloseReason reason) {
    return run([&] { return edge->counters().ended[static_cast<std::size_t>(reason)]; });
  }
  ConnectionId last_id() {
    return run([this] { return application.ids.back(); });
  }
  Counters counters() {
    return run([this] { return edge->counters(); });
  }

  std::unique_ptr<Client> connect(int receive_buffer = 0) {
    auto client = std::make_unique<Client>(listener->local_endpoint(), is_tls_, receive_buffer);
    EXPECT_TRUE(client->shake_hands()) << client->stream.failure();
    return client;
  }
  std::unique_ptr<Client> connect_websocket(int receive_buffer = 0) {
    auto client = connect(receive_buffer);
    EXPECT_TRUE(client->upgrade());
    return client;
  }
  [[nodiscard]] Endpoint endpoint() const { return listener->local_endpoint(); }

  net::Core core{0};
  EchoApplication application;
  std::unique_ptr<Edge> edge;
  std::unique_ptr<net::Listener> listener;

 private:
  bool is_tls_;
};

}  // namespace wscluster::edge::test
