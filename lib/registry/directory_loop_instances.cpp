// SPDX-License-Identifier: MIT
// What the directory thread does for instances of upstream services: calls, leases, and putting back what Redis lost.
#include <algorithm>

#include "base/log.hpp"
#include "registry/directory_loop.hpp"
#include "upstream/rules.hpp"

namespace wscluster::registry {
namespace {

/// Lost compare-and-sets in a row before a caller is told to try later.
constexpr int most_attempts = 8;
/// Of an instance's lease, how often one of our configuration is renewed.
constexpr int renewals_per_lease = 3;

/// An answer of the registry, not a failure to reach it.
bool is_verdict(const Error& cause) {
  return cause.code == Errc::not_found || cause.code == Errc::conflict || cause.code == Errc::invalid;
}

}  // namespace

/// Nodes say in their registration what they serve; a ring that is not of instances is one of nodes.
bool DirectoryLoop::belongs_to_nodes(const std::string& service) const {
  const bool is_registered = std::any_of(contents_.members.begin(), contents_.members.end(), [&](const auto& member) {
    const auto& names = member.registration.services;
    return std::find(names.begin(), names.end(), service) != names.end();
  });
  return is_registered || (contents_.heads.contains(service) && !upstreams_.contains(service));
}

InstanceAnswer DirectoryLoop::carry_out(const InstanceCall& call) {
  const auto& [service, id] = std::tie(call.instance.service, call.instance.id);
  if (call.kind == InstanceCall::Kind::renew) return store_.renew_instance(service, id, call.dirty_ms);
  if (call.kind == InstanceCall::Kind::enroll && belongs_to_nodes(service)) {
    return error(Errc::conflict, "'" + service + "' is a service of wscluster nodes; register under another name");
  }
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    const auto stored = store_.load_instance(service, id);
    if (!stored) return stored.error();
    const upstream::Instance* known = stored->instance ? &*stored->instance : nullptr;
    auto next = apply(call, known, stored->redis_ms);
    if (!next) return next;
    if (const auto good = upstream::check_instance(*next); !good) return good.error();
    InstanceLease lease;
    if (call.kind == InstanceCall::Kind::enroll) lease.length = next->lease;
    if (call.kind == InstanceCall::Kind::cancel) lease.length = Duration(0);
    const auto written = store_.write_instance(service, id, stored->text, &*next, lease);
    if (!written) return written.error();
    if (!*written) continue;
    if (known == nullptr || *known != *next) is_dirty_ = true;
    return next;
  }
  return error(Errc::unavailable, "instance '" + id + "' of " + service + " is changed by many at once; try again");
}

/// What is known goes on while Redis cannot be asked: who is told 404 would only register in vain.
InstanceAnswer DirectoryLoop::answer_from_memory(const InstanceCall& call) const {
  const auto& [service, id] = std::tie(call.instance.service, call.instance.id);
  const auto found = upstreams_.find(service);
  const upstream::Instance* known = found == upstreams_.end() ? nullptr : found->second.state->find(id);
  if (call.kind == InstanceCall::Kind::renew &&
      upstream::check_renewal(known, call.dirty_ms) == upstream::Renewal::renewed) {
    return *known;
  }
  return error(Errc::unavailable, "Redis is away: nothing is registered or changed until it is back");
}

Result<> DirectoryLoop::run_instance_calls() {
  while (!instance_calls_.empty()) {
    const InstanceCall call = std::move(instance_calls_.front());
    instance_calls_.pop_front();
    InstanceAnswer answer = carry_out(call);
    const bool is_answer = answer || is_verdict(answer.error());
    answers_.emplace_back(call.callback, is_answer ? answer : answer_from_memory(call));
    if (!is_answer && !store_.connection().is_open()) return answer.error();
  }
  return {};
}

void DirectoryLoop::answer_all_from_memory() {
  for (const InstanceCall& call : std::exchange(instance_calls_, {}))
    answers_.emplace_back(call.callback, answer_from_memory(call));
}

/// After the snapshot, so that who has registered finds itself in it.
void DirectoryLoop::give_answers() {
  for (auto& [callback, answer] : std::exchange(answers_, {})) {
    if (callback) callback(std::move(answer));
  }
}

void DirectoryLoop::take_kept(std::vector<upstream::Instance> instances,
                              const std::map<std::pair<std::string, std::string>, upstream::Status>& health) {
  for (upstream::Instance& instance : instances) {
    const std::pair key(instance.service, instance.id);
    kept_[key] = {std::move(instance)};
  }
  for (const auto& [key, status] : health) {
    const auto kept = kept_.find(key);
    if (kept == kept_.end() || kept->second.instance.status == status) continue;
    kept->second.instance.status = status;
    kept->second.is_told = false;
    kept->second.next_renewal = {};
  }
}

/// Those of our configuration.
Result<> DirectoryLoop::keep_instances() {
  const TimePoint now = Clock::now();
  for (auto& [key, kept] : kept_) {
    if (now < kept.next_renewal) continue;
    InstanceCall call{.kind = InstanceCall::Kind::renew, .instance = kept.instance};
    InstanceAnswer answer = error(Errc::not_found, {});
    if (kept.is_told) answer = carry_out(call);
    if (!answer && answer.error().code == Errc::not_found) {
      call.kind = InstanceCall::Kind::enroll;
      answer = carry_out(call);
    }
    if (!answer && !is_verdict(answer.error())) return answer.error();
    if (!answer && std::exchange(kept.refusal, answer.error().message) != answer.error().message) {
      log::error("registry", "an instance of the configuration was not registered",
                 {{"service", key.first}, {"instance", key.second}, {"err", answer.error().message}});
    }
    kept.is_told = answer.has_value();
    kept.next_renewal = now + kept.instance.lease / renewals_per_lease;
  }
  return {};
}

