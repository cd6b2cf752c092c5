// SPDX-License-Identifier: MIT
#include "websession/reader_thread.hpp"

#include <pthread.h>

#include <algorithm>

#include "base/log.hpp"

namespace wscluster::websession {
namespace {

using namespace std::chrono_literals;

/// Bounds what is in memory at once, too: so many requests, each of at most max_candidates sessions.
constexpr std::size_t max_batch = 32;
/// Redis that is away is not asked more often.
constexpr Duration retry_pause = 100ms;
/// Unreadable sessions are logged as often.
constexpr Duration complaint_pause = 10s;

}  // namespace

ReaderThread::ReaderThread(const Options& options, const registry::Options& redis)
    : options_(options), redis_(redis_of(options, redis)) {}

ReaderThread::~ReaderThread() {
  stop();
}

void ReaderThread::start() {
  thread_ = std::thread([this] { run(); });
}

void ReaderThread::stop() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  has_work_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ReaderThread::ask(Question question) {
  {
    const std::scoped_lock lock(mutex_);
    questions_.push_back(std::move(question));
  }
  has_work_.notify_one();
}

void ReaderThread::run() {
  pthread_setname_np(pthread_self(), "sessions");
  for (;;) {
    auto batch = take();
    if (batch.empty()) return;
    work_off(batch);
  }
}

/// Empty: the end.
std::vector<ReaderThread::Question> ReaderThread::take() {
  std::unique_lock lock(mutex_);
  has_work_.wait(lock, [this] { return is_stopping_ || !questions_.empty(); });
  if (is_stopping_) return {};
  const auto count = static_cast<std::ptrdiff_t>(std::min(questions_.size(), max_batch));
  std::vector<Question> batch(std::make_move_iterator(questions_.begin()),
                              std::make_move_iterator(questions_.begin() + count));
  questions_.erase(questions_.begin(), questions_.begin() + count);
  return batch;
}

void ReaderThread::work_off(std::vector<Question>& batch) {
  const TimePoint now = Clock::now();
  std::erase_if(batch, [&](const Question& question) { return question.deadline <= now; });
  if (batch.empty()) return;
  if (is_down_ && now < retry_at_) {
    for (const Question& question : batch)
      question.answer(reason_);
    return;
  }
  std::vector<Candidates> requests;
  for (Question& question : batch)
    requests.push_back(std::move(question.ids));
  const auto readings = read(requests);
  tell_state(readings ? Result<>() : Result<>(readings.error()));
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (readings) {
      tell_unreadable((*readings)[i]);
      batch[i].answer((*readings)[i]);
    } else {
      batch[i].answer(readings.error());
    }
  }
}

Result<std::vector<Reading>> ReaderThread::read(const std::vector<Candidates>& requests) {
  const bool was_open = redis_.is_open();
  if (const auto opened = redis_.open(); !opened) return opened.error();
  auto readings = look_up(redis_, options_, requests, WallClock::now());
  // Redis has restarted since, or has closed a connection that was idle.
  const bool was_cut = !readings && was_open && readings.error().code != Errc::timed_out;
  if (!was_cut) return readings;
  if (const auto opened = redis_.open(); !opened) return opened.error();
  return look_up(redis_, options_, requests, WallClock::now());
}

void ReaderThread::tell_state(const Result<>& state) {
  if (!state) {
    reason_ = state.error();
    retry_at_ = Clock::now() + retry_pause;
  }
  if (is_down_ == state.has_error()) return;
  is_down_ = state.has_error();
  if (is_down_) {
    log::error("sessions", "HTTP sessions cannot be read", {{"err", reason_.message}});
  } else {
    log::info("sessions", "HTTP sessions can be read again");
  }
}

/// Never with the id: who knows it is that user.
void ReaderThread::tell_unreadable(const Reading& reading) {
  if (reading.verdict != Verdict::unreadable || Clock::now() < next_complaint_) return;
  next_complaint_ = Clock::now() + complaint_pause;
  log::warning("sessions", "an HTTP session is unreadable; see http_session", {{"err", reading.why}});
}

}  // namespace wscluster::websession
