// SPDX-License-Identifier: MIT
#include "net/listener.hpp"

#include "base/error.hpp"
#include "net/connect.hpp"
#include "sockets.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace wscluster::net {
namespace {

using test::run_on;

Result<int> dial(const Listener& listener) {
  return connect_blocking(listener.local_endpoint(), Clock::now() + Duration(5000));
}

TEST(Listener, chooses_a_port_and_tells_who_connects) {
  Core core(0);
  std::promise<Accepted> promise;
  const Listener listener(core, {"127.0.0.1", 0}, [&](Accepted accepted) { promise.set_value(std::move(accepted)); });
  EXPECT_NE(listener.local_endpoint().port, 0);
  const test::StopAtExit stop_core(core);
  core.start("test");
  const auto fd = dial(listener);
  ASSERT_TRUE(fd);
  const Accepted accepted = promise.get_future().get();
  EXPECT_EQ(accepted.peer, "127.0.0.1");
  EXPECT_TRUE(accepted.is_loopback);
  ::close(accepted.descriptor);
  ::close(*fd);
}

TEST(Listener, names_the_address_and_the_remedy_when_the_port_is_in_use) {
  Core core(0);
  const Listener first(core, {"127.0.0.1", 0}, [](const Accepted&) {});
  try {
    const Listener second(core, first.local_endpoint(), [](const Accepted&) {});
    FAIL() << "two listeners on one port";
  } catch (const wscluster::Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::os_error);
    EXPECT_NE(std::string(failure.what()).find(first.local_endpoint().to_string()), std::string::npos);
    EXPECT_NE(failure.hint().find("another port"), std::string::npos);
  }
}

TEST(Listener, refuses_an_address_of_another_host) {
  Core core(0);
  EXPECT_THROW(Listener(core, {"192.0.2.1", 0}, [](const Accepted&) {}), wscluster::Failure);
}

TEST(Listener, P0_37_leaves_clients_in_the_backlog_while_paused) {
  Core core(0);
  std::vector<int> sockets;
  Listener listener(core, {"127.0.0.1", 0}, [&](const Accepted& accepted) { sockets.push_back(accepted.descriptor); });
  listener.pause();
  const test::StopAtExit stop_core(core);
  core.start("test");
  const auto fd = dial(listener);
  ASSERT_TRUE(fd);
  EXPECT_EQ(run_on(core, [&] { return sockets.size(); }), 0U);
  run_on(core, [&] { listener.resume(); });
  while (run_on(core, [&] { return sockets.empty(); }))
    continue;
  ::close(sockets.front());
  ::close(*fd);
}

TEST(Listener, P0_37_closes_clients_when_descriptors_run_out_and_recovers) {
  Core core(0);
  std::vector<int> sockets;
  const Listener listener(core, {"127.0.0.1", 0},
                          [&](const Accepted& accepted) { sockets.push_back(accepted.descriptor); });
  const test::StopAtExit stop_core(core);
  core.start("test");
  run_on(core, [] {});
  std::vector<int> clients;
  for (int i = 0; i < 2; ++i) {
    const auto fd = start_connect(numeric_address(listener.local_endpoint()).value());
    ASSERT_TRUE(fd);
    clients.push_back(*fd);
    if (i > 0) break;
    while (run_on(core, [&] { return sockets.empty(); }))
      continue;
    // From now on the process may open nothing: the lowest free number is above the limit; the second client's socket
    // comes first.
    const int next = ::dup(0);
    ::close(next);
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit tight{static_cast<rlim_t>(next) + 1, limit.rlim_max};
    const auto restore = [limit] { ::setrlimit(RLIMIT_NOFILE, &limit); };
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    const auto second = start_connect(numeric_address(listener.local_endpoint()).value());
    if (!second) restore();
    ASSERT_TRUE(second);
    clients.push_back(*second);
    const bool is_closed = test::is_readable(*second, 5000);
    char byte = 0;
    const bool is_end = ::recv(*second, &byte, 1, 0) <= 0;
    restore();
    EXPECT_TRUE(is_closed && is_end);
    EXPECT_GE(run_on(core, [&] { return listener.out_of_descriptors(); }), 1U);
  }
  while (run_on(core, [&] { return sockets.size(); }) < 2)
    continue;
  for (const int fd : clients)
    ::close(fd);
  for (const int fd : sockets)
    ::close(fd);
}

}  // namespace
}  // namespace wscluster::net
