// SPDX-License-Identifier: MIT
#include "net/tls.hpp"

#include "sockets.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <algorithm>
#include <fstream>

namespace wscluster::net {
namespace {

using namespace test;

struct Ends {
  IoStatus client = IoStatus::ok;
  IoStatus server = IoStatus::ok;
  std::string client_failure;
  std::string server_failure;
  std::string protocol;
  bool is_resumed = false;
};

Ends connect(TlsClient& client_tls, TlsServer& server_tls, const std::string& name = "localhost") {
  const auto [a, b] = socket_pair();
  Stream client(a, client_tls, name);
  Stream server(b, server_tls);
  auto [at_client, at_server] = handshake(client, server);
  std::string buffer(64, '\0');
  // In TLS 1.3 a client learns of its refusal, and of its ticket, with the first read.
  if (at_client == IoStatus::ok && client.read(buffer).status == IoStatus::failed) at_client = IoStatus::failed;
  return {at_client,
          at_server,
          std::string(client.failure()),
          std::string(server.failure()),
          std::string(client.protocol()),
          server.is_resumed()};
}

PskKey key_of(const std::string& identity, unsigned char fill) {
  PskKey key{identity, {}};
  key.key.fill(fill);
  return key;
}

TEST(TlsServer, speaks_tls_13_and_12_with_forward_secrecy) {
  TlsServer server = tls_server();
  TlsClient client = TlsClient::trusting_pem(certificate().certificate).value();
  EXPECT_EQ(connect(client, server).protocol, "TLSv1.3 TLS_AES_128_GCM_SHA256");
  client.limit_to_tls12();
  const Ends old = connect(client, server);
  EXPECT_EQ(old.server, IoStatus::ok) << old.server_failure;
  EXPECT_EQ(old.protocol.substr(0, 13), "TLSv1.2 ECDHE");
}

TEST(TlsServer, resumes_with_a_stateless_ticket) {
  TlsServer server = tls_server();
  TlsClient client = TlsClient::insecure();
  client.resume_sessions();
  EXPECT_FALSE(connect(client, server).is_resumed);
  EXPECT_TRUE(connect(client, server).is_resumed);
  EXPECT_EQ(SSL_CTX_sess_number(server.context()), 0);
}

TEST(TlsClient, refuses_another_name_and_an_unknown_issuer) {
  TlsServer server = tls_server();
  TlsClient client = TlsClient::trusting_pem(certificate().certificate).value();
  EXPECT_EQ(connect(client, server, "127.0.0.1").client, IoStatus::ok);
  const Ends other_name = connect(client, server, "example.org");
  EXPECT_EQ(other_name.client, IoStatus::failed);
  EXPECT_NE(other_name.client_failure.find("ostname"), std::string::npos) << other_name.client_failure;
  TlsClient stranger = TlsClient::trusting_pem(make_self_signed("ca", {}, 1).certificate).value();
  EXPECT_EQ(connect(stranger, server).client, IoStatus::failed);
}

TEST(Psk, lets_in_whoever_knows_one_of_the_keys) {
  TlsServer server = TlsServer::psk({key_of("new", 1), key_of("old", 2)});
  for (const auto& key : {key_of("new", 1), key_of("old", 2)}) {
    TlsClient client = TlsClient::psk(key);
    const Ends ends = connect(client, server);
    EXPECT_EQ(ends.server, IoStatus::ok) << ends.server_failure;
    EXPECT_EQ(ends.client, IoStatus::ok) << ends.client_failure;
    EXPECT_EQ(ends.protocol, "TLSv1.3 TLS_AES_128_GCM_SHA256");
  }
}

TEST(Psk, says_clearly_that_the_keys_differ) {
  TlsServer server = TlsServer::psk({key_of("cluster", 1)});
  for (const auto& key : {key_of("cluster", 9), key_of("other", 1)}) {
    TlsClient client = TlsClient::psk(key);
    const Ends ends = connect(client, server);
    EXPECT_EQ(ends.server, IoStatus::failed);
    EXPECT_NE(ends.server_failure.find("another cluster key"), std::string::npos) << ends.server_failure;
    EXPECT_NE(ends.client, IoStatus::ok);
    EXPECT_NE(ends.client_failure.find("another cluster key"), std::string::npos) << ends.client_failure;
  }
}

TEST(Psk, does_not_fall_back_to_certificates) {
  TlsServer with_certificate = tls_server();
  TlsClient client = TlsClient::psk(key_of("cluster", 1));
  EXPECT_NE(connect(client, with_certificate).client, IoStatus::ok);
  TlsServer with_psk = TlsServer::psk({key_of("cluster", 1)});
  TlsClient plain = TlsClient::insecure();
  EXPECT_NE(connect(plain, with_psk).server, IoStatus::ok);
}

TEST(Tls, tells_plain_http_on_a_tls_port) {
  TlsServer tls = tls_server();
  const auto [a, b] = socket_pair();
  Stream client(a);
  Stream server(b, tls);
  ASSERT_GT(client.write(std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).bytes, 0U);
  EXPECT_EQ(server.handshake(), IoStatus::failed);
  EXPECT_TRUE(server.got_http()) << server.failure();
  server.drop_tls();
  read_all(client);
  EXPECT_EQ(server.write(std::string("HTTP/1.1 400")).bytes, 12U);
  EXPECT_NE(read_all(client).find("HTTP/1.1 400"), std::string::npos);
}

}  // namespace
}  // namespace wscluster::net
