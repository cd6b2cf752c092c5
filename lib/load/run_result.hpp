// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "load/histogram.hpp"
#include "load/ledger.hpp"
#include "load/move_log.hpp"
#include "load/options.hpp"

namespace wscluster::load {

/// What the caller's change of the ring was, as far as it knows.
struct ChangeOutcome {
  std::uint64_t from_epoch = 0;  ///< 0: not known
  std::uint64_t to_epoch = 0;
  std::string error;  ///< why it failed; empty when it is done
};

/// One close that the server or the network caused.
struct ClosedConnection {
  std::uint64_t connection = 0;  ///< its uid is prefix + (uid_start + connection)
  std::uint16_t code = 0;
  std::uint64_t epoch = 0;  ///< from the reason of a 1012; 0: none
};

/// Connections that did not stay open. Planned: code 1012, which the cluster sends to sessions that it moves.
struct CloseAccount {
  std::map<std::uint16_t, std::uint64_t> by_code;  ///< 1006: without a close frame
  std::uint64_t planned = 0;
  std::uint64_t unplanned = 0;
  std::uint64_t connections = 0;    ///< different ones that were closed at least once
  std::uint64_t again = 0;          ///< closed with 1012 more than once for one epoch
  std::uint64_t retries = 0;        ///< attempts to come back that failed
  std::uint64_t returned = 0;       ///< reconnects that succeeded
  std::uint64_t dropped = 0;        ///< sockets that the generator cut, to recover the session
  std::uint64_t recovered = 0;      ///< sessions that a new socket came back to
  std::uint64_t sessions_lost = 0;  ///< closed with 1008: gone for good
  std::uint64_t resumed = 0;        ///< TLS handshakes of reconnects that resumed a session
  std::uint64_t not_returned = 0;   ///< still away when the run ended
  std::uint64_t never_closed = 0;   ///< connections that stayed open all the time
  std::uint64_t late_answers = 0;   ///< answers to messages that had to wait for a reconnect
  std::uint64_t first_epoch = 0;    ///< lowest and highest epoch that a 1012 named
  std::uint64_t last_epoch = 0;
  std::vector<ClosedConnection> list;
  static constexpr Duration return_slot{100};
  std::vector<std::uint64_t> returns;  ///< reconnects by the time since the start of the traffic, one number per slot
};

/// Everything a run has found. Numbers of messages include the warm-up; latencies and rates do not.
struct RunResult {
  Options options;
  std::uint64_t connected = 0;
  std::uint64_t connect_failed = 0;
  Account messages;
  std::uint64_t planned = 0;   ///< messages that were to be sent
  std::uint64_t not_sent = 0;  ///< planned, but the connection was gone
  std::uint64_t wrong_node =
      0;  ///< receipts of one epoch that name another node for the same user (not while the ring changes)
  std::uint64_t foreign = 0;                    ///< messages of other runs, ignored
  std::map<std::string, std::uint64_t> errors;  ///< by what happened; empty in a clean run
  std::map<std::string, std::uint64_t> nodes;   ///< receipts by the node that gave them
  Histogram latency;                            ///< planned time to echo, or to the arrival at the receiver
  Histogram service;                            ///< the same from the real send time
  Histogram receipt;                            ///< planned time to receipt
  Histogram connect;                            ///< TCP, TLS and HTTP until 101; of the subprotocol until joined
  Histogram gap;  ///< close to the 101 of the reconnect; of the subprotocol to the session
  Histogram lag;  ///< planned to real send time, while the connection was open
  ChangeLatency change_latency;
  CloseAccount closes;
  std::optional<ChangeOutcome> change;
  double measured_seconds = 0;  ///< warm-up excluded
  double achieved_rate = 0;     ///< really sent per second of the measured time
  double busiest_thread = 0;    ///< share of the measured time
  bool was_interrupted = false;

  [[nodiscard]] double asked_rate() const;
  [[nodiscard]] double rate_ratio() const;
  /// Arrivals per second of the measured time, of messages planned in it.
  [[nodiscard]] double delivery_rate() const;
  /// What went wrong of what was tried: connections and messages.
  [[nodiscard]] std::uint64_t error_count() const;
  [[nodiscard]] double error_ratio() const;
};

/// Why the figures say more about the generator than about the server, in words; empty: the result is valid.
[[nodiscard]] std::vector<std::string> doubts(const RunResult& result);

[[nodiscard]] bool sends_messages(const Options& options);
/// Messages leave on a schedule, whether or not answers come.
[[nodiscard]] bool is_open_model(const Options& options);
/// Clients that lose their connection come back.
[[nodiscard]] bool returns(const Options& options);
/// Messages go from user to user, or to a group, and are receipted.
[[nodiscard]] bool relays(const Options& options);
/// Receipts tell who moves while the ring changes.
[[nodiscard]] bool shows_moves(const Options& options);
/// Clients have sessions that outlive their sockets, groups and acks.
[[nodiscard]] bool speaks_subprotocol(const Options& options);
[[nodiscard]] Flow flow_of(const Options& options);
[[nodiscard]] const char* to_string(Scenario scenario) noexcept;

}  // namespace wscluster::load
