// SPDX-License-Identifier: MIT
#include "load/worker.hpp"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace wscluster::load {
namespace {

constexpr std::size_t read_buffer_bytes = 65'536;

double thread_cpu_seconds() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

std::uint64_t share_of(std::uint64_t connections, unsigned threads, unsigned thread) {
  return connections / threads + (thread < connections % threads ? 1 : 0);
}

std::uint64_t senders(const Options& options) {
  return options.scenario == Scenario::group ? options.publishers : options.connections;
}

/// Ticks in a second: within one each client acknowledges what it got, as the SDKs do.
constexpr std::size_t acknowledge_turns = 100;

}  // namespace

/// Fires when the next message is planned: finer than the tick of the core.
class Worker::Pacer final : public net::Watcher {
 public:
  explicit Pacer(Worker& worker)
      : worker_(worker), descriptor_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    if (descriptor_ < 0) throw Failure(ExitCode::os_error, "cannot make a timer: too few file descriptors");
    worker_.core_.poller().add(descriptor_, *this);
  }
  ~Pacer() override {
    worker_.core_.poller().remove(descriptor_, *this);
    ::close(descriptor_);
  }
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

  void arm(TimePoint at) {
    const auto ns = std::max<std::int64_t>(1, at.time_since_epoch().count());
    itimerspec when{};
    when.it_value.tv_sec = ns / 1'000'000'000;
    when.it_value.tv_nsec = ns % 1'000'000'000;
    ::timerfd_settime(descriptor_, TFD_TIMER_ABSTIME, &when, nullptr);
  }

  void on_ready(bool /*readable*/, bool /*writable*/) override {
    std::uint64_t fired = 0;
    if (::read(descriptor_, &fired, sizeof fired) == sizeof fired) worker_.send_due();
  }

 private:
  Worker& worker_;
  int descriptor_;
};

Worker::Worker(Setup& setup, unsigned index)
    : setup_(setup),
      index_(index),
      core_(index),
      ledger_(setup.run, setup.options.connections, setup.flow),
      schedule_(is_open_model(setup.options) ? setup.options.rate : 0, senders(setup.options), setup.options.threads,
                index),
      drops_(setup.options.scenario == Scenario::recovery ? setup.options.drop_rate : 0, setup.options.connections,
             setup.options.threads, index),
      random_(setup.options.seed * 0x9E3779B97F4A7C15 + index),
      pacer_(std::make_unique<Pacer>(*this)),
      read_buffer_(read_buffer_bytes),
      holders_(setup.options.scenario == Scenario::send ? setup.options.connections : 0) {
  const auto& options = setup.options;
  if (shows_moves(options)) moves_.emplace(options.connections);
  clients_.reserve(share_of(options.connections, options.threads, index));
  for (std::uint64_t i = index; i < options.connections; i += options.threads) {
    clients_.push_back(std::make_unique<Client>(*this, static_cast<std::uint32_t>(i)));
  }
}

Worker::~Worker() = default;

void Worker::start_connecting(TimePoint start) {
  connect_start_ = start;
  is_connecting_ = true;
  core_.on_tick([this](TimePoint now) { on_tick(now); });
  core_.on_flush([this] { publish(); });
}

void Worker::on_tick(TimePoint now) {
  const auto& options = setup_.options;
  while (is_connecting_ && next_connect_ < clients_.size()) {
    const auto number = static_cast<double>(next_connect_ * options.threads + index_);
    if (connect_start_ + std::chrono::duration<double>(number / options.connect_rate) > now) break;
    clients_[next_connect_++]->connect();
  }
  while (!wakes_.empty() && wakes_.top().at <= now) {
    const Wake wake = wakes_.top();
    wakes_.pop();
    clients_[wake.client]->on_wake(wake.ticket);
  }
  if (!setup_.is_reliable || clients_.empty()) return;
  drop_due(now);
  acknowledge_some();
}

/// Sockets are dropped while there is traffic, also in the warm-up.
void Worker::drop_due(TimePoint now) {
  const auto since_start = now - traffic_start_;
  while (is_sending() && drops_.next().at <= since_start) {
    clients_[drops_.next().connection / setup_.options.threads]->drop();
    drops_.advance();
  }
}

void Worker::acknowledge_some() {
  for (std::size_t i = 0; i < clients_.size() / acknowledge_turns + 1; ++i) {
    next_acknowledge_ = next_acknowledge_ + 1 < clients_.size() ? next_acknowledge_ + 1 : 0;
    clients_[next_acknowledge_]->acknowledge();
  }
}

void Worker::wake_later(std::uint32_t connection, TimePoint at, std::uint32_t ticket) {
  wakes_.push({at, connection / setup_.options.threads, ticket});
}

