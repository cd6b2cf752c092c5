// SPDX-License-Identifier: MIT
#include "net/signals.hpp"

#include "sockets.hpp"

#include <gtest/gtest.h>
#include <csignal>

namespace wscluster::net {
namespace {

TEST(Signals, stops_in_order_first_and_at_once_the_second_time) {
  Core core(0);
  std::promise<void> reload;
  std::promise<int> graceful;
  std::promise<int> force;
  const Signals signals(core, {[&](int signal) { graceful.set_value(signal); },
                               [&](int signal) { force.set_value(signal); }, [&] { reload.set_value(); }});
  const test::StopAtExit stop_core(core);
  core.start("test");
  ::raise(SIGHUP);
  reload.get_future().get();
  ::raise(SIGTERM);
  EXPECT_EQ(graceful.get_future().get(), SIGTERM);
  ::raise(SIGINT);
  EXPECT_EQ(force.get_future().get(), SIGINT);
  core.stop();
  core.join();
}

}  // namespace
}  // namespace wscluster::net
