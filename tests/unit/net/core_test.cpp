// SPDX-License-Identifier: MIT
#include "net/core.hpp"

#include "sockets.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <array>
#include <stdexcept>
#include <thread>
#include <vector>

namespace wscluster::net {
namespace {

using test::run_on;

struct Event : Watcher {
  explicit Event(Core& on) : core(on), fd(::eventfd(1, EFD_NONBLOCK)) { core.poller().add(fd, *this); }
  ~Event() override {
    core.poller().remove(fd, *this);
    ::close(fd);
  }
  void on_ready(bool, bool) override {
    if (action) action();
  }
  Core& core;
  int fd;
  std::function<void()> action;
};

TEST(Core, runs_posts_of_each_sender_in_order) {
  Core core(0);
  std::array<std::vector<int>, 3> seen;
  const test::StopAtExit stop_core(core);
  core.start("test");
  std::vector<std::thread> senders;
  for (std::size_t s = 0; s < seen.size(); ++s) {
    senders.emplace_back([&, s] {
      for (int i = 0; i < 2000; ++i)
        core.post([&seen, s, i] { seen[s].push_back(i); });
    });
  }
  for (auto& sender : senders)
    sender.join();
  run_on(core, [] {});
  for (const auto& one : seen) {
    ASSERT_EQ(one.size(), 2000U);
    EXPECT_TRUE(std::is_sorted(one.begin(), one.end()));
  }
}

TEST(Core, flushes_once_per_turn_after_the_posts_and_in_order_of_registration) {
  Core core(0);
  std::string log;
  core.on_flush([&] { log += 'f'; });
  core.on_flush([&] { log += 'g'; });
  for (int i = 0; i < 3; ++i)
    core.post([&] { log += 'p'; });
  const test::StopAtExit stop_core(core);
  core.start("test");
  run_on(core, [] {});
  core.stop();
  core.join();
  EXPECT_EQ(log.substr(0, 5), "pppfg") << log;
}

TEST(Core, does_late_work_after_the_flush_and_does_not_sleep_while_there_is_more) {
  Core core(0);
  constexpr int portions = 1000;
  int flushes = 0;
  int ticks = 0;
  int done = 0;
  bool is_ordered = true;
  std::promise<void> finished;
  core.on_late([&] {
    if (done == portions) return false;
    is_ordered = is_ordered && flushes == ++done;
    if (done == portions) finished.set_value();
    return done < portions;
  });
  core.on_flush([&] { ++flushes; });
  core.on_tick([&](TimePoint) { ticks += done < portions ? 1 : 0; });
  const test::StopAtExit stop_core(core);
  core.start("test");
  finished.get_future().wait();
  EXPECT_TRUE(run_on(core, [&] { return is_ordered; }));
  // A core that sleeps after each portion is woken by nothing but the tick.
  EXPECT_LT(run_on(core, [&] { return ticks; }), portions / 2);
}

TEST(Core, hands_a_message_to_another_core_and_back) {
  Core one(0);
  Core two(1);
  const test::StopAtExit stop_one(one);
  one.start("one");
  const test::StopAtExit stop_two(two);
  two.start("two");
  std::promise<bool> answered;
  one.post([&] {
    two.post([&] {
      const bool is_two = two.is_current() && !one.is_current();
      one.post([&, is_two] { answered.set_value(is_two && one.is_current()); });
    });
  });
  EXPECT_TRUE(answered.get_future().get());
}

TEST(Core, loses_only_the_callback_that_throws) {
  Core core(0);
  const test::StopAtExit stop_core(core);
  core.start("test");
  core.post([] { throw std::runtime_error("on purpose"); });
  EXPECT_EQ(run_on(core, [] { return 7; }), 7);
  EXPECT_EQ(core.lost_callbacks(), 1U);
}

TEST(Core, ticks_while_nothing_happens) {
  Core core(0);
  std::promise<void> third;
  int count = 0;
  core.on_tick([&](TimePoint) {
    if (++count == 3) third.set_value();
  });
  const test::StopAtExit stop_core(core);
  core.start("test");
  third.get_future().get();
  EXPECT_GE(core.turns(), 2U) << "the third one may still be under way";
}

TEST(Core, goes_on_when_tick_and_sockets_are_due_in_the_same_turn) {
  Core core(0);
  Event event(core);
  core.post([] { std::this_thread::sleep_for(3 * Core::tick); });  // both waits end while the core is busy
  int ticks = 0;
  core.on_tick([&](TimePoint) { ++ticks; });
  event.action = [&] {
    std::uint64_t value = 0;
    EXPECT_EQ(::read(event.fd, &value, sizeof value), 8);
  };
  const test::StopAtExit stop_core(core);
  core.start("test");
  while (run_on(core, [&] { return ticks; }) < 3)
    continue;
  core.stop();
  core.join();
}

TEST(Core, runs_what_was_posted_before_stop) {
  Core core(0);
  const test::StopAtExit stop_core(core);
  core.start("test");
  bool has_run = false;
  core.post([&] {
    core.stop();
    core.post([&] { has_run = true; });
  });
  core.join();
  EXPECT_TRUE(has_run);
}

TEST(Poller, drops_events_of_a_watcher_that_was_removed_in_the_same_batch) {
  Core core(0);
  int calls = 0;
  auto first = std::make_unique<Event>(core);
  auto second = std::make_unique<Event>(core);
  first->action = [&] {
    ++calls;
    second.reset();
    core.destroy_later(std::move(first));
  };
  second->action = [&] {
    ++calls;
    first.reset();
    core.destroy_later(std::move(second));
  };
  core.poller().wait(Duration{0});
  core.poller().dispatch();
  EXPECT_EQ(calls, 1);
}

TEST(Poller, survives_a_watcher_that_throws_and_serves_the_others) {
  Core core(0);
  Event first(core);
  Event second(core);
  bool is_served = false;
  first.action = [] { throw std::runtime_error("on purpose"); };
  second.action = [&] { is_served = true; };
  core.poller().wait(Duration{0});
  core.poller().dispatch();
  EXPECT_TRUE(is_served);
  EXPECT_EQ(core.poller().lost_callbacks(), 1U);
}

TEST(Poller, handles_more_ready_watchers_than_one_batch) {
  Core core(0);
  std::vector<std::unique_ptr<Event>> events;
  int calls = 0;
  for (int i = 0; i < 700; ++i) {
    events.push_back(std::make_unique<Event>(core));
    Event& event = *events.back();
    event.action = [&] {
      ++calls;
      core.poller().modify(event.fd, event, false, false);
    };
  }
  const test::StopAtExit stop_core(core);
  core.start("test");
  while (run_on(core, [&] { return calls; }) < 700)
    continue;
  run_on(core, [&] { events.clear(); });
  EXPECT_EQ(calls, 700);
}

}  // namespace
}  // namespace wscluster::net