void Worker::start_traffic(TimePoint start) {
  traffic_start_ = start;
  send_due();
}

bool Worker::is_sending() const {
  const auto since_start = Clock::now() - traffic_start_;
  return traffic_start_ != TimePoint{} && !is_finishing_ && since_start >= Clock::duration::zero() &&
         since_start.count() < setup_.end_ns.load(std::memory_order_relaxed);
}

void Worker::send_due() {
  if (setup_.options.in_flight > 0) {
    if (Clock::now() < traffic_start_) return pacer_->arm(traffic_start_);
    for (auto& client : clients_)
      client->refill();
    return;
  }
  for (int sent = 0;; ++sent) {
    const auto planned = schedule_.next();
    if (is_finishing_ || planned.at == Clock::duration::max()) return;
    if (planned.at.count() >= setup_.end_ns.load(std::memory_order_relaxed)) return;
    // Now and then answers must be read even when the schedule cannot be kept.
    constexpr int most_at_once = 256;
    if (traffic_start_ + planned.at > Clock::now() || sent == most_at_once) {
      return pacer_->arm(traffic_start_ + planned.at);
    }
    schedule_.advance();
    clients_[planned.connection / setup_.options.threads]->send_planned(planned.at);
  }
}

void Worker::note_sent(Clock::duration planned, TimePoint sent, bool was_in_time) {
  ++sent_;
  const auto since_start = sent - traffic_start_;
  if (since_start >= setup_.options.warmup && since_start.count() < setup_.end_ns.load(std::memory_order_relaxed)) {
    ++sent_in_time_;
  }
  if (!was_in_time) return;
  const auto lag = since_start - planned;
  live_.lag.record(lag);
  if (is_measured(planned)) found_.lag.record(lag);
}

void Worker::note_return(TimePoint closed_at) {
  const auto now = Clock::now();
  auto& closes = found_.closes;
  --away_;
  ++closes.returned;
  found_.gap.record(now - closed_at);
  if (now < traffic_start_) return;
  const auto slot = static_cast<std::size_t>((now - traffic_start_) / CloseAccount::return_slot);
  if (closes.returns.size() <= slot) closes.returns.resize(slot + 1);
  ++closes.returns[slot];
}

void Worker::note_promise() {
  promised_ += setup_.flow == Flow::fan_out ? setup_.members.load(std::memory_order_relaxed) : 1;
}

/// A message has arrived that was planned and sent at these times since the start of the traffic.
void Worker::note_latency(std::uint32_t receiver, Clock::duration planned, Clock::duration sent) {
  const auto since_start = Clock::now() - traffic_start_;
  const auto latency = since_start - planned;
  live_.latency.record(latency);
  if (!is_measured(planned)) return;
  found_.latency.record(latency);
  found_.service.record(since_start - sent);
  if (moves_) moves_->record_latency(receiver, planned, latency);
}

void Worker::note_holder(std::uint32_t recipient, std::string_view node, std::uint64_t epoch, Clock::duration planned) {
  if (moves_) moves_->record_owner(recipient, node, epoch, planned);
  if (recipient >= holders_.size()) return;
  auto& holder = holders_[recipient];
  if (holder.epoch == epoch && !holder.node.empty()) {
    if (holder.node != node) ++found_.wrong_node;
  } else if (epoch >= holder.epoch) {
    holder = {epoch, std::string(node)};
  }
}

void Worker::start_measuring() {
  busy_since_ = thread_cpu_seconds();
  measured_since_ = Clock::now();
}

void Worker::stop_measuring() {
  const double passed = seconds(Clock::now() - measured_since_);
  busy_ = passed > 0 ? (thread_cpu_seconds() - busy_since_) / passed : 0;
}

void Worker::finish() {
  is_connecting_ = false;
  is_finishing_ = true;
  for (auto& client : clients_)
    client->finish();
}

void Worker::publish() {
  const auto show = [](std::atomic<std::uint64_t>& where, std::uint64_t value) {
    where.store(value, std::memory_order_relaxed);
  };
  show(live_.connected, open_);
  show(live_.connect_failed, found_.connect_failed);
  show(live_.attempted, attempted_);
  show(live_.away, away_);
  show(live_.sent, sent_);
  show(live_.arrived, arrived_);
  show(live_.promised, promised_);
  show(live_.outstanding, outstanding_);
  show(live_.errors, error_count_);
  show(live_.closed, found_.closes.planned + found_.closes.unplanned);
  show(live_.ended, ended_);
}

Worker::Findings Worker::take_findings() {
  for (auto& client : clients_)
    client->abandon();
  found_.foreign = ledger_.foreign();
  return {std::move(found_), sent_in_time_, busy_};
}

}  // namespace wscluster::load
