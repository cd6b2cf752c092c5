// SPDX-License-Identifier: MIT
#include "net/stream.hpp"

#include "net/connect.hpp"
#include "net/listener.hpp"
#include "sockets.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <map>
#include <thread>

namespace wscluster::net {
namespace {

using namespace test;

std::string pattern(std::size_t size, char seed) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>(static_cast<std::size_t>(seed) + i * 7 + i / 251);
  return text;
}

/// Sends and receives until everything has arrived, in whatever pieces the kernel takes.
std::string transfer(Stream& from, Stream& to, std::string_view bytes, std::size_t buffer_bytes) {
  std::string arrived;
  while (!bytes.empty()) {
    const IoResult written = from.write(bytes);
    EXPECT_NE(written.status, IoStatus::failed) << from.failure();
    if (written.status == IoStatus::failed) return arrived;
    bytes.remove_prefix(written.bytes);
    arrived += read_all(to, buffer_bytes);
  }
  while (is_readable(to.descriptor()))
    arrived += read_all(to, buffer_bytes);
  return arrived;
}

class StreamPair : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto [a, b] = socket_pair(16384);
    if (GetParam() == "plain") {
      client = Stream(a);
      server = Stream(b);
      return;
    }
    if (GetParam() == "tls12") tls_client.limit_to_tls12();
    client = Stream(a, tls_client, "localhost");
    server = Stream(b, tls);
    ASSERT_EQ(handshake(client, server), std::pair(IoStatus::ok, IoStatus::ok)) << client.failure() << server.failure();
  }

  TlsServer tls = tls_server();
  TlsClient tls_client = TlsClient::trusting_pem(certificate().certificate).value();
  Stream client;
  Stream server;
};

