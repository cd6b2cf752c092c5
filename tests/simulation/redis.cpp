// SPDX-License-Identifier: MIT
#include "redis.hpp"

#include <algorithm>

namespace wscluster::simulation {
namespace {

/// As registry::max_planned_open; every writer keeps to the same bound here.
constexpr std::size_t most_open = ring::max_open_changes;

Past past_of(const ring::Document& document) {
  Past past{document.digest, {}};
  for (const ring::Member& member : document.members)
    past.members[member.name] = member.incarnation;
  return past;
}

}  // namespace

const char* to_string(Outcome outcome) noexcept {
  constexpr const char* words[] = {"written", "conflict", "lineage", "limit", "behind",
                                   "alive",   "majority", "history", "newer", "fork"};
  return words[static_cast<std::size_t>(outcome)];
}

const ServiceRow* Redis::service(const std::string& name) const {
  const auto found = data_.services.find(name);
  return found == data_.services.end() ? nullptr : &found->second;
}

bool Redis::is_alive(TimePoint now, const std::string& name, std::uint64_t incarnation) const {
  const auto found = data_.leases.find(name);
  return found != data_.leases.end() && found->second.holder == incarnation && found->second.expiry > now;
}

Redis::Beat Redis::renew(TimePoint now, const registry::Registration& self, const registry::MemberStats& stats,
                         TimePoint latest) {
  if (now > latest) return {Beat::Kind::late, now, {}};
  Lease& lease = data_.leases[self.name];
  if (lease.expiry > now && lease.holder != 0 && lease.holder != self.incarnation) {
    return {Beat::Kind::conflict, now, std::chrono::ceil<Duration>(lease.expiry - now)};
  }
  const bool is_new = lease.expiry <= now || lease.holder != self.incarnation;
  lease = {now + lease_, self.incarnation};
  data_.members[self.name] = self;
  data_.stats[self.name] = stats;
  if (is_new) ++data_.generation;
  return {Beat::Kind::renewed, now, {}};
}

void Redis::leave(const registry::Life& self) {
  const auto found = data_.leases.find(self.name);
  if (found == data_.leases.end() || found->second.holder != self.incarnation) return;
  data_.leases.erase(found);
  data_.members.erase(self.name);
  data_.stats.erase(self.name);
  ++data_.generation;
}

std::optional<Outcome> Redis::refusal(TimePoint now, const CommitRequest& request) const {
  const std::string& name = request.to->service;
  const ServiceRow* row = service(name);
  const std::uint64_t epoch = row == nullptr ? 0 : row->epoch();
  const bool is_head =
      request.from ? epoch == request.from->epoch && row->head->digest == request.from->digest : epoch == 0;
  if (!is_head) return Outcome::conflict;
  if (epoch > 0 && request.to->lineage != row->head->lineage) return Outcome::lineage;
  // A living process has adopted a newer one: what is here is not the newest, and nobody may go on from it.
  for (const auto& [member, lease] : data_.leases) {
    const auto stats = data_.stats.find(member);
    if (lease.expiry <= now || stats == data_.stats.end()) continue;
    const auto own = stats->second.services.find(name);
    if (own != stats->second.services.end() && own->second.adopted > epoch) return Outcome::behind;
  }
  if (request.to->open.size() > most_open) return Outcome::limit;
  return std::nullopt;
}

Outcome Redis::commit(TimePoint now, const CommitRequest& request) {
  if (const auto refused = refusal(now, request)) return *refused;
  write_epoch(now, request);
  return Outcome::written;
}

void Redis::write_epoch(TimePoint now, const CommitRequest& request) {
  ServiceRow& row = data_.services[request.to->service];
  const DocumentPtr before = row.head;
  if (request.to->epoch == 1) row = {};
  row.head = request.to;
  row.history[request.to->epoch] = past_of(*request.to);
  registry::Change change = request.change;
  change.state = registry::ChangeState::evicting;
  row.changes[request.to->epoch] = std::move(change);
  row.settling.erase(request.to->epoch);
  row.running.insert(request.to->epoch);
  ++data_.generation;
  if (observer) observer(before, row.head, request.change.action);
  evaluate(now, request.to->service);
}

std::uint64_t Redis::oldest_view(const ServiceRow& row, const std::string& service, const std::string& name,
                                 std::uint64_t incarnation) const {
  const auto lease = data_.leases.find(name);
  const auto stats = data_.stats.find(name);
  if (lease != data_.leases.end() && lease->second.holder == incarnation && stats != data_.stats.end()) {
    const auto own = stats->second.services.find(service);
    if (own != stats->second.services.end() && own->second.adopted > 0) return own->second.adopted;
  }
  std::uint64_t epoch = row.epoch();
  while (epoch > 1) {
    const auto earlier = row.history.find(epoch - 1);
    if (earlier == row.history.end()) break;
    const auto member = earlier->second.members.find(name);
    if (member == earlier->second.members.end() || member->second != incarnation) break;
    --epoch;
  }
  return epoch;
}

Outcome Redis::remove_dead(TimePoint now, const CommitRequest& request) {
  if (const auto refused = refusal(now, request)) return *refused;
  const ServiceRow& row = data_.services.at(request.to->service);
  const std::uint64_t last = row.epoch();
  const auto& current = row.history.at(last).members;
  const Past next = past_of(*request.to);
  std::uint64_t lowest = last;
  for (const auto& [name, incarnation] : current) {
    const auto lease = data_.leases.find(name);
    const bool is_holder = lease != data_.leases.end() && lease->second.holder == incarnation;
    if (!next.members.contains(name) && is_holder && now - lease->second.expiry < heartbeat_) return Outcome::alive;
    if (is_alive(now, name, incarnation)) continue;
    lowest = std::min(lowest, oldest_view(row, request.to->service, name, incarnation));
  }
  for (std::uint64_t epoch = lowest; epoch <= last; ++epoch) {
    const auto past = row.history.find(epoch);
    if (past == row.history.end()) return Outcome::history;
    std::size_t missing = 0;
    for (const auto& [name, incarnation] : past->second.members) {
      // Who has left and lives, or has given its lease back, gives nobody its word.
      const auto lease = data_.leases.find(name);
      const bool is_known = lease != data_.leases.end();
      if (is_known && !is_alive(now, name, incarnation)) ++missing;
      if (!is_known && current.contains(name)) ++missing;
    }
    if (missing * 2 > past->second.members.size()) return Outcome::majority;
  }
  write_epoch(now, request);
  return Outcome::written;
}

void Redis::progress(TimePoint now, const std::string& service, std::uint64_t epoch, const std::string& name,
                     const registry::DonorProgress* donor, const registry::ReceiverProgress* receiver) {
  ServiceRow& row = data_.services[service];
  if (const auto found = row.changes.find(epoch); found != row.changes.end()) {
    if (donor != nullptr) found->second.donors[name] = *donor;
    if (receiver != nullptr) found->second.receivers[name] = *receiver;
  }
  evaluate(now, service);
}

void Redis::evaluate(TimePoint now, const std::string& service) {
  using registry::ChangeState;
  ServiceRow& row = data_.services[service];
  if (!row.head) return;
  const auto& current = row.history.at(row.epoch()).members;
  bool has_moved = false;
  for (const std::uint64_t epoch : std::vector<std::uint64_t>(row.running.begin(), row.running.end())) {
    registry::Change& change = row.changes.at(epoch);
    const bool is_waiting =
        std::any_of(change.donors_expected.begin(), change.donors_expected.end(), [&](const registry::Donor& donor) {
          const auto member = current.find(donor.name);
          const auto told = change.donors.find(donor.name);
          return member != current.end() && member->second == donor.incarnation &&
                 (told == change.donors.end() || !told->second.done);
        });
    if (change.state == ChangeState::evicting && !is_waiting) {
      change.state = ChangeState::settling;
      row.settling[epoch] = now;
      has_moved = true;
    }
    const registry::DonorProgress total = change.donor_total();
    const bool is_closing = std::any_of(change.donors.begin(), change.donors.end(), [&](const auto& told) {
      const auto member = current.find(told.first);
      return member != current.end() && member->second == told.second.incarnation && told.second.closing > 0;
    });
    if (change.state == ChangeState::settling && is_closing) row.settling[epoch] = now;
    // Between who hands a session on and who closes it nobody tells of it for a moment.
    const bool is_counted =
        change.policy.evict != registry::Evict::all || total.planned <= total.moved + total.closed + total.gone;
    const bool is_back = is_counted && change.receiver_total().returned >= total.closed;
    const bool is_over = !is_closing && now - row.settling[epoch] >= change.policy.settle;
    if (change.state == ChangeState::settling && (is_back || is_over)) {
      change.state = ChangeState::done;
      has_moved = true;
    }
    if (change.state == ChangeState::done) row.running.erase(epoch);
  }
  while (row.done < row.epoch()) {
    const auto next = row.changes.find(row.done + 1);
    if (next == row.changes.end() || next->second.state == ChangeState::evicting) break;
    ++row.done;
    has_moved = true;
  }
  if (has_moved) ++data_.generation;
}

/// As put_back.lua: never over a newer epoch, another origin, or one that the history contradicts. Of changes up to
/// what is here, the records here stay, but those that the giver knows as final are ended; members without a lease get
/// one, because its holder still counts on the lost one.
Outcome Redis::put_back(TimePoint now, const PutBackRequest& request) {
  const ring::Document& document = *request.document;
  ServiceRow& row = data_.services[document.service];
  const std::uint64_t here = row.epoch();
  if (here > 0) {
    if (row.head->lineage != document.lineage) return Outcome::lineage;
    if (here > document.epoch) return Outcome::newer;
    if (here == document.epoch) return row.head->digest == document.digest ? Outcome::written : Outcome::fork;
    const auto known = request.history.find(here);
    if (known != request.history.end() && known->second.digest != row.head->digest) return Outcome::fork;
  }
  for (const auto& [epoch, past] : request.history)
    row.history[epoch] = past;
  row.history[document.epoch] = past_of(document);
  row.head = request.document;
  std::set<std::uint64_t> running;
  for (const registry::Change& change : request.changes) {
    const bool is_running = change.state != registry::ChangeState::done;
    if (is_running) running.insert(change.to_epoch);
    if (change.to_epoch <= here && row.changes.contains(change.to_epoch)) continue;
    row.changes[change.to_epoch] = change;
    if (is_running) row.running.insert(change.to_epoch);
    if (change.state == registry::ChangeState::settling) row.settling[change.to_epoch] = now;
  }
  std::erase_if(row.running, [&](std::uint64_t epoch) {
    const bool is_final = epoch <= request.read_through && !running.contains(epoch);
    if (is_final) row.changes.at(epoch).state = registry::ChangeState::done;
    return is_final;
  });
  row.done = std::max(row.done, request.done);
  for (const ring::Member& member : document.members) {
    Lease& lease = data_.leases[member.name];
    if (lease.expiry <= now) lease = {now + lease_, member.incarnation};
  }
  data_.generation += 1000;
  data_.put_back_at = now;
  evaluate(now, document.service);
  return Outcome::written;
}

bool Redis::roll_back() {
  if (!saved_) return false;
  data_ = *saved_;
  return true;
}

void Redis::flush() {
  data_ = {};
}

}  // namespace wscluster::simulation
