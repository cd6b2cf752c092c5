// SPDX-License-Identifier: MIT
#include "proxy/proxy.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "net/core.hpp"
#include "proxy/exchange.hpp"
#include "proxy/relay.hpp"
#include "ring/key.hpp"

namespace wscluster::proxy {
namespace {

constexpr Duration sweep_interval{100};
constexpr std::size_t max_check_bytes = 64U << 10U;

}  // namespace

Proxy::Proxy(net::Core& core, edge::Edge& edge, unsigned cores, std::uint64_t max_message_bytes)
    : core_(core),
      edge_(edge),
      cores_(cores),
      max_message_bytes_(max_message_bytes),
      pool_(core),
      checks_(core, max_check_bytes),
      jitter_(random_id()) {
  core.on_tick([this, weak = std::weak_ptr(alive_)](TimePoint now) {
    if (weak.lock()) tick(now);
  });
}

Proxy::~Proxy() = default;

void Proxy::adopt(std::shared_ptr<const Table> table) {
  table_ = std::move(table);
  for (const auto& [name, service] : *table_) {
    auto& group = groups_[name];
    if (!group) {
      group = std::make_shared<Group>();
      group->evictions = cluster::ClosePace(core_.now(), 1.0 / cores_);
    }
    if (group->balancer.service().epoch != service->epoch) group->changed_at = core_.now();
    group->balancer.adopt(service);
  }
  for (auto& [name, group] : groups_) {
    if (table_->contains(name)) continue;
    Service gone;
    gone.name = name;
    gone.options = group->balancer.service().options;
    group->balancer.adopt(std::make_shared<const Service>(std::move(gone)));
  }
  find_moved();
}

bool Proxy::knows(std::string_view service) const {
  return table_->find(service) != table_->end();
}

std::optional<Proxy::Owner> Proxy::owner_of(std::string_view service, std::string_view user) const {
  const auto found = groups_.find(service);
  if (found == groups_.end()) return std::nullopt;
  const Balancer& balancer = found->second->balancer;
  const Target* target = balancer.pick_for(ring::hash_uid(user, balancer.service().seed), core_.now());
  if (target == nullptr) return std::nullopt;
  return Owner{target->name, target->endpoint, balancer.service().epoch};
}

std::shared_ptr<Group> Proxy::group_of(std::string_view service) {
  const auto found = groups_.find(service);
  if (found != groups_.end()) return found->second;
  auto empty = std::make_shared<Group>();
  Service nothing;
  nothing.name = service;
  empty->balancer.adopt(std::make_shared<const Service>(std::move(nothing)));
  return empty;
}

void Proxy::request(const std::string& service, Call call) {
  const edge::ConnectionId id = call.id;
  auto group = group_of(service);
  ++group->counters.requests;
  auto exchange = std::make_shared<Exchange>(pool_, edge_, std::move(group), std::move(call));
  exchanges_[id] = exchange;
  exchange->start();
  if (exchange->is_over()) exchanges_.erase(id);
}

void Proxy::upgrade(const std::string& service, Call call) {
  const edge::ConnectionId id = call.id;
  auto relay = std::make_shared<Relay>(pool_, edge_, group_of(service), std::move(call), max_message_bytes_);
  relays_[id] = relay;
  relay->start();
  if (relay->is_over()) relays_.erase(id);
}

void Proxy::on_body(edge::ConnectionId id, std::string_view bytes, bool is_last) {
  if (const auto found = exchanges_.find(id); found != exchanges_.end()) found->second->on_body(bytes, is_last);
}

void Proxy::on_drained(edge::ConnectionId id) {
  if (const auto found = exchanges_.find(id); found != exchanges_.end()) found->second->on_drained();
}

void Proxy::on_message(edge::ConnectionId id, bool is_binary, std::string_view payload) {
  if (const auto found = relays_.find(id); found != relays_.end()) found->second->on_message(is_binary, payload);
}

void Proxy::on_written(edge::ConnectionId id) {
  if (const auto found = relays_.find(id); found != relays_.end()) found->second->on_written();
}

void Proxy::on_gone(edge::ConnectionId id, std::uint16_t code) {
  if (const auto exchange = exchanges_.extract(id); !exchange.empty()) return exchange.mapped()->abandon();
  const auto relay = relays_.extract(id);
  if (relay.empty()) return;
  if (relay.mapped()->is_misplaced()) note_settled(relay.mapped()->group());
  relay.mapped()->leave(code);
  if (!relay.mapped()->is_over()) leaving_.push_back(relay.mapped());
}

void Proxy::tick(TimePoint now) {
  evict(now);
  if (now < next_sweep_) return;
  next_sweep_ = now + sweep_interval;
  const auto tick_all = [now](const auto& entries) {
    for (const auto& [id, one] : entries) {
      if (!one->is_over()) one->tick(now);
    }
  };
  tick_all(exchanges_);
  tick_all(relays_);
  for (const auto& relay : leaving_)
    relay->tick(now);
  drop_finished();
  Duration keep_alive{0};
  for (const auto& [name, group] : groups_)
    keep_alive = std::max(keep_alive, group->balancer.service().options.keep_alive);
  pool_.sweep(now, keep_alive, [this](const std::string& key) {
    const Service* service = nullptr;
    const std::size_t slash = key.find('/');
    if (const auto found = table_->find(std::string_view(key).substr(0, slash)); found != table_->end())
      service = found->second.get();
    return service != nullptr && std::any_of(service->targets.begin(), service->targets.end(), [&](const Target& t) {
             return t.endpoint.to_string() == std::string_view(key).substr(slash + 1);
           });
  });
  check_health(now);
}

void Proxy::drop_finished() {
  const auto is_over = [](const auto& entry) { return entry.second->is_over(); };
  std::erase_if(exchanges_, is_over);
  std::erase_if(relays_, is_over);
  std::erase_if(leaving_, [](const auto& relay) { return relay->is_over(); });
}

/// Exactly those whose user belongs elsewhere.
void Proxy::find_moved() {
  moved_.clear();
  for (const auto& [id, relay] : relays_) {
    if (relay->is_open() && relay->is_misplaced()) moved_.push_back(id);
  }
}

void Proxy::evict(TimePoint now) {
  bool may_return = false;
  for (auto& [name, group] : groups_) {
    const Options& options = group->balancer.service().options;
    cluster::ChangePolicy policy;
    policy.rate = options.evict_rate;
    group->evictions.advance(now, &policy);
    may_return = may_return || options.unreachable == Unreachable::next;
  }
  // Where the next server on the ring stands in, an owner may come back at any time.
  if (may_return && moved_.empty() && now >= next_sweep_) find_moved();
  for (std::size_t left = moved_.size(); left > 0; --left) {
    const edge::ConnectionId id = moved_.front();
    moved_.pop_front();
    const auto found = relays_.find(id);
    if (found == relays_.end() || !found->second->is_misplaced()) continue;
    Group& group = found->second->group();
    if (!group.evictions.may_close()) {
      moved_.push_back(id);
      // Of one service alone there is nothing to be found behind it.
      if (groups_.size() == 1) break;
      continue;
    }
    if (found->second->evict(cluster::close_text(group.balancer.service().epoch, nullptr, jitter_))) {
      group.evictions.closed();
      note_settled(group);
    }
  }
}

/// One WebSocket of the service is misplaced no longer.
void Proxy::note_settled(Group& group) const {
  group.misplaced_times.observe(core_.now() - group.changed_at);
}

std::map<std::string, ServiceReport> Proxy::report() const {
  std::map<std::string, ServiceReport> all;
  for (const auto& [name, group] : groups_) {
    ServiceReport& report = all[name];
    report.counters = group->counters;
    report.misplaced_times = group->misplaced_times;
    report.servers = group->balancer.service().targets.size();
    report.ejected = group->balancer.ejected(core_.now());
    report.sick = group->balancer.sick();
    report.epoch = group->balancer.service().epoch;
  }
  for (const auto& [id, exchange] : exchanges_)
    all[exchange->group().balancer.service().name].requests += exchange->is_over() ? 0 : 1;
  for (const auto& [id, relay] : relays_) {
    ServiceReport& report = all[relay->group().balancer.service().name];
    report.websockets += relay->is_open() ? 1 : 0;
    report.misplaced += relay->is_open() && relay->is_misplaced() ? 1 : 0;
  }
  return all;
}

}  // namespace wscluster::proxy
