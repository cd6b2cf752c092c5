// SPDX-License-Identifier: MIT
#include "net/core.hpp"

#include "base/log.hpp"

#include <pthread.h>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace asio = boost::asio;

namespace wscluster::net {
namespace {

constexpr int max_asio_handlers_per_turn = 128;
constexpr int max_batches_per_turn = 4;

thread_local const Core* current_core = nullptr;

}  // namespace

struct Core::Loop {
  Loop(asio::io_context& io, Poller& sockets)
      : context(io), poller(sockets), work_guard(io.get_executor()), ready(io, sockets.descriptor()), ticker(io) {}
  ~Loop() { ready.release(); }  // the Poller closes it

  void wait_for_sockets() {
    ready.async_wait(asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& failed) {
      if (!failed) sockets_ready = true;
    });
  }

  void wait_for_tick() {
    ticker.expires_after(tick);
    ticker.async_wait([this](const boost::system::error_code& failed) {
      if (!failed) tick_due = true;
    });
  }

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

  void run_asio() {
    guarded([this] { context.run_one(); });
    for (int i = 0, ran = 1; i < max_asio_handlers_per_turn && ran != 0; ++i) {
      ran = 0;
      guarded([this, &ran] { ran = static_cast<int>(context.poll_one()); });
    }
  }

  void run_sockets() {
    for (int i = 0; i < max_batches_per_turn && poller.poll(); ++i)
      continue;
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

  void wake() {
    asio::post(context, [] {});
  }

  asio::io_context& context;
  Poller& poller;
  /// Between two waits there may be no work at all, at which a context stops for good.
  asio::executor_work_guard<asio::io_context::executor_type> work_guard;
  asio::posix::stream_descriptor ready;
  asio::steady_timer ticker;
  bool sockets_ready = false;
  bool tick_due = false;

  std::mutex mutex;
  std::vector<std::function<void()>> mailbox;
  std::vector<std::function<void()>> work;
  std::deque<std::function<void()>> flush_hooks;  // a hook may register another: no reallocation
  std::deque<std::function<void(TimePoint)>> tick_hooks;
  std::vector<std::unique_ptr<Watcher>> dying;

  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> turns = 0;
  std::atomic<std::uint64_t> lost = 0;
  std::atomic<std::uint64_t> lost_sockets = 0;
  std::thread thread;
};

Core::Core(unsigned index) : index_(index), loop_(std::make_unique<Loop>(context_, poller_)) {}

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
  if (is_first) loop_->wake();
}

void Core::on_flush(std::function<void()> hook) {
  loop_->flush_hooks.push_back(std::move(hook));
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
    loop_->wait_for_sockets();
    loop_->wait_for_tick();
    while (!loop_->stopping.load(std::memory_order_relaxed))
      turn();
    loop_->run_mailbox();
    current_core = nullptr;
  });
}

void Core::turn() {
  loop_->run_asio();
  now_ = Clock::now();
  if (std::exchange(loop_->sockets_ready, false)) {
    loop_->run_sockets();
    loop_->wait_for_sockets();
  }
  if (std::exchange(loop_->tick_due, false)) {
    for (std::size_t i = 0; i < loop_->tick_hooks.size(); ++i)
      loop_->guarded([&] { loop_->tick_hooks[i](now_); });
    loop_->wait_for_tick();
  }
  loop_->run_mailbox();
  for (std::size_t i = 0; i < loop_->flush_hooks.size(); ++i)
    loop_->guarded([&] { loop_->flush_hooks[i](); });
  std::vector<std::unique_ptr<Watcher>> dying;
  dying.swap(loop_->dying);
  loop_->turns.fetch_add(1, std::memory_order_relaxed);
}

void Core::stop() {
  loop_->stopping.store(true, std::memory_order_relaxed);
  loop_->wake();
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
