// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"
#include "net/poller.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace wscluster::net {

/// One thread that sleeps in one Poller; Asio's io_context is its guest and gets its turn with every tick (signals,
/// name look-ups). Everything a connection owns lives and dies on its core; between cores only post(). A turn of the
/// loop: handle what is ready, run what was posted, every flush hook once, every late hook once. So all frames for one
/// client or link that a turn produced leave in one write, and nothing waits for what a late hook does.
class Core {
 public:
  explicit Core(unsigned index);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  [[nodiscard]] unsigned index() const noexcept { return index_; }
  [[nodiscard]] boost::asio::io_context& context() noexcept { return *context_; }
  [[nodiscard]] Poller& poller() noexcept { return poller_; }
  /// Taken once per turn; good enough for deadlines of milliseconds. (Callbacks of Asio objects may see that of the
  /// turn before.)
  [[nodiscard]] TimePoint now() const noexcept { return now_; }

  /// Any thread, also before start(). Runs on the core's thread, before the flush of that turn, in the order of
  /// posting. What was posted before stop() still runs; what is posted after join() never does.
  void post(std::function<void()> work);

  /// Core only. Called at the end of every turn, in order of registration (first in, first called). Hooks live as long
  /// as the core.
  void on_flush(std::function<void()> hook);
  /// Core only. Called after the flush hooks of every turn: for heavy work that nothing else should wait for, in small
  /// portions. True: there is more of it, so the next turn follows at once.
  void on_late(std::function<bool()> hook);
  /// Core only. Called about every `tick` (coarse: 10 ms) with now(). For sweeps and deadlines; no timers per message.
  void on_tick(std::function<void(TimePoint)> hook);
  static constexpr Duration tick{10};

  /// Keeps the object alive until the end of the turn: how a watcher destroys itself from inside its own callback.
  void destroy_later(std::unique_ptr<Watcher> watcher);

  /// Starts the thread (name shown by top). stop() may be called from any thread, also from the core itself; join()
  /// from another.
  void start(const std::string& thread_name);
  void stop();
  void join();

  /// True on the core's own thread (for assertions).
  [[nodiscard]] bool is_current() const noexcept;
  /// How often the loop has turned; read by other threads to see that the core is alive.
  [[nodiscard]] std::uint64_t turns() const noexcept;
  /// Callbacks that ended with an exception: each was logged and lost alone. Readable from any thread.
  [[nodiscard]] std::uint64_t lost_callbacks() const noexcept;

 private:
  struct Loop;
  void turn();

  unsigned index_;
  std::unique_ptr<boost::asio::io_context> context_;
  Poller poller_;
  TimePoint now_ = Clock::now();
  std::unique_ptr<Loop> loop_;
};

}  // namespace wscluster::net
