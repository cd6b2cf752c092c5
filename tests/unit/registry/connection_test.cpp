// SPDX-License-Identifier: MIT
#include "registry/connection.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "redis_server.hpp"
#include "registry/scripts.hpp"

namespace wscluster::registry {
namespace {

/// Accepts connections in its backlog and never answers.
class SilentListener {
 public:
  SilentListener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bound_ = ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(socket_, 8) == 0 &&
             ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    port_ = ntohs(address.sin_port);
  }
  ~SilentListener() { ::close(socket_); }
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;

  [[nodiscard]] bool is_bound() const { return bound_; }
  [[nodiscard]] int descriptor() const { return socket_; }
  [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_;
  bool bound_ = false;
  std::uint16_t port_ = 0;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Connection, answers_come_back_as_values) {
  const Options options = fresh_options();
  Connection connection(options);
  ASSERT_TRUE(connection.open());
  EXPECT_EQ(connection.command({"ECHO", std::string("a\0b", 3)})->text, std::string("a\0b", 3));
  EXPECT_TRUE(connection.command({"GET", options.cluster})->is_nil());
  EXPECT_EQ(connection.command({"INCR", options.cluster})->integer, 1);
  const auto nested = connection.command({"EVAL", "return {1, {'x', {}}, false}", "0"});
  ASSERT_TRUE(nested);
  EXPECT_EQ(nested->at(1).at(0).text, "x");
  EXPECT_TRUE(nested->at(2).is_nil());
  EXPECT_TRUE(nested->at(9).at(9).is_nil());
}

TEST(Connection, pipelines_keep_their_order_and_an_error_does_not_confuse_the_next) {
  Connection connection(fresh_options());
  ASSERT_TRUE(connection.open());
  const auto replies = connection.pipeline({{"ECHO", "1"}, {"ECHO", "2"}, {"ECHO", "3"}});
  ASSERT_TRUE(replies);
  EXPECT_EQ(replies->at(2).text, "3");
  EXPECT_FALSE(connection.pipeline({{"NONSENSE"}, {"ECHO", "2"}}));
  EXPECT_EQ(connection.command({"ECHO", "4"})->text, "4");
}

TEST(Connection, reads_and_writes_megabytes) {
  const Options options = fresh_options();
  Connection connection(options);
  ASSERT_TRUE(connection.open());
  const std::string large(5U << 20U, 'x');
  ASSERT_TRUE(connection.command({"SET", options.cluster, large}));
  EXPECT_EQ(connection.command({"GET", options.cluster})->text, large);
  ASSERT_TRUE(connection.command({"DEL", options.cluster}));
}

TEST(Connection, uses_a_unix_socket_and_a_database) {
  Options options = fresh_options();
  options.url = "unix://" + shared_redis().socket_path() + "?db=2";
  Connection local(options);
  const auto opened = local.open();
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_TRUE(local.command({"SET", options.cluster, "x"}));
  options.url = "redis://127.0.0.1:" + std::to_string(shared_redis().port()) + "/2";
  Connection tcp(options);
  ASSERT_TRUE(tcp.open());
  EXPECT_EQ(tcp.command({"GET", options.cluster})->text, "x");
  options.url = shared_redis().url();
  Connection other_database(options);
  ASSERT_TRUE(other_database.open());
  EXPECT_TRUE(other_database.command({"GET", options.cluster})->is_nil());
}

TEST(Connection, a_database_that_does_not_exist_is_refused) {
  Options options = fresh_options();
  options.url = "redis://127.0.0.1:" + std::to_string(shared_redis().port()) + "/99";
  const auto opened = Connection(options).open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::invalid);
}

TEST(Connection, names_resolve) {
  Options options = fresh_options();
  options.url = "redis://localhost:" + std::to_string(shared_redis().port());
  EXPECT_TRUE(Connection(options).open());
}

TEST(Connection, passwords_and_acl_users) {
  RedisServer server({"--requirepass", "s3cret", "--user", "ws", "on", ">other", "~*", "&*", "+@all"});
  Options options;
  options.url = server.url();

  auto opened = Connection(options).open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::permission);
  EXPECT_TRUE(contains(opened.error().message, "redis.password_file")) << opened.error().message;

  options.password = "wrong";
  opened = Connection(options).open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::permission);
  EXPECT_FALSE(contains(opened.error().message, "wrong ")) << opened.error().message;

  options.password = "s3cret";
  EXPECT_TRUE(Connection(options).open());

  options.username = "ws";
  EXPECT_EQ(Connection(options).open().error().code, Errc::permission);
  options.password = "other";
  EXPECT_TRUE(Connection(options).open());
  options.username.clear();
  options.url = "redis://ws@127.0.0.1:" + std::to_string(server.port());
  EXPECT_TRUE(Connection(options).open());
}

