// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "auth/secret.hpp"
#include "base/error.hpp"
#include "net/core.hpp"
#include "websession/cache.hpp"
#include "websession/candidates.hpp"
#include "websession/options.hpp"
#include "websession/reader_thread.hpp"

namespace wscluster::websession {

/// Of one core since its start.
struct Counters {
  std::uint64_t hits = 0;  ///< answered from the cache
  std::uint64_t misses = 0;
  std::uint64_t found = 0;       ///< this and the following: how look-ups in Redis ended
  std::uint64_t nobody = 0;      ///< no such session, or nobody has logged in
  std::uint64_t expired = 0;     ///< a session that Redis still had
  std::uint64_t unreadable = 0;  ///< foreign, too large, or not as configured
  std::uint64_t timed_out = 0;
  std::uint64_t unavailable = 0;  ///< Redis is away
  std::uint64_t refused = 0;      ///< too many were waiting
};

/// Finds who is logged in over HTTP. Everything on its core, which never waits for it.
class CoreFinder {
 public:
  using User = std::optional<std::string>;
  /// A user; nobody (no session, an expired or an unreadable one: 401); or Errc::unavailable (503), whose message is
  /// for the client.
  using Done = std::function<void(const Result<User>&)>;

  /// All of them outlive it; it outlives the turns of the core. `share`: the cores that the limits are divided by.
  CoreFinder(net::Core& core, const Options& options, const auth::Secret& secret, const auth::Secret& digest_key,
             ReaderThread& thread, unsigned share);
  CoreFinder(const CoreFinder&) = delete;
  CoreFinder& operator=(const CoreFinder&) = delete;

  /// Calls `done` once on this core: within the time-out, or already inside this call.
  void find(const Inputs& inputs, Done done);

  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  struct Waiting {
    Done done;
    auth::Mac key;
    TimePoint deadline;
  };

  void tick(TimePoint now);
  void on_answer(std::uint64_t ticket, const Result<Reading>& answer);
  void count(Verdict verdict);
  void remember(const auth::Mac& key, const Reading& reading);

  net::Core& core_;
  const Options& options_;
  const auth::Secret& secret_;
  const auth::Secret& digest_key_;
  ReaderThread& thread_;
  std::size_t max_waiting_;
  Cache cache_;
  std::map<std::uint64_t, Waiting> waiting_;  ///< by ticket, which is by deadline
  std::uint64_t last_ticket_ = 0;
  Counters counters_;
};

}  // namespace wscluster::websession
