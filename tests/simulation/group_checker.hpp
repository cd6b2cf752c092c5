// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checker.hpp"

namespace wscluster::simulation {

/// Follows what is published in groups: who is a member of which group, and what it reads. A session is one of the
/// checker's senders; what happens is ordered by when this is told of it. Publications are numbered by the checker.
class GroupChecker {
 public:
  explicit GroupChecker(Checker& checker) : checker_(checker) {}

  /// It asks to be a member. `name`: whose session it is.
  void joins(std::uint64_t session, const std::string& group, const std::string& name);
  /// It has read that it is one.
  void joined(std::uint64_t session, const std::string& group);
  /// It says that it leaves.
  void leaves(std::uint64_t session, const std::string& group);
  /// It has read that it has left.
  void left(std::uint64_t session, const std::string& group);
  /// It is over, and its client knows.
  void lost(std::uint64_t session) { lost_.insert(session); }
  /// `excluded`: a session that must not get it, 0: none.
  void published(std::uint64_t number, std::uint64_t sender, const std::string& group, std::uint64_t excluded);
  /// With success.
  void answered(std::uint64_t number);
  void read(std::uint64_t session, std::uint64_t number, const std::string& group);
  /// `unknown`: whose fate its sender was told not to know.
  void finish(const std::set<std::uint64_t>& unknown);

  [[nodiscard]] std::uint64_t reads() const noexcept { return reads_; }

 private:
  using Moment = std::uint64_t;
  struct Publication {
    std::uint64_t sender = 0;
    std::string group;
    std::uint64_t excluded = 0;
    Moment begun = 0;
    Moment answered = 0;  ///< with success; 0: not
  };
  /// From its join to its leaving.
  struct Stay {
    Moment joined = 0;
    Moment leaves = 0;  ///< 0: not
  };
  struct Reading {
    std::uint64_t number = 0;
    Moment at = 0;
  };
  struct Member {
    std::string name;
    std::vector<Stay> stays;
    bool is_out = true;  ///< must read nothing
    /// In order; number 0 where it left or joined: a shard may be behind what the member has read before.
    std::vector<Reading> order;
    std::set<std::uint64_t> seen;
    std::set<std::uint64_t> seen_since;  ///< it left or joined

    void begin_anew() {
      order.push_back({0, 0});
      seen_since.clear();
    }
  };
  using Members = std::map<std::pair<std::string, std::uint64_t>, Member>;  ///< by group and session

  /// Answered before the member left, or it is there still. Whoever leaves while its state is on its way may miss the
  /// last ones, but nothing before what it has read.
  [[nodiscard]] bool is_due(const Publication& publication, const Stay& stay, const Member& member) const;
  void check_complete(std::uint64_t session, const std::string& group, const Member& member);
  void check_senders(const Member& member, const std::set<std::uint64_t>& unknown);
  void check_total_order(const std::string& group);

  Checker& checker_;
  Moment now_ = 0;
  std::map<std::uint64_t, Publication> publications_;
  Members members_;
  std::set<std::uint64_t> lost_;
  std::uint64_t reads_ = 0;
};

}  // namespace wscluster::simulation
