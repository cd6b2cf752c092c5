// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/tls.hpp"

namespace wscluster::load {

/// What the server does wrong, each to every n-th message; 0: never.
struct Faults {
  unsigned lose = 0;          ///< no echo; or a receipt `delivered` without a delivery
  unsigned ignore = 0;        ///< neither receipt nor delivery
  unsigned keep_receipt = 0;  ///< delivered without a receipt
  unsigned duplicate = 0;
  unsigned swap = 0;          ///< delivered after the next one to the same user
  unsigned misdeliver = 0;    ///< to the sender instead of the recipient
  unsigned wrong_sender = 0;  ///< under another name
  unsigned deny = 0;          ///< delivered, although the receipt says offline
  unsigned offline = 0;       ///< not delivered, and the receipt says offline
  unsigned other_node = 0;    ///< the receipt names another node in the same epoch
  unsigned refuse_connect = 0;
  bool executes_after_close = false;  ///< frames that arrive after the server's Close are delivered
  // Of the subprotocol:
  unsigned skip_sequence = 0;         ///< a sequence id is left out
  unsigned cut_before_ack = 0;        ///< the socket breaks between execution and ack
  unsigned forget_session = 0;        ///< who wants to recover is told that the session is gone
  bool executes_twice = false;        ///< an ack id that was executed is executed again
  bool loses_unacknowledged = false;  ///< nothing is replayed
};

/// What a test server does with messages: relay as a service with raw: relay, or groups of the reliable subprotocol.
enum class Speaks : std::uint8_t { echo, relay, groups };

/// A WebSocket server in a thread of its own, which can be told to do it wrong.
class TestServer {
 public:
  explicit TestServer(Speaks speaks, Faults faults = {}, const net::SelfSigned* certificate = nullptr);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] std::string url() const;
  /// Closes this many of the open connections; with code 1006 without a close frame.
  void close_some(unsigned count, std::uint16_t code, std::string reason);
  /// Answers the next upgrades with 503.
  void refuse_next(unsigned count) { refusals_ = count; }
  /// From now on receipts are of epoch 43, and users with an odd last digit belong to node-2.
  void change_ring() { has_changed_ = true; }
  /// Value of the Authorization header of the last upgrade.
  [[nodiscard]] std::string last_authorization() const;
  [[nodiscard]] std::vector<std::string> uids() const;

 private:
  struct Connection;
  struct Session {
    std::string uid;
    Connection* connection = nullptr;
    std::set<std::string> groups;
    std::set<std::uint64_t> executed;  ///< ack ids
    std::uint64_t sequence = 0;
    std::vector<std::pair<std::uint64_t, std::string>> unacknowledged;
    std::string held;  ///< comes after the next one
  };
  struct CloseOrder {
    unsigned count;
    std::uint16_t code;
    std::string reason;
  };

  void serve();
  void accept();
  void advance(Connection& connection);
  void upgrade(Connection& connection);
  void take(Connection& connection, std::string_view payload);
  void relay(Connection& connection, std::string_view payload);
  void deliver(const std::string& uid, const std::string& text);
  void begin_session(Connection& connection);
  void take_frame(Connection& connection, std::string_view payload);
  void publish(const std::string& group, const std::string& data, const std::string& from);
  void give(Session& session, const std::string& tail);
  void obey(const CloseOrder& order);
  void send(Connection& connection, std::string_view payload);
  [[nodiscard]] static bool strikes_of(std::uint64_t number, unsigned every) {
    return every != 0 && number % every == 0;
  }
  [[nodiscard]] bool strikes(unsigned every) const { return strikes_of(number_, every); }

  Speaks speaks_;
  Faults faults_;
  std::optional<net::TlsServer> tls_;
  int listener_ = -1;
  int wakeup_ = -1;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::map<std::string, Connection*> by_uid_;
  std::map<std::string, std::vector<std::string>> queued_;
  std::map<std::string, std::string> swapped_;
  std::map<std::string, Session> sessions_;
  std::uint64_t last_session_ = 0;
  std::uint64_t recoveries_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t attempts_ = 0;

  mutable std::mutex mutex_;
  std::vector<CloseOrder> orders_;
  std::string authorization_;
  std::vector<std::string> uids_;
  std::atomic<unsigned> refusals_ = 0;
  std::atomic<bool> has_changed_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace wscluster::load
