// SPDX-License-Identifier: MIT
#include "registry/directory_loop.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "registry/adoption.hpp"

namespace wscluster::registry {
namespace {

const ring::Member* find_life(const ring::Document& document, const Life& life) {
  for (const ring::Member& member : document.members) {
    if (member.name == life.name && member.incarnation == life.incarnation) return &member;
  }
  return nullptr;
}

bool is_same(const Snapshot& a, const Snapshot& b) {
  return a.redis_up == b.redis_up && a.alarms == b.alarms && a.services == b.services &&
         std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
                    [](const MemberRecord& x, const MemberRecord& y) { return x.is_same_as(y); });
}

}  // namespace

DirectoryLoop::DirectoryLoop(const Options& options, const Registration& self, Board& board, const Callbacks& callbacks)
    : options_(options), self_(self), board_(board), callbacks_(callbacks), store_(options), hints_(options) {
  for (const std::string& service : self.services)
    services_[service];
}

void DirectoryLoop::run() {
  while (!board_.stopping)
    turn();
}

void DirectoryLoop::turn() {
  take_inbox();
  take_offers();
  if (!connect()) {
    publish();
    board_.directory_wake.wait_until(Clock::now() + std::min(options_.heartbeat, Duration(250)));
    return;
  }
  Result<> good = write_reports();
  const TimePoint now = Clock::now();
  for (const auto& [name, service] : services_) {
    if (next_removal(service) <= now) is_dirty_ = true;
  }
  if (good && is_dirty_) good = reload();
  if (good) good = change_rings();
  // What was changed is shown at once, not at the hint.
  if (good && is_dirty_) good = reload();
  if (!good) {
    disconnect(good.error());
    return;
  }
  publish();
  auto pushed = hints_.poll_push(pause(), board_.directory_wake.descriptor());
  while (pushed && *pushed) {
    is_dirty_ = true;
    pushed = hints_.poll_push(Duration(0), -1);
  }
  board_.directory_wake.clear();
  if (!pushed) disconnect(pushed.error());
}

bool DirectoryLoop::connect() {
  if (is_up_) return true;
  Result<> good = store_.connection().open();
  if (good) good = hints_.open();
  if (good) good = hints_.subscribe(store_.keys().events());
  if (!good) {
    store_.connection().close();
    hints_.close();
    log::debug("registry", "no connection to Redis", {{"err", good.error().message}});
    return false;
  }
  // Whoever holds a newer document than a Redis that has come back gets the time to say so.
  if (was_up_) may_change_from_ = Clock::now() + 2 * options_.lease;
  is_up_ = was_up_ = is_dirty_ = true;
  return true;
}

void DirectoryLoop::disconnect(const Error& cause) {
  store_.connection().close();
  hints_.close();
  is_up_ = false;
  log::warning("registry", "lost Redis, the last state is kept", {{"err", cause.message}});
}

void DirectoryLoop::take_inbox() {
  const std::lock_guard lock(board_.mutex);
  if (board_.beat) {
    if (!beat_ || !beat_->shows_same_as(*board_.beat) || board_.trust.must_read()) is_dirty_ = true;
    beat_ = std::move(board_.beat);
    board_.beat.reset();
  }
  for (auto& [key, report] : board_.reports) {
    Report& mine = reports_[key];
    if (report.donor) mine.donor = report.donor;
    if (report.receiver) mine.receiver = report.receiver;
  }
  board_.reports.clear();
  std::move(board_.offers.begin(), board_.offers.end(), std::back_inserter(offers_));
  board_.offers.clear();
  leaving_ = board_.leaving;
  is_linked_ = board_.is_linked;
  is_name_taken_ = board_.is_name_taken;
}

Result<> DirectoryLoop::write_reports() {
  while (!reports_.empty()) {
    const std::string name = reports_.begin()->first.first;
    std::vector<Store::Report> batch;
    auto end = reports_.begin();
    for (; end != reports_.end() && end->first.first == name; ++end) {
      const std::uint64_t epoch = end->first.second;
      if (end->second.donor) batch.push_back({epoch, "donor:" + self_.name, to_json(*end->second.donor)});
      if (end->second.receiver) batch.push_back({epoch, "receiver:" + self_.name, to_json(*end->second.receiver)});
    }
    const auto done = store_.progress(name, batch);
    if (!done) return done.error();
    reports_.erase(reports_.begin(), end);
    if (*done != services_[name].done_through) is_dirty_ = true;
  }
  const TimePoint now = Clock::now();
  if (now < next_evaluation_) return {};
  next_evaluation_ = now + options_.heartbeat;
  for (const auto& [name, service] : services_) {
    if (service.running.empty()) continue;
    if (const auto done = store_.progress(name, {}); !done) return done.error();
    is_dirty_ = true;
  }
  return {};
}

Result<> DirectoryLoop::reload() {
  is_dirty_ = false;
  const std::uint64_t renewals = [this] {
    const std::lock_guard lock(board_.mutex);
    return board_.trust.renewals();
  }();
  auto contents = store_.load();
  if (!contents) return contents.error();
  contents_ = std::move(*contents);
  for (const auto& [name, head] : contents_.heads)
    services_[name];
  for (auto& [name, service] : services_) {
    if (const auto read = read_service(name, service); !read) return read;
  }
  see_dead();
  const TimePoint now = Clock::now();
  const std::lock_guard lock(board_.mutex);
  board_.trust.documents_read(now, renewals);
  board_.publish_trust(now);
  return {};
}

