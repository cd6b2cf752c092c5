// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/error.hpp"
#include "base/time.hpp"

namespace wscluster::registry {

/// Where Redis is and how leases are timed. The times must be the same in every process of a cluster.
struct Options {
  /// redis://[USER@]HOST:PORT[/DB], redis+sentinel://[USER@]HOST:PORT[,HOST:PORT…]/MASTER[/DB], both with TLS as
  /// rediss…, or unix:///PATH[?db=DB]
  std::string url = "redis://127.0.0.1:6379/0";
  std::string username;           ///< ACL user; stands above one in the url
  std::string password;           ///< never printed, never logged
  std::string sentinel_username;  ///< ACL user of the sentinels; the one above is of the servers
  std::string sentinel_password;  ///< never printed, never logged
  /// An epoch that fewer replicas have acknowledged in time is written, but warned of: if the primary is lost now, it
  /// comes back only from the processes that hold it. The configuration makes it 1 with Sentinel.
  unsigned min_replicas = 0;
  std::string ca_file;              ///< TLS: authorities (PEM); empty: the system's
  std::string cert_file;            ///< TLS: our certificate, where the server asks for one
  std::string key_file;             ///< TLS: its private key
  bool insecure = false;            ///< TLS without checking the server's certificate
  std::string cluster = "default";  ///< part of every key's name, so clusters may share a Redis
  Duration heartbeat{1'000};        ///< between two renewals of the lease
  Duration lease{3'000};            ///< at least three heartbeats
  Duration timeout{2'000};          ///< for connecting and for one command
  Duration wait_at_start{10'000};   ///< a process that starts gives Redis so long to appear
  unsigned flap_limit = 3;          ///< so many unforeseen joins of one name within flap_window: held down
  Duration flap_window{60'000};
};

/// Whether the url names sentinels.
[[nodiscard]] bool has_sentinels(const Options& options);

/// Contradictions between fields, each a sentence; empty when usable.
[[nodiscard]] std::vector<std::string> problems(const Options& options);

/// From the death of a process, just after a renewal, to the ring document without it, while Redis answers and the
/// others run: its lease, the wait for the next heartbeat of an observer, the heartbeat between the two sightings, one
/// for scheduling and a lost compare-and-set.
[[nodiscard]] constexpr Duration worst_case_detection(const Options& options) {
  return options.lease + 3 * options.heartbeat;
}

/// An url taken apart.
struct Target {
  std::string host;  ///< empty for a Unix socket
  std::uint16_t port = 0;
  bool tls = false;
  std::vector<Endpoint> sentinels;  ///< who know host and port
  std::string master;               ///< the name under which they know it
  std::string path;                 ///< of a Unix socket
  unsigned database = 0;
  std::string username;

  /// For messages, without the user: redis://127.0.0.1:6379, redis+sentinel://127.0.0.1:26379/mymaster (the first one)
  /// or unix:///run/redis.sock
  [[nodiscard]] std::string place() const;
};

/// Refuses a password inside the url, and says where it belongs.
[[nodiscard]] Result<Target> parse_url(const std::string& url);

}  // namespace wscluster::registry