TEST(Connection, nobody_there_names_the_place_and_a_remedy) {
  Options options;
  {
    SilentListener listener;
    options.url = listener.url();
  }
  const auto opened = Connection(options).open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::unavailable);
  EXPECT_TRUE(contains(opened.error().message, options.url)) << opened.error().message;
  EXPECT_TRUE(contains(opened.error().message, "is redis-server running there?"));
}

TEST(Connection, a_server_that_never_answers_is_a_time_out) {
  const SilentListener listener;
  ASSERT_TRUE(listener.is_bound());
  Options options;
  options.url = listener.url();
  options.timeout = Duration(100);
  Connection connection(options);
  const auto opened = connection.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::timed_out);
  EXPECT_FALSE(connection.is_open());
}

TEST(Connection, another_protocol_is_recognised) {
  const SilentListener listener;
  Options options;
  options.url = listener.url();
  std::thread peer([&] {
    const int client = ::accept(listener.descriptor(), nullptr, nullptr);
    constexpr std::string_view answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    EXPECT_EQ(::send(client, answer.data(), answer.size(), MSG_NOSIGNAL), static_cast<ssize_t>(answer.size()));
    ::close(client);
  });
  const auto opened = Connection(options).open();
  peer.join();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::protocol) << opened.error().message;
}

TEST(Connection, opens_again_after_the_server_was_restarted) {
  RedisServer server;
  Options options;
  options.url = server.url();
  Connection connection(options);
  ASSERT_TRUE(connection.open());
  server.kill();
  EXPECT_FALSE(connection.command({"PING"}));
  EXPECT_FALSE(connection.is_open());
  server.start();
  ASSERT_TRUE(connection.open());
  EXPECT_EQ(connection.command({"PING"})->text, "PONG");
}

TEST(Connection, pushes_arrive_and_a_wake_up_ends_the_waiting) {
  const Options options = fresh_options();
  Connection listener(options);
  Connection speaker(options);
  ASSERT_TRUE(listener.open());
  ASSERT_TRUE(speaker.open());
  ASSERT_TRUE(listener.subscribe(options.cluster));
  EXPECT_FALSE(*listener.poll_push(Duration(5), -1));
  ASSERT_TRUE(speaker.command({"PUBLISH", options.cluster, "one"}));
  ASSERT_TRUE(speaker.command({"PUBLISH", options.cluster, "two"}));
  for (const char* expected : {"one", "two"}) {
    const auto pushed = listener.poll_push(Duration(5'000), -1);
    ASSERT_TRUE(pushed);
    ASSERT_TRUE(*pushed);
    EXPECT_EQ((*pushed)->at(2).text, expected);
  }
  const int wake = ::eventfd(1, EFD_CLOEXEC);
  const auto woken = listener.poll_push(Duration(60'000), wake);
  ::close(wake);
  ASSERT_TRUE(woken);
  EXPECT_FALSE(*woken);
}

TEST(Connection, a_script_is_sent_only_to_a_server_that_does_not_know_it) {
  const Options options = fresh_options();
  Connection connection(options);
  ASSERT_TRUE(connection.open());
  ASSERT_TRUE(connection.command({"SCRIPT", "FLUSH"}));
  const Connection::Command nobody{"nobody", "0000000000000001"};
  const std::string prefix = "wscluster:{" + options.cluster + "}:";
  EXPECT_EQ(connection.run(leave_script, prefix, nobody)->at(0).text, "conflict");
  const auto known = connection.command({"SCRIPT", "EXISTS", std::string(leave_script.sha1)});
  ASSERT_TRUE(known);
  EXPECT_EQ(known->at(0).integer, 1) << "the digest computed by the build is the one of Redis";
  EXPECT_EQ(connection.run(leave_script, prefix, nobody)->at(0).text, "conflict");
}

TEST(Connection, errors_of_redis_have_their_meaning) {
  const auto code = [](const char* line) { return explain_redis_error("redis://h:1", line).code; };
  EXPECT_EQ(code("NOAUTH Authentication required."), Errc::permission);
  EXPECT_EQ(code("NOPERM this user has no permissions to run the 'get' command"), Errc::permission);
  EXPECT_EQ(code("LOADING Redis is loading the dataset in memory"), Errc::unavailable);
  EXPECT_EQ(code("READONLY You can't write against a read only replica."), Errc::unavailable);
  EXPECT_EQ(code("MISCONF Redis is configured to save RDB snapshots"), Errc::unavailable);
  EXPECT_EQ(code("OOM command not allowed when used memory > 'maxmemory'."), Errc::limit);
  EXPECT_EQ(code("ERR Error running script (call to f_1): @user_script:3: WRONGTYPE Operation against a key"),
            Errc::invalid);
  EXPECT_EQ(code("ERR something new"), Errc::protocol);
}

}  // namespace
}  // namespace wscluster::registry
