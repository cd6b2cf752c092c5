// SPDX-License-Identifier: MIT
#pragma once

#include "base/random.hpp"
#include "edge/connection.hpp"
#include "net/core.hpp"

#include <array>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace wscluster::edge {

/// The connections of one core. Split over several sources by side: handshake_side.cpp adoption and TLS, http_side.cpp
/// up to the 101, streaming_side.cpp bodies in pieces, websocket_side.cpp after it, deadlines.cpp what time does,
/// relief.cpp what a lack of memory does, state.cpp slots, sockets and output.
struct Edge::State : std::enable_shared_from_this<Edge::State> {
  State(net::Core& on, const Options& with, Application& above);
  ~State();
  void register_hooks();

  // Slots.
  Connection* find(ConnectionId id) const noexcept;
  static ConnectionId id_of(const Connection& c) noexcept { return std::uint64_t{c.generation} << 32U | c.slot; }
  Connection& take_slot();
  void recycle_ended();
  /// Closes the socket now; tells the application when it still waits to hear. The object stays until the end of the
  /// turn.
  void end(Connection& c, CloseReason reason, std::uint16_t code);
  void tell_gone(Connection& c, CloseReason reason, std::uint16_t code);

  /// Runs after the current callback, unless the connection has ended by then.
  void later(const Connection& c, std::function<void(State&, Connection&)> work);
  /// An exception of the application costs this connection only.
  template <class Function>
  void guarded(Connection& c, Function&& function);
  void fail(Connection& c, std::string_view why);

  // Sockets.
  void adopt(int descriptor, std::string peer, bool is_loopback, bool is_tls);
  void on_first_bytes(Connection& c);
  void start_handshake(Connection& c);
  /// A small portion of the handshakes; true when some are left.
  bool continue_handshakes();
  void continue_handshake(Connection& c);
  void fail_handshake(Connection& c);
  [[nodiscard]] bool has_handshake_place() const noexcept;
  void park(Connection& c);
  void unpark(Connection& c);
  /// Who makes others wait and does not go on.
  void end_parked();
  void drop_gone_on();
  bool end_oldest_fresh();
  void start_queued();
  void tell_intake();
  void on_ready(Connection& c, bool readable, bool writable);
  void read(Connection& c);
  void on_bytes(Connection& c, std::span<char> bytes);
  void on_end(Connection& c, bool is_failure);
  void wait_for(Connection& c, bool readable, bool writable);

  // Output.
  std::string& queue(Connection& c);
  void flush_all();
  void flush(Connection& c);
  void on_flushed(Connection& c);
  /// All is said: close_notify, FIN, then the client's end, each within its time.
  void linger(Connection& c);
  void await_end(Connection& c);

  // HTTP.
  void on_http_bytes(Connection& c, std::string_view bytes);
  void dispatch(Connection& c);
  Request take_request(Connection& c);
  /// Else the request is refused.
  bool has_good_target(Connection& c, Request& request);
  void dispatch_upgrade(Connection& c, Request request);
  void answer(Connection& c, const Response& response, CloseReason reason);
  void refuse(Connection& c, unsigned status, std::string_view text, CloseReason reason,
              std::vector<std::pair<std::string, std::string>> headers = {});
  void next_request(Connection& c);
  /// Into the access log, once.
  void tell_request(Connection& c, CloseReason reason);
  void count_refusal(unsigned status);
  void make_http_side(Connection& c);

  // HTTP in pieces (streaming_side.cpp).
  void dispatch_head(Connection& c);
  void on_body_bytes(Connection& c, std::string_view bytes);
  void deliver_body(Connection& c);
  void pause_body(Connection& c, bool is_paused);
  void begin_answer(Connection& c, const ResponseHead& head);
  void write_answer(Connection& c, std::string_view bytes);
  void finish_answer(Connection& c, const net::HttpFields& trailers);
  void check_streaming(Connection& c);

  // WebSocket.
  void open_websocket(Connection& c, std::string_view subprotocol);
  void feed_early(Connection& c);
  void on_frames(Connection& c, std::span<char> bytes);
  void on_client_close(Connection& c, std::uint16_t code);
  void start_close(Connection& c, std::uint16_t code, std::string_view text, CloseReason reason);
  void drain_some(double budget);
  [[nodiscard]] std::string next_drain_text();

  // Time.
  void on_tick(TimePoint now);
  void check(Connection& c);
  void check_websocket(Connection& c);
  void enter(Connection& c, Phase phase, Duration limit);
  void set_due(const Connection& c, std::int64_t when) { due[c.slot] = when; }
  void schedule_ping(Connection& c);
  [[nodiscard]] std::int64_t milliseconds(TimePoint time) const noexcept;
  [[nodiscard]] std::int64_t now() const noexcept { return milliseconds(core.now()); }

  static constexpr std::size_t page_size = 256;
  static constexpr std::int64_t never = INT64_MAX;

  net::Core& core;
  Options options;
  Application& application;
  Counters counters;
  metrics::Histogram upgrade_times;
  TimePoint start;
  std::shared_ptr<const net::TlsServer> tls;

  std::vector<std::unique_ptr<std::array<Connection, page_size>>> pages;
  std::vector<std::int64_t> due;    ///< by slot: when check() is to look; dense, so that a sweep is one run over memory
  std::vector<std::uint32_t> free;  ///< slots
  std::vector<Connection*> ended;   ///< of this turn
  std::vector<Connection*> dirty;   ///< to be flushed
  std::vector<Connection*> flushing;
  std::deque<ConnectionId> handshakes;  ///< ready to go on, after all other traffic of the turn
  std::deque<ConnectionId> queued;      ///< beyond max_handshakes
  struct Parked {
    ConnectionId id;
    std::int64_t since;
  };
  std::deque<Parked> parked;  ///< in the order of parking; those that went on are still in it
  std::uint64_t parked_count = 0;
  std::deque<ConnectionId> fresh;  ///< in the order of accepting; the first one still is, others may have gone on
  std::function<void(bool)> intake_changed = [](bool) {};
  bool is_full = false;
  std::size_t sweep_at = 0;
  OutboxPool outboxes;
  std::array<char, 65'536> input;

  bool has_keep_alive = true;
  bool is_draining = false;
  std::uint16_t drain_code = 0;
  std::string drain_text;
  double drain_rate = 0;
  Duration drain_spread{};
  std::minstd_rand drain_random{static_cast<std::uint_fast32_t>(random_id())};
  double drain_budget = 0;
  std::size_t drain_at = 0;
  std::int64_t last_tick = 0;
};

template <class Function>
void Edge::State::guarded(Connection& c, Function&& function) {
  try {
    function();
  } catch (const std::exception& problem) {
    fail(c, problem.what());
  }
}

}  // namespace wscluster::edge
