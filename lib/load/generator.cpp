// SPDX-License-Identifier: MIT
#include "load/generator.hpp"

#include <algorithm>
#include <string>
#include <thread>

#include "base/error.hpp"
#include "base/units.hpp"
#include "load/worker.hpp"

namespace wscluster::load {
namespace {

constexpr Duration poll_interval{10};
constexpr Duration start_delay{20};
/// A late duplicate is still a duplicate: quiet for so long means settled.
constexpr Duration quiet_time{300};
/// The traffic goes on for so long after the change of the ring is done.
constexpr Duration tail_after_change{2'000};
constexpr Duration close_deadline{4'000};

std::uint64_t sum(const std::vector<std::unique_ptr<Worker>>& workers, std::atomic<std::uint64_t> Live::*counter) {
  std::uint64_t total = 0;
  for (const auto& worker : workers)
    total += (worker->live().*counter).load(std::memory_order_relaxed);
  return total;
}

void add(std::map<std::string, std::uint64_t>& to, const std::map<std::string, std::uint64_t>& from) {
  for (const auto& [name, count] : from)
    to[name] += count;
}

void add(CloseAccount& to, const CloseAccount& from) {
  for (const auto& [code, count] : from.by_code)
    to.by_code[code] += count;
  to.planned += from.planned;
  to.unplanned += from.unplanned;
  to.connections += from.connections;
  to.again += from.again;
  to.retries += from.retries;
  to.returned += from.returned;
  to.dropped += from.dropped;
  to.recovered += from.recovered;
  to.sessions_lost += from.sessions_lost;
  to.resumed += from.resumed;
  to.returns.resize(std::max(to.returns.size(), from.returns.size()));
  for (std::size_t slot = 0; slot < from.returns.size(); ++slot)
    to.returns[slot] += from.returns[slot];
  to.not_returned += from.not_returned;
  to.late_answers += from.late_answers;
  if (from.first_epoch != 0) {
    to.first_epoch = to.first_epoch == 0 ? from.first_epoch : std::min(to.first_epoch, from.first_epoch);
  }
  to.last_epoch = std::max(to.last_epoch, from.last_epoch);
  to.list.insert(to.list.end(), from.list.begin(), from.list.end());
}

void add(RunResult& to, const RunResult& from) {
  to.connected += from.connected;
  to.connect_failed += from.connect_failed;
  to.planned += from.planned;
  to.not_sent += from.not_sent;
  to.wrong_node += from.wrong_node;
  to.foreign += from.foreign;
  add(to.errors, from.errors);
  add(to.nodes, from.nodes);
  to.latency.merge(from.latency);
  to.service.merge(from.service);
  to.receipt.merge(from.receipt);
  to.connect.merge(from.connect);
  to.gap.merge(from.gap);
  to.lag.merge(from.lag);
  add(to.closes, from.closes);
}

/// Users whose receipts name different nodes on different threads, in one epoch.
std::uint64_t count_disagreements(const std::vector<std::unique_ptr<Worker>>& workers) {
  std::uint64_t found = 0;
  const auto& first = workers.front()->holders();
  for (std::size_t user = 0; user < first.size(); ++user) {
    for (const auto& worker : workers) {
      const auto& other = worker->holders()[user];
      const bool is_known = !first[user].node.empty() && !other.node.empty();
      if (is_known && other.epoch == first[user].epoch && other.node != first[user].node) ++found;
    }
  }
  return found;
}

std::string most_frequent(const std::map<std::string, std::uint64_t>& errors) {
  const auto most = std::ranges::max_element(errors, {}, [](const auto& entry) { return entry.second; });
  return most == errors.end() ? std::string("no reason known") : most->first;
}

}  // namespace

Generator::Generator(const Options& options) : setup_(make_setup(options)) {
  for (unsigned i = 0; i < setup_->options.threads; ++i)
    workers_.push_back(std::make_unique<Worker>(*setup_, i));
}

Generator::~Generator() {
  stop_cores();
}

RunResult Generator::run(const Callbacks& callbacks) {
  connect(callbacks);
  drive_traffic(callbacks);
  settle(callbacks);
  close_all(callbacks);
  stop_cores();
  return collect();
}

void Generator::connect(const Callbacks& callbacks) {
  start_ = Clock::now() + start_delay;
  for (auto& worker : workers_) {
    worker->core().post([&worker = *worker, start = start_] { worker.start_connecting(start); });
    worker->core().start("load-" + std::to_string(worker->core().index()));
  }
  const auto wanted = setup_->options.connections;
  while (sum(workers_, &Live::attempted) < wanted && !stop_)
    pause(callbacks, Progress::Stage::connecting);
  if (stop_ || sum(workers_, &Live::connected) + sum(workers_, &Live::closed) != 0) return;
  stop_cores();
  std::map<std::string, std::uint64_t> errors;
  for (auto& worker : workers_)
    add(errors, worker->take_findings().counts.errors);
  throw Failure(ExitCode::unavailable, "none of " + format_count(wanted) + " connections to " + setup_->options.url +
                                           " could be opened: " + most_frequent(errors));
}

void Generator::drive_traffic(const Callbacks& callbacks) {
  const auto& options = setup_->options;
  const Duration warmup = sends_messages(options) ? options.warmup : Duration{0};
  end_ = warmup + options.duration;
  const bool changes = options.scenario == Scenario::ring_change && callbacks.change != nullptr;
  // A change that takes longer than expected is watched to its end.
  if (!changes) setup_->end_ns = end_.count();
  start_ = Clock::now() + start_delay;
  for (auto& worker : workers_) {
    worker->core().post([&worker = *worker, start = start_] { worker.start_traffic(start); });
  }
  std::atomic<bool> is_changed = false;
  std::thread changer;
  bool is_measuring = false;
  while (!stop_) {
    const auto now = Clock::now() - start_;
    if (!is_measuring && now >= warmup) {
      is_measuring = true;
      for (auto& worker : workers_)
        worker->core().post([&worker = *worker] { worker.start_measuring(); });
    }
    if (changes && !changer.joinable() && now >= options.change_at) {
      changer = std::thread([this, &callbacks, &is_changed] {
        change_ = callbacks.change();
        is_changed = true;
      });
    }
    if (changes && is_changed.exchange(false)) {
      change_end_ = now;
      end_ = std::max<Clock::duration>(end_, now + tail_after_change);
      setup_->end_ns = end_.count();
    }
    if (now >= end_ && setup_->end_ns != INT64_MAX) break;
    pause(callbacks, is_measuring ? Progress::Stage::running : Progress::Stage::warmup);
  }
  if (stop_) end_ = std::min<Clock::duration>(end_, Clock::now() - start_);
  setup_->end_ns = end_.count();
  for (auto& worker : workers_)
    worker->core().post([&worker = *worker] { worker.stop_measuring(); });
  measured_seconds_ = std::max(0.0, seconds(end_ - warmup));
  if (changer.joinable()) changer.join();
}

bool Generator::is_settled() const {
  if (sum(workers_, &Live::outstanding) != 0 || sum(workers_, &Live::away) != 0) return false;
  return setup_->flow == Flow::echo || sum(workers_, &Live::arrived) >= sum(workers_, &Live::promised);
}

void Generator::settle(const Callbacks& callbacks) {
  const auto deadline = Clock::now() + setup_->options.settle;
  auto quiet_since = Clock::now();
  while (Clock::now() < deadline && Clock::now() - quiet_since < quiet_time) {
    pause(callbacks, Progress::Stage::settling);
    if (!is_settled()) quiet_since = Clock::now();
  }
}

void Generator::close_all(const Callbacks& callbacks) {
  for (auto& worker : workers_)
    worker->core().post([&worker = *worker] { worker.finish(); });
  const auto deadline = Clock::now() + close_deadline;
  while (sum(workers_, &Live::ended) < setup_->options.connections && Clock::now() < deadline) {
    pause(callbacks, Progress::Stage::closing);
  }
}

void Generator::stop_cores() {
  for (auto& worker : workers_)
    worker->core().stop();
  for (auto& worker : workers_)
    worker->core().join();
}

RunResult Generator::collect() {
  RunResult result;
  result.options = setup_->options;
  std::uint64_t sent_in_time = 0;
  std::vector<const Ledger*> ledgers;
  std::vector<const MoveLog*> moves;
  result.wrong_node = count_disagreements(workers_);
  for (auto& worker : workers_) {
    const auto findings = worker->take_findings();
    add(result, findings.counts);
    sent_in_time += findings.sent_in_time;
    result.busiest_thread = std::max(result.busiest_thread, findings.busy);
    ledgers.push_back(&worker->ledger());
    if (worker->moves() != nullptr) moves.push_back(worker->moves());
  }
  result.messages = Ledger::audit(ledgers);
  if (!moves.empty()) result.change_latency = MoveLog::split(moves, change_end_);
  result.closes.never_closed = result.connected - result.closes.connections;
  result.change = change_;
  result.was_interrupted = stop_;
  result.measured_seconds = measured_seconds_;
  if (measured_seconds_ > 0) result.achieved_rate = static_cast<double>(sent_in_time) / measured_seconds_;
  return result;
}

void Generator::pause(const Callbacks& callbacks, Progress::Stage stage) {
  if (callbacks.should_stop && callbacks.should_stop()) request_stop();
  if (callbacks.progress && Clock::now() - shown_at_ >= setup_->options.interval) show(callbacks, stage);
  std::this_thread::sleep_for(poll_interval);
}

void Generator::show(const Callbacks& callbacks, Progress::Stage stage) {
  Progress progress;
  progress.stage = stage;
  progress.elapsed_seconds = std::max(0.0, seconds(Clock::now() - start_));
  progress.total_seconds = seconds(end_);
  progress.connected = sum(workers_, &Live::connected);
  progress.connections = setup_->options.connections;
  progress.sent = sum(workers_, &Live::sent);
  progress.asked_rate = is_open_model(setup_->options) ? setup_->options.rate : 0;
  progress.errors = sum(workers_, &Live::errors);
  progress.closed = sum(workers_, &Live::closed);
  progress.away = sum(workers_, &Live::away);
  LiveHistogram::Counts latency{};
  LiveHistogram::Counts lag{};
  for (const auto& worker : workers_) {
    worker->live().latency.add_to(latency);
    worker->live().lag.add_to(lag);
  }
  progress.p50 = LiveHistogram::percentile(latency, 50);
  progress.p99 = LiveHistogram::percentile(latency, 99);
  progress.max = LiveHistogram::percentile(latency, 100);
  progress.lag_p99 = LiveHistogram::percentile(lag, 99);
  const auto now = Clock::now();
  if (shown_at_ != TimePoint{}) {
    progress.sent_rate = static_cast<double>(progress.sent - shown_sent_) / seconds(now - shown_at_);
  }
  shown_at_ = now;
  shown_sent_ = progress.sent;
  callbacks.progress(progress);
}

}  // namespace wscluster::load
