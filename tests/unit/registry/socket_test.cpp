// SPDX-License-Identifier: MIT
#include "registry/socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

namespace wscluster::registry {
namespace {

struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0) {
      near = Socket(ends[0]);
      far = Socket(ends[1]);
    }
  }
  Socket near;
  Socket far;
};

TimePoint soon() {
  return Clock::now() + Duration(30);
}

TEST(Socket, reads_what_the_other_end_wrote) {
  Pair pair;
  ASSERT_TRUE(pair.far.write_all("hello", soon()));
  std::array<char, 16> bytes{};
  const auto count = pair.near.read_some(bytes, soon());
  ASSERT_TRUE(count);
  EXPECT_EQ(std::string(bytes.data(), *count), "hello");
}

TEST(Socket, reading_ends_at_the_deadline) {
  Pair pair;
  std::array<char, 16> bytes{};
  const auto count = pair.near.read_some(bytes, soon());
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, Errc::timed_out);
}

TEST(Socket, writing_to_somebody_who_does_not_read_ends_at_the_deadline) {
  Pair pair;
  const auto written = pair.near.write_all(std::string(64U << 20U, 'x'), soon());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::timed_out);
}

TEST(Socket, the_end_of_the_stream_is_told) {
  Pair pair;
  pair.far.close();
  std::array<char, 16> bytes{};
  EXPECT_EQ(pair.near.read_some(bytes, soon()).error().code, Errc::closed);
  EXPECT_EQ(pair.near.write_all("x", soon()).error().code, Errc::closed);
}

TEST(Socket, an_unknown_name_and_a_missing_socket_are_unavailable) {
  Target target;
  target.host = "no-such-host.invalid";
  target.port = 1;
  const auto by_name = Socket::connect(target, Options(), Clock::now() + Duration(2'000));
  ASSERT_FALSE(by_name);
  EXPECT_TRUE(by_name.error().code == Errc::unavailable || by_name.error().code == Errc::timed_out);
  target.path = "/nonexistent/redis.sock";
  const auto by_path = Socket::connect(target, Options(), soon());
  ASSERT_FALSE(by_path);
  EXPECT_EQ(by_path.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace wscluster::registry