Result<> DirectoryLoop::read_service(const std::string& name, Service& service) {
  const auto head = contents_.heads.find(name);
  if (head == contents_.heads.end()) {
    service.running.clear();
    service.is_current = service.held == nullptr;
    if (service.held) {
      service.alarm = "ring of " + name + ": Redis has lost it; epoch " + std::to_string(service.held->epoch) +
                      " is kept, 'ring repair' puts it back";
      return {};
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
  service.nobody_since = TimePoint::max();
  if (service.held && service.held->epoch == head->second.epoch && service.held->digest == head->second.digest) {
    service.is_current = true;
    service.alarm.clear();
  } else if (const auto read = read_document(name, service, head->second); !read) {
    return read;
  }
  if (!service.is_current) return {};
  const auto done = contents_.done.find(name);
  service.done_through = done == contents_.done.end() ? 0 : done->second;
  auto running = store_.load_running(name);
  if (!running) return running.error();
  service.running = std::move(*running);
  return {};
}

Result<> DirectoryLoop::read_document(const std::string& name, Service& service, const Head& head) {
  service.is_current = false;
  auto document = store_.load_document(name);
  if (!document) {
    // A broken connection ends the turn; a document that cannot be read must not stop the other services.
    if (!store_.connection().is_open()) return document.error();
    service.alarm = "ring of " + name + ": " + document.error().message;
    return {};
  }
  const Standing standing = compare(service.held.get(), *document);
  if (standing == Standing::newer) {
    adopt(name, service, std::make_shared<const ring::Document>(std::move(*document)));
  } else if (standing != Standing::same) {
    service.alarm = describe(standing, *service.held, *document, "Redis");
    return {};
  }
  service.alarm.clear();
  service.is_current = true;
  // Written between our two looks: the rest of what was read is a little older.
  if (service.held->epoch != head.epoch) is_dirty_ = true;
  return {};
}

void DirectoryLoop::adopt(const std::string& name, Service& service, std::shared_ptr<const ring::Document> document) {
  const Life self{self_.name, self_.incarnation};
  const ring::Member* before = service.held ? find_life(*service.held, self) : nullptr;
  // A leaving member that was taken for dead may still hold users: only when its changes are done it is empty.
  const bool was_empty = before != nullptr && before->weight == 0 && service.done_through >= service.held->epoch;
  service.is_member = find_life(*document, self) != nullptr;
  const bool left = before != nullptr && !service.is_member;
  if (left) service.was_member = true;
  service.held = std::move(document);
  log::info("registry", "adopted", {{"service", name}, {"epoch", service.held->epoch}, {"why", service.held->why}});
  {
    const std::lock_guard lock(board_.mutex);
    board_.adopted[name] = service.held->epoch;
    if (left && !was_empty) board_.trust.expelled();
  }
  publish_memberships();
  if (left) callbacks_.on_left(name, was_empty);
}

void DirectoryLoop::publish_memberships() {
  Memberships memberships;
  for (const auto& [name, service] : services_) {
    if (!service.held) continue;
    std::vector<Life>& lives = memberships[name];
    for (const ring::Member& member : service.held->members)
      lives.push_back({member.name, member.incarnation});
  }
  const TimePoint now = Clock::now();
  const std::lock_guard lock(board_.mutex);
  board_.trust.set_memberships(now, std::move(memberships));
  board_.publish_trust(now);
}

void DirectoryLoop::take_offers() {
  for (auto& document : std::exchange(offers_, {})) {
    Service& service = services_[document->service];
    const Standing standing = compare(service.held.get(), *document);
    if (standing == Standing::newer) {
      adopt(document->service, service, document);
      // Redis is asked again before anything is changed.
      service.is_current = false;
      is_dirty_ = true;
    } else if (standing == Standing::other_digest || standing == Standing::other_lineage) {
      service.alarm = describe(standing, *service.held, *document, "a peer");
    }
  }
}

void DirectoryLoop::publish() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->redis_up = is_up_;
  snapshot->members = contents_.members;
  snapshot->alarms = contents_.unreadable;
  if (is_name_taken_) snapshot->alarms.push_back("another process holds the name " + self_.name);
  for (const auto& [name, service] : services_) {
    if (service.held || !service.running.empty()) {
      snapshot->services[name] = {service.held, service.done_through, service.running};
    }
    if (!service.alarm.empty()) snapshot->alarms.push_back(service.alarm);
  }
  if (published_ && is_same(*published_, *snapshot)) return;
  for (const std::string& alarm : snapshot->alarms) {
    const auto& known = published_ ? published_->alarms : std::vector<std::string>();
    if (std::find(known.begin(), known.end(), alarm) == known.end()) log::error("registry", alarm);
  }
  published_ = snapshot;
  callbacks_.on_snapshot(std::move(snapshot));
}

Duration DirectoryLoop::pause() const {
  if (is_dirty_ || !offers_.empty()) return Duration(0);
  const TimePoint now = Clock::now();
  TimePoint next = now + options_.heartbeat;
  for (const auto& [name, service] : services_) {
    if (service.not_before > now) next = std::min(next, service.not_before);
    next = std::min(next, std::max(now, next_removal(service)));
  }
  return std::max(Duration(0), std::chrono::ceil<Duration>(next - now));
}

}  // namespace wscluster::registry