Result<> DirectoryLoop::read_upstreams() {
  for (const auto& [name, revision] : contents_.instance_revisions)
    upstreams_[name];
  for (auto& [name, upstream] : upstreams_) {
    services_[name];
    const auto found = contents_.instance_revisions.find(name);
    const std::uint64_t revision = found == contents_.instance_revisions.end() ? 0 : found->second;
    if (revision == upstream.revision) continue;
    // Gateways put back what is lost; the others go on with what they know.
    if (revision < upstream.revision && self_.role != Role::gateway) continue;
    auto stored = store_.load_instances(name);
    if (!stored) return stored.error();
    if (stored->revision < upstream.revision) {
      if (const auto put = put_back_instances(name, upstream, *stored); !put) return put;
      stored = store_.load_instances(name);
      if (!stored) return stored.error();
    }
    upstream.revision = stored->revision;
    upstream.texts = std::move(stored->texts);
    upstream.unreadable = std::move(stored->unreadable);
    upstream.state = std::make_shared<const upstream::UpstreamState>(std::move(stored->state));
  }
  return {};
}

Result<> DirectoryLoop::put_back_instances(const std::string& name, const Upstream& held,
                                           const StoredInstances& stored) {
  hold_changes();
  const auto find_theirs = [&](const std::string& id) -> const upstream::Instance* {
    if (const auto* instance = stored.state.find(id)) return instance;
    const auto gone = stored.state.gone.find(id);
    return gone == stored.state.gone.end() ? nullptr : &gone->second;
  };
  for (const auto* part : {&held.state->instances, &held.state->gone}) {
    for (const auto& [id, ours] : *part) {
      const upstream::Instance* theirs = find_theirs(id);
      const upstream::Instance& next = theirs != nullptr && theirs->changed_ms >= ours.changed_ms ? *theirs : ours;
      const auto text = stored.texts.find(id);
      const bool is_there = next.action != upstream::Action::deleted;
      const auto written = store_.write_instance(name, id, text == stored.texts.end() ? std::string() : text->second,
                                                 &next, {.length = is_there ? next.lease : Duration(0)});
      if (!written) return written.error();
    }
  }
  log::warning("registry", "put instances back into Redis",
               {{"service", name}, {"instances", held.state->instances.size()}});
  return store_.raise_revision(name, held.revision + 1);
}

Result<> DirectoryLoop::expire_instances() {
  const TimePoint now = Clock::now();
  if (self_.role != Role::gateway || upstreams_.empty() || now < std::max(next_expiry_, may_change_from_)) return {};
  next_expiry_ = now + options_.heartbeat;
  auto leases = store_.load_ended_leases();
  if (!leases) return leases.error();
  if (const auto forgotten = forget_gone(leases->redis_ms); !forgotten) return forgotten;

  std::map<std::pair<std::string, std::string>, std::uint64_t> seen_ends;
  const auto find = [&](const upstream::EndedLease& lease) -> const upstream::Instance* {
    const auto found = upstreams_.find(lease.service);
    return found == upstreams_.end() ? nullptr : found->second.state->find(lease.id);
  };
  std::erase_if(leases->ended, [&](upstream::EndedLease& lease) {
    const upstream::Instance* instance = find(lease);
    if (instance == nullptr) return true;
    seen_ends[{lease.service, lease.id}] = lease.end_ms;
    // While Redis was away nobody could renew.
    lease.end_ms = std::max(lease.end_ms, connected_ms_ + static_cast<std::uint64_t>(instance->lease.count()));
    return lease.end_ms > leases->redis_ms;
  });
  const auto due = upstream::due_to_leave(std::move(leases->ended), leases->all, leases->redis_ms,
                                          [&](const upstream::EndedLease& lease) { return find(lease)->lease; });
  for (const upstream::EndedLease& lease : due) {
    const upstream::Instance left = upstream::cancelled(*find(lease), leases->redis_ms);
    const auto written =
        store_.write_instance(lease.service, lease.id, upstreams_[lease.service].texts[lease.id], &left,
                              {.length = Duration(0), .seen_end_ms = seen_ends[{lease.service, lease.id}]});
    if (!written) return written.error();
    is_dirty_ = true;
    if (!*written) continue;
    ++instances_expired_;
    log::warning("registry", "the lease of an instance ended", {{"service", lease.service}, {"instance", lease.id}});
  }
  return {};
}

/// Readers of changes have had the time to see that they left.
Result<> DirectoryLoop::forget_gone(std::uint64_t now_ms) {
  for (const auto& [name, upstream] : upstreams_) {
    for (const auto& [id, instance] : upstream.state->gone) {
      const auto end = instance.changed_ms + static_cast<std::uint64_t>(upstream::change_retention.count());
      const auto text = upstream.texts.find(id);
      if (end > now_ms || text == upstream.texts.end()) continue;
      if (const auto written = store_.write_instance(name, id, text->second, nullptr, {}); !written) {
        return written.error();
      }
      is_dirty_ = true;
    }
  }
  return {};
}

}  // namespace wscluster::registry
