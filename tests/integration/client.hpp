// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace wscluster::integration {

/// Runs the clients until the condition holds (asked after each of their events and every few milliseconds). False: not
/// within the patience, which is scaled.
bool wait_until(const std::function<bool()>& condition, Duration patience = std::chrono::seconds(10));
/// Runs the clients for so long (not scaled), to let something not happen.
void run_clients_for(Duration time);

enum class Tls { any, v12, v13 };

/// A WebSocket client that shares no code with the server (Beast, asio::ssl). All clients share one event loop, which
/// runs on the test's thread inside wait_until(), so many may be open at once.
class Client {
 public:
  struct Options {
    std::string url;      ///< ws://HOST:PORT/PATH?QUERY or wss://…; the host is an address
    std::string token;    ///< Authorization: Bearer
    std::string ca_file;  ///< for wss
    Tls tls = Tls::any;
  };
  struct Frame {
    bool is_binary = false;
    std::string text;
  };
  class Impl;

  /// Begins to connect.
  explicit Client(const Options& options);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// Waits for the end of the upgrade: true when open.
  bool connect();
  [[nodiscard]] bool is_open() const;
  /// Neither connecting nor open.
  [[nodiscard]] bool has_ended() const;
  /// Of the refused upgrade, else 0.
  [[nodiscard]] unsigned http_status() const;
  [[nodiscard]] const std::string& failure() const;
  /// What the server's Close said; 1006 when the connection just ended.
  [[nodiscard]] unsigned close_code() const;
  [[nodiscard]] const std::string& close_reason() const;
  [[nodiscard]] unsigned pings() const;
  /// "TLSv1.3", or empty.
  [[nodiscard]] std::string tls_version() const;

  void send(std::string_view text, bool is_binary = false);
  /// Asks for an orderly close; wait for has_ended().
  void close(unsigned code, const std::string& reason = {});
  /// RST instead of an end.
  void cut();

  [[nodiscard]] std::deque<Frame>& inbox();
  /// The next message, waited for; a test failure and an empty one when none comes.
  Frame read();
  /// Sends and reads.
  std::string ask(std::string_view text);

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace wscluster::integration
