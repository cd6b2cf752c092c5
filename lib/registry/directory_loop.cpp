// SPDX-License-Identifier: MIT
#include "registry/directory_loop.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "registry/adoption.hpp"

namespace wscluster::registry {
namespace {

constexpr Duration check_interval = std::chrono::minutes(2);
constexpr Duration alarm_interval = std::chrono::seconds(5);

bool is_same(const Snapshot& a, const Snapshot& b) {
  return a.redis_up == b.redis_up && a.put_backs == b.put_backs && a.alarms == b.alarms && a.services == b.services &&
         a.upstreams == b.upstreams && a.instances_expired == b.instances_expired &&
         std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
                    [](const MemberRecord& x, const MemberRecord& y) { return x.is_same_as(y); });
}

}  // namespace

DirectoryLoop::DirectoryLoop(const Options& options, const Registration& self, Board& board, const Callbacks& callbacks)
    : options_(options),
      self_(self),
      board_(board),
      callbacks_(callbacks),
      store_(options),
      hints_(options),
      hint_budget_(options.heartbeat / 20) {
  for (const std::string& service : self.services)
    services_[service];
}

void DirectoryLoop::run() {
  while (!board_.stopping)
    turn();
  take_inbox();
  answer_all_from_memory();
  give_answers();
}

void DirectoryLoop::turn() {
  take_inbox();
  take_offers();
  if (!connect()) {
    answer_all_from_memory();
    publish();
    give_answers();
    board_.directory_wake.wait_until(Clock::now() + std::min(options_.heartbeat, Duration(250)));
    return;
  }
  check_server();
  Result<> good = write_reports();
  const TimePoint now = Clock::now();
  for (const auto& [name, service] : services_) {
    if (next_removal(service) <= now) is_dirty_ = true;
  }
  if (good && is_dirty_) good = reload();
  if (good) good = run_instance_calls();
  if (good) good = keep_instances();
  if (good) good = expire_instances();
  if (good && is_dirty_) good = reload();
  if (good) good = answer_repairs();
  if (good) good = change_rings();
  if (good) good = change_upstream_rings();
  // What was changed is shown at once, not at the hint.
  if (good && is_dirty_) good = reload();
  if (!good) {
    give_up_turn(good.error());
    return;
  }
  publish();
  give_answers();
  wait_for_hints();
}

void DirectoryLoop::wait_for_hints() {
  auto pushed = hints_.poll_push(pause(), board_.directory_wake.descriptor());
  if (pushed && *pushed) {
    is_dirty_ = true;
    const TimePoint now = Clock::now();
    if (const TimePoint from = hint_budget_.reserve(now); from > now) board_.directory_wake.wait_until(from);
  }
  while (pushed && *pushed)
    pushed = hints_.poll_push(Duration(0), -1);
  board_.directory_wake.clear();
  if (!pushed) give_up_turn(pushed.error());
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
  if (was_up_) hold_changes();
  is_up_ = was_up_ = is_dirty_ = true;
  next_check_ = connected_at_ = Clock::now();
  connected_ms_ = 0;
  return true;
}

void DirectoryLoop::give_up_turn(const Error& cause) {
  if (store_.connection().is_open() && hints_.is_open()) {
    // An answer, if not the one we wanted: Redis is there. The lease thread raises the alarm.
    log::debug("registry", "Redis refuses", {{"err", cause.message}});
    is_dirty_ = true;
  } else {
    store_.connection().close();
    hints_.close();
    is_up_ = false;
    log::warning("registry", "lost Redis, the last state is kept", {{"err", cause.message}});
    answer_all_from_memory();
  }
  publish();
  give_answers();
  board_.directory_wake.wait_until(Clock::now() + std::min(options_.heartbeat, Duration(250)));
}

/// What was right at the start may be changed later on, or be otherwise on the server behind a failover.
void DirectoryLoop::check_server() {
  const TimePoint now = Clock::now();
  if (now < next_check_) return;
  const auto good = store_.check_server();
  if (good) {
    server_alarms_.erase(AlarmKind::eviction);
  } else if (good.error().code == Errc::invalid) {
    server_alarms_[AlarmKind::eviction] = good.error().message;
  }
  if (const auto replicas = store_.check_replicas()) warn_of_replicas(*replicas);
  next_check_ = now + (server_alarms_.empty() ? check_interval : alarm_interval);
}

void DirectoryLoop::warn_of_replicas(const std::string& warning) {
  if (warning.empty()) {
    server_alarms_.erase(AlarmKind::replication);
    return;
  }
  server_alarms_[AlarmKind::replication] = warning;
  next_check_ = std::min(next_check_, Clock::now() + alarm_interval);
}

