// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cluster.hpp"

namespace wscluster::integration {

/// Many raw clients that come back as decent ones do: at the time that the close names, else soon. Keeps what each one
/// has seen.
class Fleet {
 public:
  struct Person {
    std::string uid;
    Client::Options place;
    Client client;
    std::vector<std::pair<unsigned, std::string>> closes;  ///< code and reason
    std::vector<std::string> messages;                     ///< in the order of their arrival, over all connections
    int failed_upgrades = 0;
    TimePoint returns_at{};
  };

  /// Connects all; the doors are taken in turn.
  Fleet(Cluster& cluster, const std::vector<std::string>& uids, const std::vector<std::string>& doors);

  /// wait_until() that also brings ended clients back.
  bool run_until(const std::function<bool()>& condition, Duration patience = std::chrono::seconds(20));
  void run_for(Duration time);
  /// Everybody is connected; a test failure when that takes too long.
  void gather();
  /// From here on their new connections go there.
  void move_doors(const std::vector<std::string>& doors);

  [[nodiscard]] std::vector<Person>& people() { return people_; }
  [[nodiscard]] std::vector<std::string> uids() const;
  /// Connections that ended since the last forget().
  [[nodiscard]] std::size_t closes() const;
  void forget();

 private:
  void tend();

  Cluster& cluster_;
  std::vector<Person> people_;
};

/// Numbered messages from one session to everybody of a fleet, each waiting for its receipt.
class Traffic {
 public:
  /// The sender must not be evicted meanwhile.
  Traffic(Cluster& cluster, const std::string& door, const std::string& sender);

  /// One more to each.
  void send_round(Fleet& fleet);
  /// How many are on their way.
  [[nodiscard]] int open();
  /// Sent so far to each.
  [[nodiscard]] int rounds() const { return rounds_; }
  /// Receipts by status.
  [[nodiscard]] const std::map<std::string, int>& receipts();
  /// Everybody got each message once and in order.
  void expect_all_arrived(Fleet& fleet);
  /// Every message was answered, nobody got one twice or late, and what was called delivered has arrived.
  void expect_true_receipts(Fleet& fleet);

 private:
  void count();

  Client client_;
  int rounds_ = 0;
  int sent_ = 0;
  int answered_ = 0;
  std::map<std::string, int> receipts_;
  std::map<std::string, std::size_t> delivered_to_;
};

}  // namespace wscluster::integration
