// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace wscluster::load {

/// group, ack and recovery speak the subprotocol json.reliable.webpubsub.azure.v1.
enum class Scenario : std::uint8_t { echo, send, group, ack, recovery, hold, ring_change };

/// What the service under test does with a client's frame: raw: echo, or raw: relay.
enum class Traffic : std::uint8_t { echo, send };

/// One run of the load generator.
struct Options {
  std::string url;  ///< ws:// or wss:// of a WebSocket path
  /// Where clients that lose their connection go next, in turn; empty: only ring_change and the
  /// subprotocol bring them back, to `url`.
  /// They differ from it in host and port only.
  std::vector<std::string> further_urls;
  Scenario scenario = Scenario::echo;
  std::uint64_t connections = 1000;
  double connect_rate = 500;     ///< per second
  double rate = 1000;            ///< messages per second over all connections, open model
  std::uint64_t publishers = 1;  ///< group: the first so many connections publish, all others are members
  double drop_rate = 10;         ///< recovery: sockets dropped per second over all connections
  std::uint64_t in_flight = 0;   ///< echo, instead of the rate: unanswered messages per connection; 0: open model
  Duration duration{30'000};
  Duration warmup{5'000};
  std::uint64_t size_bytes = 128;  ///< of one message, including run id, sender, sequence, time
  bool binary = false;
  std::string uid_prefix = "load-";
  std::uint64_t uid_start = 0;
  std::string access_key_file;                ///< makes each user's token; empty: ?uid= (service with auth insecure)
  std::vector<std::string> source_addresses;  ///< 127.0.0.x …; empty: the system chooses
  unsigned threads = 1;
  std::uint64_t seed = 1;
  std::string tls_ca_file;
  bool insecure = false;                ///< do not check the server's certificate
  bool resumes_tls = false;             ///< clients that come back offer a session ticket
  std::vector<std::string> thresholds;  ///< latency.p99<50ms
  bool allow_lag = false;               ///< exit 0 although the generator was too slow
  Duration interval{1'000};             ///< of the live line
  std::vector<std::string> reports;     ///< .json .csv .hgrm
  std::vector<double> percentiles{50, 90, 99, 99.9, 99.99};
  std::string change;          ///< ring-change: 'add node-4' or 'remove node-1'; empty: somebody else changes the ring
  Duration change_at{10'000};  ///< since the start of the traffic, warm-up included
  Traffic traffic = Traffic::send;   ///< of ring_change
  Duration settle{5'000};            ///< how long late answers and reconnects are waited for at the end
  Duration connect_timeout{10'000};  ///< for TCP, TLS and HTTP together
};

/// Contradictions between fields, each a sentence; empty when usable.
[[nodiscard]] std::vector<std::string> problems(const Options& options);

}  // namespace wscluster::load