void DirectoryLoop::take_inbox() {
  const std::lock_guard lock(board_.mutex);
  if (board_.beat) {
    if (!beat_ || !beat_->shows_same_as(*board_.beat) || board_.trust.must_read()) is_dirty_ = true;
    beat_ = std::move(board_.beat);
    board_.beat.reset();
  }
  // The others' renewals failed as well, and a word that was given keeps its giver from renewing for a while yet.
  if (std::exchange(board_.has_renewal_failed, false)) may_remove_from_ = Clock::now() + 2 * options_.lease;
  for (auto& [key, report] : board_.reports) {
    Report& mine = reports_[key];
    // Cores forget a change when they see it final, one earlier than the other: what they count from then on is less.
    if (report.donor && !services_[key.first].heritage.is_final(key.second)) mine.donor = report.donor;
    if (report.receiver) mine.receiver = report.receiver;
  }
  board_.reports.clear();
  std::move(board_.offers.begin(), board_.offers.end(), std::back_inserter(offers_));
  board_.offers.clear();
  std::move(board_.instance_calls.begin(), board_.instance_calls.end(), std::back_inserter(instance_calls_));
  board_.instance_calls.clear();
  take_kept(std::exchange(board_.kept_instances, {}), std::exchange(board_.kept_health, {}));
  leaving_ = board_.leaving;
  is_linked_ = board_.is_linked;
  is_name_taken_ = board_.is_name_taken;
  lease_alarm_ = board_.lease_alarm;
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
    for (auto report = reports_.begin(); report != end; ++report) {
      Report& told = told_[report->first];
      if (report->second.donor) told.donor = report->second.donor;
      if (report->second.receiver) told.receiver = report->second.receiver;
    }
    reports_.erase(reports_.begin(), end);
    if (*done != services_[name].heritage.done_through) is_dirty_ = true;
  }
  const TimePoint now = Clock::now();
  if (now < next_evaluation_) return {};
  next_evaluation_ = now + options_.heartbeat;
  for (const auto& [name, service] : services_) {
    if (service.heritage.running.empty()) continue;
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
  if (connected_ms_ == 0) connected_ms_ = contents_.redis_ms;
  hold_changes_after_put_back();
  for (const auto& [name, head] : contents_.heads)
    services_[name];
  if (const auto read = read_upstreams(); !read) return read;
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
      adopt(document->service, service, document, {});
      // Redis is asked again before anything is changed.
      service.is_current = false;
      is_dirty_ = true;
    } else if (standing == Standing::other_digest || standing == Standing::other_lineage) {
      service.alarm = describe(standing, *service.held, *document, "a peer");
    }
  }
}

std::vector<Alarm> DirectoryLoop::alarms() const {
  std::vector<Alarm> all;
  for (const std::string& line : contents_.unreadable)
    all.push_back({AlarmKind::unreadable, line});
  for (const auto& [name, upstream] : upstreams_) {
    for (const std::string& line : upstream.unreadable)
      all.push_back({AlarmKind::unreadable, line});
  }
  if (is_name_taken_) all.push_back({AlarmKind::name, "another process holds the name " + self_.name});
  for (const auto& [kind, text] : server_alarms_)
    all.push_back({kind, text});
  if (lease_alarm_) all.push_back(*lease_alarm_);
  for (const auto& [name, service] : services_) {
    if (service.alarm) all.push_back(*service.alarm);
  }
  return all;
}

void DirectoryLoop::publish() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->redis_up = is_up_;
  snapshot->members = contents_.members;
  snapshot->put_backs = put_backs_;
  snapshot->instances_expired = instances_expired_;
  for (const auto& [name, upstream] : upstreams_)
    snapshot->upstreams.emplace(name, upstream.state);
  std::vector<Alarm> alarms = this->alarms();
  for (const Alarm& alarm : alarms) {
    snapshot->alarms.push_back(alarm.text);
    ++snapshot->alarm_counts[static_cast<std::size_t>(alarm.kind)];
  }
  for (const auto& [name, service] : services_) {
    const Heritage& heritage = service.heritage;
    if (service.held || !heritage.running.empty()) {
      snapshot->services[name] = {service.held, heritage.done_through, heritage.running};
    }
  }
  if (published_ && is_same(*published_, *snapshot)) return;
  for (const std::string& alarm : snapshot->alarms) {
    const auto& known = published_ ? published_->alarms : std::vector<std::string>();
    if (std::find(known.begin(), known.end(), alarm) == known.end()) log::error("registry", alarm);
  }
  {
    const std::lock_guard lock(board_.mutex);
    board_.alarms = std::move(alarms);
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
