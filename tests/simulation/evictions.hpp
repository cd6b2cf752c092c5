// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "checker.hpp"
#include "cluster/inquiry.hpp"

namespace wscluster::simulation {

/// Users whose sessions an operator closes, so that their clients come back: each one that is counted is closed once.
class Evictions {
 public:
  /// What the clients read; nobody else closes with it.
  static constexpr std::string_view text = "by an operator";

  Evictions(Checker& checker, bool is_lossless) : checker_(checker), is_lossless_(is_lossless) {}

  void ordered(const std::string& uid) { ++users_[uid].open; }
  /// Not called when the process that was to do it has died.
  void reported(const std::string& uid, const cluster::OrderReport& report);
  void closed(const std::string& uid);
  void finish();

  [[nodiscard]] bool has(const std::string& uid) const { return users_.contains(uid); }

 private:
  struct User {
    std::uint64_t open = 0;  ///< orders without a report
    std::uint64_t counted = 0;
    std::uint64_t closed = 0;
  };

  Checker& checker_;
  const bool is_lossless_;
  std::map<std::string, User> users_;
};

}  // namespace wscluster::simulation
