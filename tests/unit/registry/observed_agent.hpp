// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "redis_server.hpp"
#include "registry/agent.hpp"
#include "registry/directory.hpp"

namespace wscluster::registry {

/// An agent and what it has told.
class Observed {
 public:
  Observed(const Options& options, const Registration& registration)
      : self(registration), agent(options, registration, callbacks()) {}

  void start_linked() {
    agent.set_linked(true);
    agent.start();
  }
  [[nodiscard]] std::shared_ptr<const Snapshot> last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  /// Of chat; empty when nothing is known yet.
  [[nodiscard]] ServiceState state() {
    const auto snapshot = last();
    const auto found = snapshot->services.find("chat");
    return found == snapshot->services.end() ? ServiceState() : found->second;
  }
  [[nodiscard]] std::shared_ptr<const ring::Document> document() { return state().document; }
  /// Names in its ring with a weight, joined by spaces.
  [[nodiscard]] std::string owners() {
    std::string names;
    const auto held = document();
    if (!held) return names;
    for (const ring::Member& member : held->members) {
      if (member.weight > 0) names += (names.empty() ? "" : " ") + member.name;
    }
    return names;
  }
  [[nodiscard]] std::string left() {
    const std::lock_guard lock(mutex_);
    return left_;
  }
  [[nodiscard]] bool never_went_back() const { return !went_back_; }

 private:
  Callbacks callbacks() {
    Callbacks all;
    all.on_snapshot = [this](std::shared_ptr<const Snapshot> snapshot) { take(std::move(snapshot)); };
    all.on_left = [this](const std::string& service, bool planned) {
      const std::lock_guard lock(mutex_);
      left_ = service + (planned ? " planned" : " dead");
    };
    all.on_name_taken = [this] { name_taken = true; };
    return all;
  }
  void take(std::shared_ptr<const Snapshot> snapshot) {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, service] : snapshot->services) {
      if (!service.document) continue;
      std::uint64_t& newest = newest_[name];
      if (service.document->epoch < newest) went_back_ = true;
      newest = service.document->epoch;
    }
    last_ = std::move(snapshot);
  }

  std::mutex mutex_;
  std::shared_ptr<const Snapshot> last_ = std::make_shared<const Snapshot>();
  std::map<std::string, std::uint64_t> newest_;
  std::string left_;
  std::atomic<bool> went_back_{false};

 public:
  std::atomic<bool> name_taken{false};
  Registration self;
  Agent agent;
};

/// For what must not happen: long enough for it to have happened.
inline void let_pass(Duration time) {
  std::this_thread::sleep_for(time);
}

/// Whether every process has renewed its lease since it adopted the newest epoch. Who dies before that may be the
/// majority of the epoch that it has stored, and is then not removed (MODEL.md V18).
inline bool have_stored_newest_epoch(const Options& options) {
  const auto snapshot = Directory(options).load();
  if (!snapshot) return false;
  const std::uint64_t epoch = snapshot->services.at("chat").document->epoch;
  return std::all_of(snapshot->members.begin(), snapshot->members.end(), [&](const MemberRecord& member) {
    const auto stats = member.stats.services.find("chat");
    return stats != member.stats.services.end() && stats->second.adopted == epoch;
  });
}

inline bool wait_for_owners(Observed& observed, const std::string& names) {
  const bool reached = eventually([&] { return observed.owners() == names; });
  EXPECT_TRUE(reached) << "owners are '" << observed.owners() << "', expected '" << names << "'";
  return reached;
}

/// `a` makes the ring, `b` joins it.
inline bool start_in_turn(Observed& a, Observed& b) {
  a.start_linked();
  if (!wait_for_owners(a, "a")) return false;
  b.start_linked();
  return wait_for_owners(a, "a b");
}

}  // namespace wscluster::registry
