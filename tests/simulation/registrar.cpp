// SPDX-License-Identifier: MIT
#include "registrar.hpp"

#include <algorithm>

#include "process.hpp"
#include "registry/adoption.hpp"
#include "world.hpp"

namespace wscluster::simulation {
namespace {

using registry::Life;

const ring::Member* find_life(const ring::Document& document, const Life& life) {
  for (const ring::Member& member : document.members) {
    if (member.name == life.name && member.incarnation == life.incarnation) return &member;
  }
  return nullptr;
}

bool is_same(const registry::Snapshot& a, const registry::Snapshot& b) {
  return a.redis_up == b.redis_up && a.services == b.services &&
         std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
                    [](const auto& x, const auto& y) { return x.is_same_as(y); });
}

}  // namespace

Registrar::Registrar(World& world, Process& process, registry::Registration self)
    : world_(world),
      process_(process),
      self_(std::move(self)),
      trust_({self_.name, self_.incarnation}, world.heartbeat(), world.lease()) {
  for (const std::string& service : self_.services)
    services_[service];
}

/// One command and its answer. Whatever is away at its time loses the one or the other; the process learns it.
template <class R>
void Registrar::call(std::uint64_t& connection, std::function<R(Redis&, TimePoint)> request,
                     std::function<void(const R*)> done) {
  struct Call {
    std::function<R(Redis&, TimePoint)> request;
    std::function<void(const R*)> done;
    std::optional<R> result;
  };
  const auto call = std::make_shared<Call>(Call{std::move(request), std::move(done), {}});
  Agenda& agenda = world_.agenda();
  const auto fail = [this, call, &agenda](TimePoint sent_at) {
    // Half the time the connection is refused, half the time nothing is heard.
    const TimePoint at = process_.random().chance(2) ? agenda.now() : sent_at + world_.lease() / 3;
    agenda.at(at, [this, call] { process_.when_running([call] { call->done(nullptr); }); });
  };
  const TimePoint sent_at = agenda.now();
  if (std::exchange(connection, world_.redis_connection()) != world_.redis_connection()) return fail(sent_at);
  agenda.in(process_.random().micros(50, 900), [this, call, fail, sent_at, &agenda] {
    if (!world_.reaches_redis(process_)) return fail(sent_at);
    call->result = call->request(world_.redis(), agenda.now());
    agenda.in(process_.random().micros(50, 900), [this, call, fail, sent_at] {
      if (!world_.reaches_redis(process_) || world_.loses_reply(process_)) return fail(sent_at);
      process_.when_running([call] { call->done(&*call->result); });
    });
  });
}

// For registrar_changes.cpp.
template void Registrar::call(std::uint64_t&, std::function<Outcome(Redis&, TimePoint)>,
                              std::function<void(const Outcome*)>);

bool Registrar::is_suspended(TimePoint now) {
  return world_.trusts_itself_always() ? false : trust_.is_suspended(now);
}

// ---- the lease

void Registrar::start() {
  beat();
}