TEST_P(StreamPair, carries_more_than_the_kernel_takes_at_once_both_ways) {
  const std::string up = pattern(300'000, 1);
  const std::string down = pattern(200'000, 2);
  EXPECT_TRUE(transfer(client, server, up, 1000) == up);
  EXPECT_TRUE(transfer(server, client, down, 70'000) == down);
}

TEST_P(StreamPair, leaves_nothing_behind_when_a_burst_of_small_records_was_read_until_would_block) {
  std::string sent;
  for (int i = 0; i < 20; ++i) {
    const std::string one = pattern(50, static_cast<char>(i));
    ASSERT_EQ(client.write(one).bytes, one.size());
    sent += one;
  }
  EXPECT_EQ(read_all(server, 64), sent);
  EXPECT_FALSE(is_readable(server.descriptor()));
}

TEST_P(StreamPair, tells_an_orderly_end_and_can_still_write_back) {
  ASSERT_EQ(client.write(std::string("bye")).bytes, 3U);
  client.shutdown_write();
  IoStatus end = IoStatus::ok;
  EXPECT_EQ(read_all(server, 64, &end), "bye");
  EXPECT_EQ(end, IoStatus::closed);
  ASSERT_EQ(server.write(std::string("you too")).bytes, 7U);
  EXPECT_EQ(read_all(client), "you too");
}

TEST_P(StreamPair, takes_an_end_without_close_notify_as_closed) {
  read_all(client);  // the ticket: closing with unread bytes is a reset
  client.close();
  IoStatus end = IoStatus::ok;
  EXPECT_EQ(read_all(server, 64, &end), "");
  EXPECT_EQ(end, IoStatus::closed);
}

TEST_P(StreamPair, goes_on_when_the_buffer_moves_and_grows_after_would_block) {
  const std::string all = pattern(200'000, 9);
  std::string queue = all.substr(0, 100'000);
  const std::size_t taken = server.write(queue).bytes;
  ASSERT_LT(taken, queue.size());
  std::string moved = queue.substr(taken) + all.substr(100'000);
  queue.clear();
  std::string arrived = read_all(client);
  while (!moved.empty()) {
    const IoResult more = server.write(moved);
    ASSERT_NE(more.status, IoStatus::failed) << server.failure();
    moved = moved.substr(more.bytes);
    arrived += read_all(client);
  }
  arrived += read_all(client);
  EXPECT_TRUE(arrived == all);
}

INSTANTIATE_TEST_SUITE_P(Kinds, StreamPair, testing::Values("plain", "tls12", "tls13"),
                         [](const auto& test) { return test.param; });

TEST(Stream, keeps_the_bytes_of_two_tls_streams_apart_when_their_reads_interleave) {
  TlsServer tls = tls_server();
  TlsClient client_tls = TlsClient::insecure();
  std::vector<Stream> clients;
  std::vector<Stream> servers;
  for (int i = 0; i < 2; ++i) {
    const auto [a, b] = socket_pair();
    clients.emplace_back(a, client_tls, "");
    servers.emplace_back(b, tls);
    ASSERT_EQ(handshake(clients.back(), servers.back()).second, IoStatus::ok);
  }
  const std::string first = pattern(40'000, 1);
  const std::string second = pattern(40'000, 2);
  ASSERT_EQ(clients[0].write(first).bytes, first.size());
  ASSERT_EQ(clients[1].write(second).bytes, second.size());
  // A full buffer: the first stream has more inside while the second one is read.
  std::string got_first(1000, '\0');
  ASSERT_EQ(servers[0].read(got_first).bytes, got_first.size());
  std::string got_second = read_all(servers[1]);
  got_first += read_all(servers[0]);
  while (is_readable(servers[1].descriptor()))
    got_second += read_all(servers[1]);
  EXPECT_TRUE(got_first == first);
  EXPECT_TRUE(got_second == second);
}

TEST(Stream, forgets_unread_bytes_of_a_stream_that_was_closed) {
  TlsServer tls = tls_server();
  TlsClient client_tls = TlsClient::insecure();
  for (int round = 0; round < 2; ++round) {
    const auto [a, b] = socket_pair();
    Stream client(a, client_tls, "");
    Stream server(b, tls);
    ASSERT_EQ(handshake(client, server).second, IoStatus::ok) << server.failure();
    const std::string sent = pattern(30'000, static_cast<char>(round));
    ASSERT_EQ(client.write(sent).bytes, sent.size());
    std::string got(100, '\0');
    ASSERT_EQ(server.read(got).bytes, got.size());
    EXPECT_EQ(got, sent.substr(0, 100));
  }
}

TEST(Stream, keeps_data_that_arrives_with_the_end_of_the_handshake_readable) {
  TlsServer tls = tls_server();
  TlsClient client_tls = TlsClient::insecure();
  const auto [a, b] = socket_pair();
  Stream client(a, client_tls, "");
  Stream server(b, tls);
  ASSERT_EQ(client.handshake(), IoStatus::would_block);
  ASSERT_EQ(server.handshake(), IoStatus::would_block);
  ASSERT_EQ(client.handshake(), IoStatus::ok);
  ASSERT_EQ(client.write(std::string("early bird")).bytes, 10U);
  ASSERT_EQ(server.handshake(), IoStatus::ok);
  EXPECT_TRUE(is_readable(server.descriptor()));
  EXPECT_EQ(read_all(server), "early bird");
}

TEST(Stream, may_move_to_another_thread_after_its_handshake) {
  TlsServer tls = tls_server();
  TlsClient client_tls = TlsClient::insecure();
  const auto [a, b] = socket_pair();
  Stream client(a, client_tls, "");
  Stream server(b, tls);
  ASSERT_EQ(handshake(client, server).second, IoStatus::ok);
  const std::string sent = pattern(30'000, 5);
  ASSERT_EQ(client.write(sent).bytes, sent.size());
  std::string got;
  std::thread([moved = std::move(server), &got]() mutable {
    got = read_all(moved);
    EXPECT_EQ(moved.write(std::string("ok")).bytes, 2U);
  }).join();
  EXPECT_TRUE(got == sent);
  EXPECT_EQ(read_all(client), "ok");
}

TEST(Stream, reports_a_reset_peer_as_failed_not_as_a_signal) {
  const auto [a, b] = socket_pair();
  Stream left(a);
  ::close(b);
  EXPECT_EQ(left.write(std::string("x")).status, IoStatus::failed);
  EXPECT_FALSE(left.failure().empty());
}

/// Echoes on its core until the client is gone.
struct Echo : Watcher {
  Echo(Core& on, int fd, TlsServer& tls) : core(on), stream(fd, tls) { core.poller().add(fd, *this); }
  ~Echo() override { core.poller().remove(stream.descriptor(), *this); }
  void on_ready(bool, bool) override {
    if (stream.handshake() != IoStatus::ok) return;
    IoStatus end = IoStatus::ok;
    out += read_all(stream, 4096, &end);
    const IoResult written = stream.write(out);
    out.erase(0, written.bytes);
    core.poller().modify(stream.descriptor(), *this, end == IoStatus::would_block, !out.empty());
  }
  Core& core;
  Stream stream;
  std::string out;
};

TEST(Stream, echoes_for_many_tls_clients_on_two_cores) {
  TlsServer tls = tls_server();
  Core first(0);
  Core second(1);
  std::map<Core*, std::vector<std::unique_ptr<Echo>>> echoes;
  echoes[&first];
  echoes[&second];
  const std::array<Core*, 2> cores{&first, &second};
  const Listener listener(first, {"127.0.0.1", 0}, distribute(cores, [&](Core& core, Accepted accepted) {
                            echoes.at(&core).push_back(std::make_unique<Echo>(core, accepted.descriptor, tls));
                          }));
  const StopAtExit stop_first(first);
  const StopAtExit stop_second(second);
  first.start("one");
  second.start("two");
  TlsClient client_tls = TlsClient::insecure();
  for (int i = 0; i < 6; ++i) {
    const auto fd = connect_blocking(listener.local_endpoint(), Clock::now() + Duration(5000));
    ASSERT_TRUE(fd) << fd.error().message;
    Stream client(*fd, client_tls, "");
    while (client.handshake() == IoStatus::would_block)
      ASSERT_TRUE(is_readable(*fd, 5000));
    const std::string sent = pattern(100'000, static_cast<char>(i));
    std::string_view rest = sent;
    std::string got;
    while (got.size() < sent.size()) {
      rest.remove_prefix(client.write(rest).bytes);
      ASSERT_TRUE(is_readable(*fd, 5000));
      got += read_all(client);
    }
    EXPECT_TRUE(got == sent);
  }
  EXPECT_EQ(run_on(first, [&] { return echoes[&first].size(); }), 3U);
  EXPECT_EQ(run_on(second, [&] { return echoes[&second].size(); }), 3U);
  run_on(first, [&] { echoes.at(&first).clear(); });
  run_on(second, [&] { echoes.at(&second).clear(); });
}

}  // namespace
}  // namespace wscluster::net
