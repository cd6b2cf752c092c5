// SPDX-License-Identifier: MIT
#include "net/core.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace asio = boost::asio;

namespace wscluster::net {
namespace {

constexpr int max_asio_handlers_per_tick = 128;
constexpr int max_batches_per_turn = 4;

thread_local const Core* current_core = nullptr;

}  // namespace

struct Core::Loop {
  /// Wakes a core that sleeps in its poller.
  class Bell final : public Watcher {
   public:
    explicit Bell(Poller& poller) : poller_(poller), descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
      if (descriptor_ < 0) throw Failure(ExitCode::os_error, std::string("eventfd: ") + std::strerror(errno));
      poller_.add(descriptor_, *this);
    }
    ~Bell() override {
      poller_.remove(descriptor_, *this);
      ::close(descriptor_);
    }

    /// Any thread.
    void ring() const noexcept { static_cast<void>(::eventfd_write(descriptor_, 1)); }
    void on_ready(bool, bool) override {
      eventfd_t ignored = 0;
      static_cast<void>(::eventfd_read(descriptor_, &ignored));
    }

   private:
    Poller& poller_;
    int descriptor_;
  };

  Loop(asio::io_context& io, Poller& sockets)
      : context(io), poller(sockets), bell(sockets), work_guard(io.get_executor()) {}

  /// Only this call is lost when it throws.
  template <class Function>
  void guarded(Function&& function) {
    try {
      function();
    } catch (const std::exception& problem) {
      lost.fetch_add(1, std::memory_order_relaxed);
      log::error("net", "a callback of the core failed", {{"err", problem.what()}});
    }
  }

  /// Asio is a guest: signals and name look-ups, which a tick more or less does not hurt.
  void run_asio() {
    for (int i = 0, ran = 1; i < max_asio_handlers_per_tick && ran != 0; ++i) {
      ran = 0;
      guarded([this, &ran] { ran = static_cast<int>(context.poll_one()); });
    }
  }

  void run_sockets(bool more) {
    poller.dispatch();
    for (int i = 1; i < max_batches_per_turn && more; ++i) {
      more = poller.wait(Duration{0});
      poller.dispatch();
    }
    lost_sockets.store(poller.lost_callbacks(), std::memory_order_relaxed);
  }

  void run_mailbox() {
    {
      const std::scoped_lock lock(mutex);
      work.swap(mailbox);
    }
    for (auto& item : work)
      guarded(item);
    work.clear();
  }

  [[nodiscard]] bool has_mail() {
    const std::scoped_lock lock(mutex);
    return !mailbox.empty();
  }

  asio::io_context& context;
  Poller& poller;
  Bell bell;
  /// Between two calls there may be no work at all, at which a context stops for good.
  asio::executor_work_guard<asio::io_context::executor_type> work_guard;
  TimePoint next_tick = Clock::now();

  std::mutex mutex;
  std::vector<std::function<void()>> mailbox;
  std::vector<std::function<void()>> work;
  std::deque<std::function<void()>> flush_hooks;  // a hook may register another: no reallocation
  std::deque<std::function<bool()>> late_hooks;
  std::deque<std::function<void(TimePoint)>> tick_hooks;
  std::vector<std::unique_ptr<Watcher>> dying;
  bool has_late_work = false;

  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> turns = 0;
  std::atomic<std::uint64_t> lost = 0;
  std::atomic<std::uint64_t> lost_sockets = 0;
  std::thread thread;
};

Core::Core(unsigned index)
    : index_(index),
      context_(std::make_unique<boost::asio::io_context>(1)),
      loop_(std::make_unique<Loop>(*context_, poller_)) {}

Core::~Core() {
  stop();
  join();
}

void Core::post(std::function<void()> work) {
  bool is_first = false;
  {
    const std::scoped_lock lock(loop_->mutex);
    is_first = loop_->mailbox.empty();
    loop_->mailbox.push_back(std::move(work));
  }
  // The core itself looks before it sleeps.
  if (is_first && !is_current()) loop_->bell.ring();
}

void Core::on_flush(std::function<void()> hook) {
  loop_->flush_hooks.push_back(std::move(hook));
}

void Core::on_late(std::function<bool()> hook) {
  loop_->late_hooks.push_back(std::move(hook));
}

void Core::on_tick(std::function<void(TimePoint)> hook) {
  loop_->tick_hooks.push_back(std::move(hook));
}

void Core::destroy_later(std::unique_ptr<Watcher> watcher) {
  loop_->dying.push_back(std::move(watcher));
}

void Core::start(const std::string& thread_name) {
  loop_->thread = std::thread([this, name = thread_name.substr(0, 15)] {
    ::pthread_setname_np(::pthread_self(), name.c_str());
    current_core = this;
    while (!loop_->stopping.load(std::memory_order_relaxed))
      turn();
    loop_->run_mailbox();
    current_core = nullptr;
  });
}

void Core::turn() {
  Duration patience{0};
  if (!loop_->has_late_work && !loop_->has_mail()) {
    patience = std::max(Duration{0}, std::chrono::ceil<Duration>(loop_->next_tick - Clock::now()));
  }
  const bool is_full = loop_->poller.wait(patience);
  now_ = Clock::now();
  loop_->run_sockets(is_full);
  if (now_ >= loop_->next_tick) {
    loop_->next_tick = now_ + tick;
    loop_->run_asio();
    for (std::size_t i = 0; i < loop_->tick_hooks.size(); ++i)
      loop_->guarded([&] { loop_->tick_hooks[i](now_); });
  }
  loop_->run_mailbox();
  for (std::size_t i = 0; i < loop_->flush_hooks.size(); ++i)
    loop_->guarded([&] { loop_->flush_hooks[i](); });
  loop_->has_late_work = false;
  for (std::size_t i = 0; i < loop_->late_hooks.size(); ++i)
    loop_->guarded([&] { loop_->has_late_work |= loop_->late_hooks[i](); });
  std::vector<std::unique_ptr<Watcher>> dying;
  dying.swap(loop_->dying);
  loop_->turns.fetch_add(1, std::memory_order_relaxed);
}

void Core::stop() {
  loop_->stopping.store(true, std::memory_order_relaxed);
  loop_->bell.ring();
}

void Core::join() {
  if (loop_->thread.joinable()) loop_->thread.join();
}

bool Core::is_current() const noexcept {
  return current_core == this;
}

std::uint64_t Core::turns() const noexcept {
  return loop_->turns.load(std::memory_order_relaxed);
}

std::uint64_t Core::lost_callbacks() const noexcept {
  return loop_->lost.load(std::memory_order_relaxed) + loop_->lost_sockets.load(std::memory_order_relaxed);
}

}  // namespace wscluster::net
