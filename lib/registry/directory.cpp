// SPDX-License-Identifier: MIT
#include "registry/directory.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

namespace wscluster::registry {

Result<Snapshot> Directory::load() {
  if (const auto open = store_.connection().open(); !open) return open.error();
  auto contents = store_.load();
  if (!contents) return contents.error();
  Snapshot snapshot;
  snapshot.redis_up = true;
  snapshot.members = std::move(contents->members);
  snapshot.alarms = std::move(contents->unreadable);
  for (const auto& [name, revision] : contents->instance_revisions) {
    auto stored = store_.load_instances(name);
    if (!stored) return stored.error();
    snapshot.upstreams[name] = std::make_shared<const upstream::UpstreamState>(std::move(stored->state));
    std::move(stored->unreadable.begin(), stored->unreadable.end(), std::back_inserter(snapshot.alarms));
  }
  for (const auto& [name, head] : contents->heads) {
    ServiceState& service = snapshot.services[name];
    auto document = store_.load_document(name);
    if (!document && !store_.connection().is_open()) return document.error();
    if (document) {
      service.document = std::make_shared<const ring::Document>(std::move(*document));
    } else {
      snapshot.alarms.push_back("ring of " + name + ": " + document.error().message);
    }
    if (const auto done = contents->done.find(name); done != contents->done.end()) service.done_through = done->second;
    auto running = store_.load_running(name);
    if (!running) return running.error();
    service.running = std::move(*running);
  }
  return snapshot;
}

Result<Change> Directory::commit(const ring::Document* from, const ring::Document& to, Action action,
                                 const std::string& node, const ChangePolicy& policy, const std::string& by,
                                 std::uint64_t aborts) {
  if (const auto open = store_.connection().open(); !open) return open.error();
  Change change = describe_change(from, to, action, node, policy, by);
  change.aborts = aborts;
  const auto outcome = store_.commit(from, to, change);
  if (!outcome) return outcome.error();
  if (const auto written = to_result(*outcome); !written) return written.error();
  warning_ = outcome->warning;
  return store_.load_change(to.service, to.epoch);
}

Result<Change> Directory::load_change(const std::string& service, std::uint64_t epoch) {
  if (const auto open = store_.connection().open(); !open) return open.error();
  return store_.load_change(service, epoch);
}

Result<std::vector<Change>> Directory::load_changes(const std::string& service, std::size_t count) {
  if (const auto open = store_.connection().open(); !open) return open.error();
  return store_.load_changes(service, count);
}

Result<History> Directory::load_history(const std::string& service) {
  if (const auto open = store_.connection().open(); !open) return open.error();
  return store_.load_history(service);
}

Result<> Directory::ask_repair(const RepairRequest& request) {
  if (const auto open = store_.connection().open(); !open) return open.error();
  return store_.ask_repair(request);
}

Result<std::optional<RepairRequest>> Directory::load_repair(const std::string& service) {
  if (const auto open = store_.connection().open(); !open) return open.error();
  return store_.load_repair(service);
}

Result<> Directory::withdraw_repair(const std::string& service) {
  if (const auto open = store_.connection().open(); !open) return open.error();
  return store_.withdraw_repair(service);
}

Result<ServerFacts> Directory::measure() {
  if (const auto open = store_.connection().open(); !open) return open.error();
  return store_.measure();
}

Result<> Directory::check_server() {
  if (const auto open = store_.connection().open(); !open) return open.error();
  return store_.check_server();
}

Result<Change> Directory::watch_change(const std::string& service, std::uint64_t epoch) {
  if (const auto open = store_.connection().open(); !open) return open.error();
  if (const auto done = store_.progress(service, {}); !done) return done.error();
  return store_.load_change(service, epoch);
}

Result<std::vector<std::string>> Directory::names() {
  // The shell waits for it.
  Store quick(options_, std::min(options_.timeout, Duration(250)));
  if (const auto open = quick.connection().open(); !open) return open.error();
  return quick.load_names();
}

}  // namespace wscluster::registry
