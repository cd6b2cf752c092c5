// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "registry/change.hpp"
#include "registry/options.hpp"
#include "registry/snapshot.hpp"
#include "registry/store.hpp"

namespace wscluster::registry {

/// The registry as a command of the CLI uses it: no lease, no thread; connects when first needed and waits at most
/// options.timeout per call.
class Directory {
 public:
  explicit Directory(const Options& options) : options_(options), store_(options) {}

  /// Everything, with stats of this moment. Alarms: entries that cannot be read.
  [[nodiscard]] Result<Snapshot> load();

  /// Writes the successor of `from` (null: epoch 1) if Redis still has exactly that; made with ring::next_document.
  /// `aborts`: the epoch whose change it takes back, else 0. Errors: conflict (changed meanwhile, or too many changes
  /// running; ExitCode::temp_fail).
  [[nodiscard]] Result<Change> commit(const ring::Document* from, const ring::Document& to, Action action,
                                      const std::string& node, const ChangePolicy& policy, const std::string& by,
                                      std::uint64_t aborts = 0);

  /// Of the last commit: it was written, but too few replicas have it. Or empty.
  [[nodiscard]] const std::string& warning() const noexcept { return warning_; }

  /// Errc::not_found for an epoch before the last 64.
  [[nodiscard]] Result<Change> load_change(const std::string& service, std::uint64_t epoch);
  /// The last ones, newest first.
  [[nodiscard]] Result<std::vector<Change>> load_changes(const std::string& service, std::size_t count);
  /// The members of the last 64 epochs.
  [[nodiscard]] Result<History> load_history(const std::string& service);
  /// Also moves a change on whose settle time has passed, so that watching works while no node is left.
  [[nodiscard]] Result<Change> watch_change(const std::string& service, std::uint64_t epoch);

  /// Repairs: see Store.
  [[nodiscard]] Result<> ask_repair(const RepairRequest& request);
  [[nodiscard]] Result<std::optional<RepairRequest>> load_repair(const std::string& service);
  [[nodiscard]] Result<> withdraw_repair(const std::string& service);

  [[nodiscard]] Result<ServerFacts> measure();
  /// As Store::check_server().
  [[nodiscard]] Result<> check_server();

  /// Names of all processes, for completion: one round trip.
  [[nodiscard]] Result<std::vector<std::string>> names();

 private:
  Options options_;
  Store store_;
  std::string warning_;
};

}  // namespace wscluster::registry