void Registrar::start_settled(const RedisData& data) {
  const TimePoint now = world_.agenda().now();
  trust_.renewal_sent(now);
  trust_.renewal_succeeded(now, now);
  trust_.documents_read(now, trust_.renewals());
  has_lease_ = is_up_ = was_up_ = true;
  lease_connection_ = directory_connection_ = world_.redis_connection();
  read(data);
  publish();
  next_beat(process_.random().micros(1'000, static_cast<std::uint64_t>(world_.heartbeat().count()) * 1000));
}

void Registrar::stop() {
  has_stopped_ = true;
  if (world_.reaches_redis(process_)) world_.redis().leave({self_.name, self_.incarnation});
}

void Registrar::next_beat(Clock::duration delay) {
  world_.agenda().in(delay, [this] {
    process_.when_running([this] {
      if (!has_stopped_) beat();
    });
  });
}

void Registrar::failed() {
  const TimePoint now = world_.agenda().now();
  trust_.redis_failed(now);
  // The others' renewals failed as well, and a word that was given keeps its giver from renewing for a while yet.
  if (has_lease_ && !world_.never_waits_to_remove()) may_remove_from_ = now + 2 * world_.lease();
  next_beat(world_.heartbeat() / 4);
}

void Registrar::beat() {
  next_beat_ = world_.agenda().now() + world_.heartbeat();
  call<bool>(
      lease_connection_, [](Redis&, TimePoint) { return true; },
      [this](const bool* answered) {
        if (answered == nullptr) return failed();
        const TimePoint now = world_.agenda().now();
        trust_.redis_answered(now);
        if (!trust_.may_renew(now, process_.every_core_ticked())) return next_beat(world_.heartbeat() / 4);
        renew();
      });
}

void Registrar::renew() {
  const TimePoint sent_at = world_.agenda().now();
  const TimePoint latest = sent_at + world_.lease() / 3;
  for (const auto& [name, service] : services_)
    if (service.held) stats.services[name].adopted = service.held->epoch;
  trust_.renewal_sent(sent_at);
  call<Redis::Beat>(
      lease_connection_,
      [self = self_, stats = stats, latest](Redis& redis, TimePoint now) {
        return redis.renew(now, self, stats, latest);
      },
      [this, sent_at](const Redis::Beat* beat) {
        if (beat == nullptr) return failed();
        const TimePoint now = world_.agenda().now();
        switch (beat->kind) {
          case Redis::Beat::Kind::renewed:
            process_.take_ticks();
            trust_.renewal_succeeded(now, sent_at);
            has_lease_ = true;
            next_beat(std::max<Clock::duration>(next_beat_ - now, {}));
            return wake();
          case Redis::Beat::Kind::late:
            return renew();
          case Redis::Beat::Kind::conflict:
            // An earlier life holds the name until its lease ends.
            if (has_lease_) trust_.lease_lost(now);
            return next_beat(std::min<Duration>(beat->holder_left + Duration(5), world_.heartbeat() / 4));
        }
      });
}

bool Registrar::give_word(TimePoint now, const Life& asker, const std::vector<std::string>& services) {
  if (!trust_.may_give_word(now, asker, services)) return false;
  trust_.word_given(now);
  return true;
}

// ---- documents

DocumentPtr Registrar::held(const std::string& service) const {
  const auto found = services_.find(service);
  return found == services_.end() ? nullptr : found->second.held;
}

void Registrar::offer(DocumentPtr document) {
  offers_.push_back(std::move(document));
  world_.agenda().in(process_.random().micros(10, 300), [this] {
    process_.when_running([this] {
      // Else a turn takes them, and they are shown with what Redis says of their changes.
      const bool is_alone = !is_turning_ && (!is_up_ || !has_lease_);
      if (is_alone && take_offers()) publish();
      wake();
    });
  });
}

bool Registrar::take_offers() {
  bool is_news = false;
  for (DocumentPtr& document : std::exchange(offers_, {})) {
    Service& service = services_[document->service];
    if (registry::compare(service.held.get(), *document) != registry::Standing::newer) continue;
    adopt(document->service, service, document);
    // Redis is asked again before anything is changed.
    service.is_current = false;
    is_news = true;
  }
  return is_news;
}

void Registrar::wake() {
  if (!has_lease_ || has_stopped_) return;
  is_dirty_ = true;
  if (!is_turning_) turn();
}

void Registrar::turn() {
  is_turning_ = true;
  is_dirty_ = false;
  take_offers();
  auto donors = std::exchange(donors_, {});
  auto receivers = std::exchange(receivers_, {});
  const auto request = [self = self_.name, donors, receivers](Redis& redis, TimePoint now) {
    for (const auto& [key, progress] : donors)
      redis.progress(now, key.first, key.second, self, &progress, nullptr);
    for (const auto& [key, progress] : receivers)
      redis.progress(now, key.first, key.second, self, nullptr, &progress);
    for (const auto& [name, row] : redis.data().services)
      if (!row.running.empty()) redis.evaluate(now, name);
    return redis.data();
  };
  call<RedisData>(directory_connection_, request,
                  [this, donors, receivers, renewals = trust_.renewals()](const RedisData* data) {
                    if (data == nullptr) {
                      take_offers();
                      donors_.insert(donors.begin(), donors.end());
                      receivers_.insert(receivers.begin(), receivers.end());
                      is_up_ = false;
                      publish();
                      is_turning_ = false;
                      return;
                    }
                    // Whoever holds a newer document than a Redis that has come back gets the time to say so.
                    if (!is_up_ && was_up_) may_change_from_ = world_.agenda().now() + 2 * world_.lease();
                    is_up_ = was_up_ = true;
                    read(*data);
                    trust_.documents_read(world_.agenda().now(), renewals);
                    publish();
                    if (!change_something()) end_turn();
                  });
}

/// The next one comes with a heartbeat, a hint, or when somebody missing is due.
void Registrar::end_turn() {
  is_turning_ = false;
  if (is_dirty_) return wake();
  TimePoint next = TimePoint::max();
  for (const auto& [name, service] : services_)
    next = std::min(next, next_removal(service));
  const TimePoint now = world_.agenda().now();
  if (next == TimePoint::max() || next > now + world_.heartbeat()) return;
  world_.agenda().at(std::max(next, now + Duration(1)), [this] { process_.when_running([this] { wake(); }); });
}

void Registrar::read(const RedisData& data) {
  contents_ = data;
  // Somebody was faster to put a document back than we were to notice that Redis had lost it.
  if (data.put_back_at) may_change_from_ = std::max(may_change_from_, *data.put_back_at + 2 * world_.lease());
  for (const auto& [name, row] : data.services)
    services_[name];
  for (auto& [name, service] : services_) {
    read_service(name, service, data);
    see_dead(service, data);
  }
}

void Registrar::read_service(const std::string& name, Service& service, const RedisData& data) {
  const auto found = data.services.find(name);
  if (found == data.services.end() || !found->second.head) {
    service.is_current = service.held == nullptr;
    const bool has_adopter = std::any_of(data.stats.begin(), data.stats.end(), [&](const auto& entry) {
      const auto own = entry.second.services.find(name);
      return own != entry.second.services.end() && own->second.adopted > 0;
    });
    if (has_adopter || service.held) {
      service.nobody_since = TimePoint::max();
    } else if (service.nobody_since == TimePoint::max()) {
      service.nobody_since = world_.agenda().now();
    }
    return;
  }
  const ServiceRow& row = found->second;
  service.nobody_since = TimePoint::max();
  const auto standing = registry::compare(service.held.get(), *row.head);
  if (standing == registry::Standing::newer) adopt(name, service, row.head);
  service.is_current = standing == registry::Standing::newer || standing == registry::Standing::same;
  if (!service.is_current) return;
  service.done_through = row.done;
  service.running.clear();
  for (const std::uint64_t epoch : row.running)
    service.running.push_back(row.changes.at(epoch));
  service.read_through = service.held->epoch;
  for (const auto& [epoch, past] : row.history)
    service.history[epoch] = past;
  repeat_reports(name, row);
}

/// Counters are written when they change; a Redis that went back has older ones, or none.
void Registrar::repeat_reports(const std::string& name, const ServiceRow& row) {
  if (world_.forgets_reports()) {
    std::erase_if(told_donors_, [&](const auto& entry) {
      const auto& [service, epoch] = entry.first;
      return service == name && epoch <= row.done && !row.running.contains(epoch);
    });
  }
  for (const std::uint64_t epoch : row.running) {
    const registry::Change& change = row.changes.at(epoch);
    const Key key{name, epoch};
    const auto donor = told_donors_.find(key);
    const auto written_donor = change.donors.find(self_.name);
    if (donor != told_donors_.end() &&
        (written_donor == change.donors.end() || !(written_donor->second == donor->second))) {
      is_dirty_ = donors_.try_emplace(key, donor->second).second || is_dirty_;
    }
    const auto receiver = told_receivers_.find(key);
    const auto written_receiver = change.receivers.find(self_.name);
    if (receiver != told_receivers_.end() &&
        (written_receiver == change.receivers.end() || !(written_receiver->second == receiver->second))) {
      is_dirty_ = receivers_.try_emplace(key, receiver->second).second || is_dirty_;
    }
  }
}

void Registrar::adopt(const std::string& name, Service& service, DocumentPtr document) {
  const Life self{self_.name, self_.incarnation};
  const ring::Member* before = service.held ? find_life(*service.held, self) : nullptr;
  // A leaving member that is taken for dead may still hold users.
  const bool was_empty = before != nullptr && before->weight == 0 && service.done_through >= service.held->epoch;
  service.is_member = find_life(*document, self) != nullptr;
  const bool has_left = before != nullptr && !service.is_member;
  service.was_member = service.was_member || has_left;
  service.held = std::move(document);
  Past& past = service.history[service.held->epoch];
  past.digest = service.held->digest;
  for (const ring::Member& member : service.held->members)
    past.members[member.name] = member.incarnation;
  world_.note(self_.name + " learns epoch " + std::to_string(service.held->epoch) + " of " + name);
  if (has_left && !was_empty) trust_.expelled();
  publish_memberships();
  if (has_left) process_.on_left(was_empty);
}

void Registrar::publish_memberships() {
  registry::Memberships memberships;
  for (const auto& [name, service] : services_) {
    if (!service.held) continue;
    for (const ring::Member& member : service.held->members)
      memberships[name].push_back({member.name, member.incarnation});
  }
  trust_.set_memberships(world_.agenda().now(), std::move(memberships));
}

void Registrar::see_dead(Service& service, const RedisData& data) {
  const TimePoint now = world_.agenda().now();
  std::set<Life> gone;
  if (service.is_current && service.held) {
    for (const ring::Member& member : service.held->members) {
      const auto lease = data.leases.find(member.name);
      const bool is_alive =
          lease != data.leases.end() && lease->second.holder == member.incarnation && lease->second.expiry > now;
      if (!is_alive) gone.insert({member.name, member.incarnation});
    }
  }
  service.sightings.see(now, gone);
}

void Registrar::publish() {
  if (has_stopped_ || process_.is_dead()) return;
  auto snapshot = std::make_shared<registry::Snapshot>();
  snapshot->redis_up = is_up_;
  const TimePoint now = world_.agenda().now();
  for (const auto& [name, registration] : contents_.members) {
    registry::MemberRecord record;
    record.registration = registration;
    const auto lease = contents_.leases.find(name);
    record.is_alive = lease != contents_.leases.end() && lease->second.expiry > now;
    snapshot->members.push_back(std::move(record));
  }
  for (const auto& [name, service] : services_) {
    if (service.held) snapshot->services[name] = {service.held, service.done_through, service.running};
  }
  if (published_ && is_same(*published_, *snapshot)) return;
  published_ = snapshot;
  process_.post_view(view_maker_.make(*snapshot), world_.next_generation());
}

}  // namespace wscluster::simulation
