// SPDX-License-Identifier: MIT
// What the directory thread makes of what it reads: adopt, put back, or stay on the last good document.
#include <algorithm>

#include "base/log.hpp"
#include "registry/adoption.hpp"
#include "registry/directory_loop.hpp"

namespace wscluster::registry {
namespace {

const ring::Member* find_life(const ring::Document& document, const Life& life) {
  for (const ring::Member& member : document.members) {
    if (member.name == life.name && member.incarnation == life.incarnation) return &member;
  }
  return nullptr;
}

/// Redis has lost some of what we told it. Times are left out: they are not exact in JSON.
bool is_behind(const Change& stored, const std::string& self, const Report& told) {
  if (told.donor) {
    const auto donor = stored.donors.find(self);
    if (donor == stored.donors.end()) return true;
    const DonorProgress& there = donor->second;
    if (there.done != told.donor->done || there.moved != told.donor->moved || there.closed != told.donor->closed ||
        there.planned != told.donor->planned || there.gone != told.donor->gone ||
        there.closing != told.donor->closing) {
      return true;
    }
  }
  if (!told.receiver) return false;
  const auto receiver = stored.receivers.find(self);
  return receiver == stored.receivers.end() || receiver->second.returned != told.receiver->returned;
}

}  // namespace

/// Whoever holds a newer document than a Redis that has come back, or went back, gets the time to say so.
void DirectoryLoop::hold_changes() {
  may_change_from_ = Clock::now() + 2 * options_.lease;
}

/// Somebody was faster to put a document back than we were to notice that Redis had lost it.
void DirectoryLoop::hold_changes_after_put_back() {
  if (contents_.put_back_ms == 0) return;
  const auto ago = Duration(static_cast<std::int64_t>(contents_.redis_ms - contents_.put_back_ms));
  may_change_from_ = std::max(may_change_from_, Clock::now() + 2 * options_.lease - ago);
}

Result<> DirectoryLoop::read_service(const std::string& name, Service& service) {
  const auto head = contents_.heads.find(name);
  if (head == contents_.heads.end()) return read_nothing(name, service);
  service.nobody_since = TimePoint::max();
  if (service.held && service.held->epoch == head->second.epoch && service.held->digest == head->second.digest) {
    service.is_current = true;
    service.alarm.reset();
  } else if (const auto read = read_document(name, service, head->second); !read) {
    return read;
  }
  return service.is_current ? read_changes(name, service) : Result<>();
}

Result<> DirectoryLoop::read_nothing(const std::string& name, Service& service) {
  service.is_current = service.held == nullptr;
  if (service.held) {
    service.alarm = Alarm{AlarmKind::rollback, "ring of " + name + ": Redis has lost it; epoch " +
                                                   std::to_string(service.held->epoch) + " is kept"};
    return put_back(name, service);
  }
  const bool has_adopter = std::any_of(contents_.members.begin(), contents_.members.end(), [&](const auto& member) {
    const auto stats = member.stats.services.find(name);
    return member.is_alive && stats != member.stats.services.end() && stats->second.adopted > 0;
  });
  if (has_adopter) {
    service.nobody_since = TimePoint::max();
  } else if (service.nobody_since == TimePoint::max()) {
    service.nobody_since = Clock::now();
  }
  return {};
}

Result<> DirectoryLoop::read_document(const std::string& name, Service& service, const Head& head) {
  service.is_current = false;
  auto document = store_.load_document(name);
  if (!document) {
    // A broken connection ends the turn; a document that cannot be read must not stop the other services.
    if (!store_.connection().is_open()) return document.error();
    service.alarm = Alarm{AlarmKind::unreadable, "ring of " + name + ": " + document.error().message};
    return {};
  }
  Standing standing = compare(service.held.get(), *document);
  if (standing == Standing::newer) {
    const std::uint64_t oldest = document->epoch > remembered_epochs ? document->epoch - remembered_epochs + 1 : 1;
    const bool follows = service.held && document->repaired <= service.held->epoch;
    auto history =
        store_.load_history_entries(name, follows ? std::max(oldest, service.held->epoch) : oldest, document->epoch);
    if (!history) return history.error();
    const auto ours = service.held ? history->find(service.held->epoch) : history->end();
    standing =
        compare(service.held.get(), *document, ours == history->end() ? std::string_view() : digest_in(ours->second));
    if (standing == Standing::newer) {
      adopt(name, service, std::make_shared<const ring::Document>(std::move(*document)), std::move(*history));
    }
  }
  if (standing == Standing::older) {
    service.alarm = describe(standing, *service.held, *document, "Redis");
    return put_back(name, service);
  }
  if (standing != Standing::newer && standing != Standing::same) {
    service.alarm = describe(standing, *service.held, *document, "Redis");
    hold_changes();
    return {};
  }
  service.alarm.reset();
  service.is_current = true;
  // Written between our two looks: the rest of what was read is a little older.
  if (service.held->epoch != head.epoch) is_dirty_ = true;
  return {};
}

Result<> DirectoryLoop::read_changes(const std::string& name, Service& service) {
  Heritage& heritage = service.heritage;
  const auto done = contents_.done.find(name);
  heritage.done_through = done == contents_.done.end() ? 0 : done->second;
  auto running = store_.load_running(name);
  if (!running) return running.error();
  heritage.running = std::move(*running);
  heritage.read_through = service.held->epoch;
  repeat_reports(name, service);
  return {};
}

/// Counters are written when they change; a Redis that went back has older ones, or none. Also of changes that were
/// final: whoever put the document back may not have known it, and then they wait for us again.
void DirectoryLoop::repeat_reports(const std::string& name, const Service& service) {
  for (const Change& change : service.heritage.running) {
    const auto told = told_.find({name, change.to_epoch});
    if (told != told_.end() && is_behind(change, self_.name, told->second))
      reports_.try_emplace(told->first, told->second);
  }
  std::erase_if(told_, [&](const auto& entry) {
    const auto& [service_name, epoch] = entry.first;
    const bool is_old = service_name == name && epoch + remembered_epochs <= service.held->epoch;
    return is_old && service.heritage.is_final(epoch);
  });
}

Result<> DirectoryLoop::put_back(const std::string& name, Service& service) {
  using Kind = PutBackOutcome::Kind;
  hold_changes();
  const auto outcome = store_.put_back(*service.held, service.heritage, ring_of(name));
  if (!outcome) return outcome.error();
  const std::string ring =
      "ring of " + name + ": epoch " + std::to_string(service.held->epoch) + " is kept; Redis has ";
  switch (outcome->kind) {
    case Kind::restored:
      ++put_backs_;
      warn_of_replicas(outcome->warning);
      log::warning("registry", "put the ring back into Redis",
                   {{"service", name}, {"epoch", service.held->epoch}, {"had", outcome->epoch}});
      [[fallthrough]];
    case Kind::same:
    case Kind::newer:
      service.alarm.reset();
      is_dirty_ = true;
      break;
    case Kind::fork:
      service.alarm = Alarm{AlarmKind::fork, ring + "another document as epoch " + std::to_string(outcome->epoch) +
                                                 "; decide with 'ring repair --from NODE'"};
      break;
    case Kind::lineage:
      service.alarm =
          Alarm{AlarmKind::lineage, ring + "a ring of another origin; decide with 'ring repair --from NODE'"};
      break;
  }
  return {};
}

void DirectoryLoop::adopt(const std::string& name, Service& service, std::shared_ptr<const ring::Document> document,
                          HistoryEntries history) {
  const Life self{self_.name, self_.incarnation};
  const ring::Member* before = service.held ? find_life(*service.held, self) : nullptr;
  // A leaving member that was taken for dead may still hold users: only when its changes are done it is empty.
  const bool was_empty =
      before != nullptr && before->weight == 0 && service.heritage.done_through >= service.held->epoch;
  // Another seed computes other owners and other connection ids: nothing that is here can stay.
  const bool is_replaced = service.held && service.held->lineage != document->lineage;
  const bool is_repaired = service.held && document->repaired > service.held->epoch;
  service.is_member = find_life(*document, self) != nullptr;
  const bool left = is_replaced || (before != nullptr && !service.is_member);
  if (left) service.was_member = true;
  service.held = std::move(document);
  if (is_repaired) {
    // Numbers of epochs that the other side of a fork has used, too.
    std::erase_if(told_, [&](const auto& entry) {
      return entry.first.first == name && service.heritage.is_final(entry.first.second);
    });
    service.heritage = {};
  }
  history[service.held->epoch] = history_entry(*service.held);
  service.heritage.history.merge(history);
  while (service.heritage.history.size() > remembered_epochs)
    service.heritage.history.erase(service.heritage.history.begin());
  log::info("registry", "adopted", {{"service", name}, {"epoch", service.held->epoch}, {"why", service.held->why}});
  {
    const std::lock_guard lock(board_.mutex);
    board_.adopted[name] = service.held;
    if (left && (is_replaced || !was_empty)) board_.trust.expelled();
  }
  publish_memberships();
  if (left) callbacks_.on_left(name, was_empty && !is_replaced);
}

}  // namespace wscluster::registry
