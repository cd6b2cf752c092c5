// SPDX-License-Identifier: MIT
#include "net/connect.hpp"

#include "net/listener.hpp"
#include "sockets.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace wscluster::net {
namespace {

TEST(Connect, says_which_address_refused) {
  Endpoint unused;
  {
    Core core(0);
    unused = Listener(core, {"127.0.0.1", 0}, [](const Accepted&) {}).local_endpoint();
  }
  const auto fd = connect_blocking(unused, Clock::now() + Duration(5000));
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().code, Errc::unavailable);
  EXPECT_NE(fd.error().message.find(unused.to_string()), std::string::npos) << fd.error().message;
}

TEST(Connect, binds_the_source_address_that_was_asked_for) {
  Core core(0);
  std::promise<std::string> peer;
  const Listener listener(core, {"127.0.0.1", 0}, [&](const Accepted& accepted) {
    ::close(accepted.descriptor);
    peer.set_value(accepted.peer);
  });
  const test::StopAtExit stop_core(core);
  core.start("test");
  const auto fd =
      connect_blocking(listener.local_endpoint(), Clock::now() + Duration(5000), {"127.0.0.7", Duration(1000)});
  ASSERT_TRUE(fd) << fd.error().message;
  EXPECT_EQ(peer.get_future().get(), "127.0.0.7");
  ::close(*fd);
}

TEST(Connect, resolves_names_and_addresses_without_blocking_the_core) {
  Core core(0);
  const test::StopAtExit stop_core(core);
  core.start("test");
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    std::promise<Result<std::vector<SocketAddress>>> promise;
    core.post([&] { resolve_later(core, {host, 80}, [&](auto found) { promise.set_value(std::move(found)); }); });
    const auto found = promise.get_future().get();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_TRUE(found->front().is_loopback());
  }
  EXPECT_FALSE(numeric_address({"localhost", 80}));
}

TEST(Connect, fails_for_a_name_that_does_not_exist) {
  const auto fd = connect_blocking({"no-such-host.invalid", 1}, Clock::now() + Duration(1000));
  ASSERT_FALSE(fd);
  EXPECT_NE(fd.error().message.find("no-such-host.invalid"), std::string::npos);
}

}  // namespace
}  // namespace wscluster::net
