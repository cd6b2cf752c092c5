// SPDX-License-Identifier: MIT
// What a connection shows of its TLS: certificates that change, certificates of clients, the end.
#include "fixture.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <cstdio>
#include <fstream>

namespace wscluster::edge {
namespace {

using namespace test;
using namespace std::chrono_literals;

/// A record of TLS 1.3 that holds an alert and nothing else: close_notify, when it comes at the end.
const std::string alert_head("\x17\x03\x03\x00\x13", 5);
constexpr std::size_t alert_bytes = 24;

std::shared_ptr<const net::TlsServer> tls_with(const net::TlsOptions& options) {
  const auto pair = net::Certificate::from_pem(certificate().certificate, certificate().key);
  return std::make_shared<const net::TlsServer>(net::TlsServer::make({*pair}, options).value());
}

/// All bytes on the wire up to the end, undeciphered.
std::string raw_to_end(int descriptor) {
  std::string all;
  std::string buffer(65'536, '\0');
  for (;;) {
    pollfd item{descriptor, POLLIN, 0};
    if (::poll(&item, 1, 5000) != 1) ADD_FAILURE() << "no end comes";
    const ssize_t got = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (got <= 0) return all;
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

/// Nothing more fits into the kernel's buffer of that socket.
void fill(int descriptor) {
  const std::string junk(65'536, 'x');
  while (::send(descriptor, junk.data(), junk.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
    continue;
}

/// A client over a pair of Unix sockets, where what is full stays full: TCP moves bytes on after send() has returned.
struct PairedClient {
  explicit PairedClient(Server& server) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    stream = net::Stream(ends[0], tls, "localhost");
    servers_end = ends[1];
    server.run([&] { server.edge->adopt(servers_end, "pair", true, true); });
    EXPECT_TRUE(server.eventually([this] { return stream.handshake() == net::IoStatus::ok; }));
    EXPECT_TRUE(server.eventually([&] { return server.edge->counters().handshakes_full == 1; }));
  }

  net::TlsClient tls = net::TlsClient::insecure();
  net::Stream stream;
  int servers_end = -1;
};

TEST(EdgeTls, P0_30_new_certificates_are_for_new_connections_only) {
  Server server(true);
  const auto before = server.connect_websocket();
  net::TlsOptions options;
  options.min_version = net::TlsVersion::v1_3;
  server.run([&] { server.edge->use_tls(tls_with(options)); });
  before->send_frame(Opcode::text, "still here");
  EXPECT_EQ(before->read_messages(1), std::vector<std::string>{"still here"});
  Client old(server.endpoint(), true, 0, [](net::TlsClient& tls) { tls.limit_to_tls12(); });
  EXPECT_FALSE(old.shake_hands());
  EXPECT_TRUE(server.connect_websocket());
}

TEST(EdgeTls, P0_33_the_application_sees_the_certificate_of_the_client) {
  const std::string file = testing::TempDir() + "/wscluster_edge_client_ca.pem";
  std::ofstream(file) << certificate().certificate;
  net::TlsOptions options;
  options.client_auth = net::ClientAuth::optional;
  options.client_ca_file = file;
  Server server(true);
  server.run([&] { server.edge->use_tls(tls_with(options)); });
  EXPECT_TRUE(server.connect_websocket());
  EXPECT_FALSE(server.run([&] { return server.application.last.client_certificate.has_value(); }));
  const std::string key_file = testing::TempDir() + "/wscluster_edge_client_key.pem";
  std::ofstream(key_file) << certificate().key;
  Client client(server.endpoint(), true, 0, [&](net::TlsClient& tls) {
    ASSERT_EQ(SSL_CTX_use_certificate_file(tls.context(), file.c_str(), SSL_FILETYPE_PEM), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey_file(tls.context(), key_file.c_str(), SSL_FILETYPE_PEM), 1);
  });
  ASSERT_TRUE(client.shake_hands()) << client.stream.failure();
  ASSERT_TRUE(client.upgrade());
  const auto seen = server.run([&] { return server.application.last.client_certificate; });
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->subject, "CN=localhost");
  EXPECT_EQ(seen->alt_names, (std::vector<std::string>{"DNS:localhost", "IP:127.0.0.1"}));
  EXPECT_EQ(seen->fingerprint.size(), 64U);
  EXPECT_EQ(seen->pem, certificate().certificate);
}

TEST(EdgeTls, P0_25_close_notify_comes_before_the_end) {
  Server server(true);
  const auto client = server.connect();
  server.run([&] { server.edge->drain(1012, "", 0); });
  const std::string rest = raw_to_end(client->stream.descriptor());
  ASSERT_GE(rest.size(), alert_bytes);
  EXPECT_EQ(rest.substr(rest.size() - alert_bytes, alert_head.size()), alert_head);
}

TEST(EdgeTls, P0_25_close_notify_waits_until_the_kernel_takes_it) {
  Options options;
  options.close_notify_flush_timeout = 1h;
  Server server(true, options);
  const PairedClient client(server);
  server.run([&] {
    fill(client.servers_end);
    server.edge->drain(1012, "", 0);
  });
  EXPECT_EQ(server.run([&] { return server.edge->size(); }), 1U);
  const std::string rest = raw_to_end(client.stream.descriptor());
  ASSERT_GE(rest.size(), alert_bytes);
  EXPECT_EQ(rest.substr(rest.size() - alert_bytes, alert_head.size()), alert_head);
}

TEST(EdgeTls, P0_25_who_takes_no_close_notify_is_cut) {
  Options options;
  options.close_notify_flush_timeout = 30ms;
  options.close_notify_read_timeout = 1h;
  options.close_timeout = 1h;
  Server server(true, options);
  const PairedClient client(server);
  server.run([&] {
    fill(client.servers_end);
    server.edge->drain(1012, "", 0);
  });
  EXPECT_TRUE(server.eventually([&] { return server.edge->size() == 0; }));
}

TEST(EdgeTls, P0_25_who_answers_no_close_notify_is_cut) {
  Options options;
  options.close_notify_flush_timeout = 1h;
  options.close_notify_read_timeout = 30ms;
  options.close_timeout = 1h;
  Server server(true, options);
  const auto client = server.connect();
  server.run([&] { server.edge->drain(1012, "", 0); });
  EXPECT_TRUE(server.eventually([&] { return server.edge->size() == 0; }));
}

TEST(EdgeTls, P0_25_the_time_of_close_notify_is_for_tls_only) {
  Options options;
  options.close_notify_flush_timeout = 1h;
  options.close_notify_read_timeout = 1h;
  options.close_timeout = 30ms;
  Server server(false, options);
  const auto client = server.connect();
  server.run([&] { server.edge->drain(1012, "", 0); });
  EXPECT_TRUE(server.eventually([&] { return server.edge->size() == 0; }));
}

TEST(EdgeTls, P0_25_a_client_that_goes_without_close_notify_is_an_ordinary_end) {
  Server server(true);
  const auto client = server.connect_websocket();
  ::shutdown(client->stream.descriptor(), SHUT_WR);
  EXPECT_TRUE(server.sees("gone client 1006"));
  EXPECT_EQ(server.ended(CloseReason::transport), 0U);
}

}  // namespace
}  // namespace wscluster::edge
