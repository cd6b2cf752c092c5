// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "registry/alarm.hpp"
#include "registry/change.hpp"
#include "registry/instance_call.hpp"
#include "registry/registration.hpp"
#include "registry/store.hpp"
#include "registry/trust.hpp"

namespace wscluster::registry {

/// An eventfd: wakes a thread out of poll(2).
class Wake {
 public:
  Wake();
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  /// Any thread.
  void signal() noexcept;
  /// The waiting thread: false at the deadline.
  bool wait_until(TimePoint deadline) noexcept;
  void clear() noexcept;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

/// Counters waiting to be written; the newest replaces an older one.
struct Report {
  std::optional<DonorProgress> donor;
  std::optional<ReceiverProgress> receiver;
};

/// What the two threads of an Agent and the cores tell each other. Owned by the Agent; outlives both threads.
class Board {
 public:
  Board(Life self, Duration heartbeat, Duration lease, unsigned cores);

  std::mutex mutex;
  // Guarded by mutex:
  Trust trust;
  MemberStats stats;
  std::map<std::string, std::shared_ptr<const ring::Document>> adopted;
  std::optional<Beat> beat;  ///< the newest answer, until the directory thread takes it
  std::map<std::pair<std::string, std::uint64_t>, Report> reports;
  std::vector<std::shared_ptr<const ring::Document>> offers;
  std::optional<ChangePolicy> leaving;
  std::vector<InstanceCall> instance_calls;
  std::vector<upstream::Instance> kept_instances;
  std::map<std::pair<std::string, std::string>, upstream::Status> kept_health;  ///< service, id
  std::vector<Alarm> alarms;         ///< all that are up, for the next heartbeat
  std::optional<Alarm> lease_alarm;  ///< why Redis refuses the renewal
  bool has_renewal_failed = false;   ///< since the directory thread looked last
  bool is_linked = false;
  bool is_name_taken = false;
  std::string registration_json;  ///< constant once the threads run

  // Any thread, without the mutex:
  std::atomic<bool> stopping{false};
  std::atomic<bool> keep_lease{false};
  Wake lease_wake;
  Wake directory_wake;

  /// Caller holds the mutex: lets the cores see what Trust says now.
  void publish_trust(TimePoint now);
  [[nodiscard]] TimePoint valid_until() const noexcept {
    return TimePoint(Clock::duration(valid_until_.load(std::memory_order_acquire)));
  }
  [[nodiscard]] bool wants_words() const noexcept { return wants_words_.load(std::memory_order_relaxed); }

  void core_ticked(unsigned core) noexcept;
  /// Has every core ticked since the last take_ticks()?
  [[nodiscard]] bool every_core_ticked() const noexcept;
  void take_ticks() noexcept;

 private:
  std::atomic<Clock::rep> valid_until_;
  std::atomic<bool> wants_words_{false};
  std::vector<std::atomic<bool>> ticked_;
};

}  // namespace wscluster::registry
