// SPDX-License-Identifier: MIT
// What a process learns from the registry and its peers, and tells them.
#include <algorithm>

#include "base/log.hpp"
#include "front/process.hpp"
#include "front/unit.hpp"
#include "topology/donor_total.hpp"

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;

constexpr Duration report_interval = 100ms;

}  // namespace

/// On the registry's thread.
void Process::on_snapshot(std::shared_ptr<const registry::Snapshot> snapshot) {
  const std::shared_ptr<const cluster::View> view = view_maker_.make(*snapshot);
  const std::shared_ptr<const proxy::Table> table = table_maker_.make(*snapshot);
  const std::uint64_t generation = ++generation_;
  for (const auto& unit : units_) {
    unit->core.post([desk = unit->desk.get(), view, table, generation, snapshot] {
      desk->adopt(view, generation);
      desk->use_table(table);
      desk->use_instances(snapshot);
    });
  }
  core(0).post([this, view, generation, snapshot = std::move(snapshot)]() mutable {
    for (const std::string& alarm : snapshot->alarms) {
      const bool is_new =
          !snapshot_ || std::find(snapshot_->alarms.begin(), snapshot_->alarms.end(), alarm) == snapshot_->alarms.end();
      if (is_new) log::error("registry", "alarm", {{"err", alarm}});
    }
    if (snapshot_ && snapshot_->redis_up != snapshot->redis_up) {
      log::warning("registry",
                   snapshot->redis_up ? "Redis is back" : "Redis is away; routing goes on with the last ring", {});
    }
    for (const auto& [name, service] : view->services) {
      const cluster::ServiceView* before = view_ ? view_->service(name) : nullptr;
      if (before != nullptr && before->epoch() >= service->epoch()) continue;
      log::info("ring", "adopted an epoch",
                {{"service", name}, {"epoch", service->epoch()}, {"why", service->document->why}});
      hubs_[0]->share_document(*service->document);
      donors_since_.try_emplace({name, service->epoch()}, Clock::now());
    }
    snapshot_ = std::move(snapshot);
    view_ = view;
    view_generation_ = generation;
  });
}

void Process::on_peer_document(const link::Remote&, std::string_view service, std::uint64_t epoch,
                               std::string_view json) {
  const cluster::ServiceView* known = view_ ? view_->service(service) : nullptr;
  if (json.empty() || (known != nullptr && known->epoch() >= epoch)) return;
  auto document = ring::parse_document(json);
  if (!document) {
    log::warning("link", "a peer sent a bad document", {{"service", service}, {"err", document.error().message}});
    return;
  }
  agent_->offer_document(std::make_shared<const ring::Document>(std::move(*document)));
}

bool Process::on_word_asked(const link::Remote& peer) {
  if (!view_) return false;
  std::vector<std::string> services;
  for (const auto& [name, service] : view_->services) {
    if (service->has_member(peer.name, peer.incarnation)) services.push_back(name);
  }
  return agent_->give_word({peer.name, peer.incarnation}, services);
}

/// A question is its time, in milliseconds of our life: nothing to remember, and no word counts for a later question.
void Process::on_word_given(const link::Remote& peer, std::uint64_t question) {
  const TimePoint asked_at = started_ + Duration(question);
  if (question == 0 || asked_at > Clock::now()) return;
  agent_->word_received({peer.name, peer.incarnation}, asked_at);
}

void Process::on_peer_up(const link::Remote&, const std::map<std::string, std::uint64_t, std::less<>>& epochs) {
  if (!view_) return;
  for (const auto& [name, service] : view_->services) {
    const auto theirs = epochs.find(name);
    if (theirs == epochs.end() || theirs->second < service->epoch()) hubs_[0]->share_document(*service->document);
  }
}

/// Core 0.
void Process::tick(TimePoint now) {
  if (tls_watch_) tls_watch_->tick(now);
  watch_memory(now);
  if (now < next_report_) return;
  next_report_ = now + report_interval;
  for (const auto& unit : units_) {
    unit->core.post([this, desk = unit->desk.get()] {
      core(0).post([this, index = desk->core().index(), report = std::make_shared<CoreReport>(desk->report())] {
        on_report(index, std::move(*report));
      });
    });
  }
  if (agent_->wants_words()) {
    hubs_[0]->ask_for_words(static_cast<std::uint64_t>(std::chrono::floor<Duration>(now - started_).count()));
  }
  if (is_draining_) continue_drain(now);
}

void Process::on_report(unsigned core_index, CoreReport report) {
  for (auto& [service, part] : report.services) {
    for (auto& [epoch, received] : part.received) {
      registry::ReceiverProgress& progress = receivers_[{service, epoch}];
      progress.returned += received.returned;
      for (const Duration gap : received.gaps)
        progress.gaps.add(seconds(gap));
      agent_->report_receiver(service, epoch, progress);
    }
    part.received.clear();
  }
  reports_[core_index] = std::move(report);
  if (core_index + 1 == reports_.size()) tell_registry();
}

void Process::tell_registry() {
  registry::MemberStats stats;
  bool is_linked = true;
  std::map<std::pair<std::string, std::uint64_t>, topology::DonorTotal> donors;
  for (const CoreReport& report : reports_) {
    is_linked = is_linked && report.generation == view_generation_ && report.missing_links == 0;
    for (const auto& [name, service] : report.services) {
      stats.services[name].sessions += service.sessions;
      stats.services[name].misplaced += service.misplaced;
      for (const auto& [epoch, count] : service.donated)
        donors[{name, epoch}].add(count);
    }
  }
  for (const CoreReport& report : reports_) {
    for (const auto& [key, count] : report.closed_here) {
      if (const auto donor = donors.find(key); donor != donors.end()) donor->second.add(count);
    }
  }
  const TimePoint now = core(0).now();
  for (const auto& [key, total] : donors) {
    registry::DonorProgress sum = total.progress(reports_.size());
    sum.incarnation = identity_.incarnation;
    const auto since = donors_since_.try_emplace(key, now).first->second;
    registry::DonorProgress& told = donors_told_[key];
    if (!topology::is_news(told, sum)) continue;
    sum.seconds = seconds(now - since);
    told = sum;
    agent_->report_donor(key.first, key.second, sum);
  }
  std::erase_if(donors_since_, [&](const auto& entry) {
    const auto& [name, epoch] = entry.first;
    const cluster::ServiceView* service = view_ ? view_->service(name) : nullptr;
    const bool may_be_counted_yet = service != nullptr && epoch >= service->epoch();
    return !donors.contains(entry.first) && !may_be_counted_yet;
  });
  std::erase_if(donors_told_, [&](const auto& entry) { return !donors.contains(entry.first); });
  stats.state = "up";
  if (view_ && !role_.is_gateway) {
    const bool is_member = std::any_of(view_->services.begin(), view_->services.end(), [&](const auto& entry) {
      return entry.second->has_member(identity_.name, identity_.incarnation);
    });
    was_member_ = was_member_ || is_member;
    if (!is_member) stats.state = was_member_ ? "drained" : "joining";
  }
  if (is_draining_) stats.state = "draining";
  if (agent_->is_suspended(now) && !role_.is_gateway) stats.state = "suspended";
  stats.uptime_seconds = static_cast<std::uint64_t>(seconds(now - started_));
  agent_->set_stats(std::move(stats));
  agent_->set_linked(is_linked && view_generation_ > 0);
}

}  // namespace wscluster::front
