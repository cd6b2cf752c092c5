// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "load/close_notice.hpp"
#include "load/ledger.hpp"
#include "load/reliable.hpp"
#include "net/poller.hpp"
#include "net/stream.hpp"
#include "websocket/decoder.hpp"

namespace wscluster::load {

class Worker;

/// One simulated user: connects, upgrades, sends when its worker says so, comes back after a close. A callback state
/// machine on readiness, because there are thousands of them in a process; an idle one holds no buffer. Owned by its
/// worker.
class Client final : public net::Watcher, private websocket::Sink {
 public:
  Client(Worker& worker, std::uint32_t index);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void connect();
  /// Sends the message that was planned for this time, or keeps it until the connection is back, or counts it as not
  /// sent.
  void send_planned(Clock::duration planned);
  /// Closed model: sends until as many messages as asked for are on their way.
  void refill();
  /// Ends the connection with 1000; a client that is away stays away.
  void finish();
  /// Cuts the socket of an open client, which then comes back to its session.
  void drop();
  /// Tells the server what it need not keep any more.
  void acknowledge();
  /// Gives up what finish() could not end in time, and settles what was never answered.
  void abandon();
  /// A time that was asked for with Worker::wake_later() has come.
  void on_wake(std::uint32_t ticket);

  void on_ready(bool readable, bool writable) override;

 private:
  enum class Phase : std::uint8_t { idle, connecting, securing, upgrading, joining, open, closing, away, ended };

  /// A message that has no answer yet.
  struct Pending {
    std::uint32_t sequence;  ///< not_sent: it waits for the connection
    std::uint32_t recipient;
    Clock::duration planned;
    bool has_waited;  ///< it could not be sent, or not be answered, before a reconnect
  };
  static constexpr std::uint32_t not_sent = 0xFFFFFFFF;

  void secure();
  void request_upgrade();
  void receive();
  void take(std::span<char> bytes);
  void take_head(std::span<char> bytes);
  void take_upgrade(std::string_view subprotocol, std::span<char> rest);
  void become_ready();
  void write(std::string_view bytes);
  void flush();
  void answer_close();

  void fail_connect(const std::string& why);
  void lose(std::uint16_t code, const CloseNotice& notice);
  void lose_session();
  void go_away(const CloseNotice& notice, std::uint16_t code);
  void turn_to_next_place() noexcept;
  void keep_pending(bool is_promised, bool returns);
  void release_stream();
  void enter(Phase phase) noexcept;
  void stop_here();

  bool on_message(websocket::MessageKind kind, std::string_view payload) override;
  bool on_ping(std::string_view payload) override;
  bool on_pong(std::string_view payload) override;
  void on_close(std::uint16_t code, std::string_view reason) override;

  void take_relayed(std::string_view payload);
  void take_arrival(std::string_view payload, std::string_view from, bool has_from);
  void take_receipt(std::uint32_t sequence, std::string_view status, std::string_view node, std::uint64_t epoch);

  // The subprotocol (client_groups.cpp)
  void await_session();
  void take_frame(std::string_view payload);
  void on_connected(const ServerFrame& frame);
  void on_joined(const ServerFrame& frame);
  void take_ack(const ServerFrame& frame);
  void take_published(const ServerFrame& frame);
  void append_published(std::string& text, const Pending& message, const Stamp& stamp) const;
  void send_text(std::string_view text);
  [[nodiscard]] bool is_member() const;
  [[nodiscard]] std::string group_of(std::uint32_t connection) const;

  [[nodiscard]] std::vector<Pending>::iterator find_pending(std::uint32_t sequence);
  void append_message(std::string& out, Pending& message);
  [[nodiscard]] std::uint32_t choose_recipient() const;

  Worker& worker_;
  net::Stream stream_;
  websocket::Decoder decoder_;
  std::string unsent_;                        ///< what the kernel did not take
  std::unique_ptr<std::string> head_;         ///< of the answer to the upgrade, while it is incomplete
  std::string key_;                           ///< Sec-WebSocket-Key, while upgrading
  std::unique_ptr<ReliableSession> session_;  ///< of the subprotocol
  std::string joining_failure_;               ///< why it cannot join its group
  std::vector<Pending> pending_;              ///< in order of sending; those not sent yet at the end
  TimePoint since_{};                         ///< beginning of the attempt
  TimePoint closed_at_{};                     ///< of the close that it comes back from
  std::uint64_t evicted_by_ = 0;              ///< epoch of the last 1012
  CloseNotice notice_;                        ///< of the close frame that is being handled
  std::uint32_t index_;
  std::uint32_t ticket_ = 0;
  std::uint16_t close_code_ = 0;  ///< of a close frame that was read, 0: none
  std::uint16_t failures_ = 0;    ///< attempts in a row
  std::uint16_t place_ = 0;       ///< where it connects to
  Phase phase_ = Phase::idle;
  bool was_open_ = false;
  bool was_closed_ = false;
  bool waits_for_write_ = false;
};

}  // namespace wscluster::load
