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

std::string file_with(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/wscluster_tls_" + name;
  std::ofstream(path) << text;
  return path;
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

TEST(TlsServer, refuses_tls_11) {
  TlsServer server = tls_server();
  TlsClient client = TlsClient::insecure();
  SSL_CTX_set_min_proto_version(client.context(), TLS1_1_VERSION);
  SSL_CTX_set_max_proto_version(client.context(), TLS1_1_VERSION);
  SSL_CTX_set_security_level(client.context(), 0);
  EXPECT_EQ(connect(client, server).server, IoStatus::failed);
}

TEST(TlsServer, refuses_a_client_that_offers_only_http2) {
  TlsServer server = tls_server();
  TlsClient client = TlsClient::insecure();
  SSL_CTX_set_alpn_protos(client.context(), reinterpret_cast<const unsigned char*>("\x02h2"), 3);
  const Ends ends = connect(client, server);
  EXPECT_EQ(ends.server, IoStatus::failed);
  EXPECT_NE(ends.client_failure.find("no application protocol"), std::string::npos) << ends.client_failure;
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

TEST(TlsServer, names_the_file_and_the_remedy_of_bad_certificates_and_keys) {
  const std::string certificate_path = file_with("certificate.pem", certificate().certificate);
  const std::string key_path = file_with("key.pem", certificate().key);
  EXPECT_TRUE(TlsServer::from_files(certificate_path, key_path));

  const auto missing = TlsServer::from_files("/nonexistent/c.pem", key_path);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("/nonexistent/c.pem"), std::string::npos);

  const std::string junk = file_with("junk.pem", "hello");
  const auto no_certificate = TlsServer::from_files(junk, key_path);
  ASSERT_FALSE(no_certificate);
  EXPECT_NE(no_certificate.error().message.find(junk + " holds no PEM certificate"), std::string::npos);

  const auto no_key = TlsServer::from_files(certificate_path, junk);
  ASSERT_FALSE(no_key);
  EXPECT_NE(no_key.error().message.find(junk + " holds no PEM private key"), std::string::npos);

  const std::string other = file_with("other.pem", make_self_signed("other", {}, 1).key);
  const auto mismatch = TlsServer::from_files(certificate_path, other);
  ASSERT_FALSE(mismatch);
  EXPECT_NE(mismatch.error().message.find("does not belong to the certificate in " + certificate_path),
            std::string::npos);
}

TEST(TlsServer, accepts_an_expired_certificate_and_says_when_it_ended) {
  const SelfSigned old = make_self_signed("localhost", {}, -1);
  const auto server = TlsServer::from_pem(old.certificate, old.key);
  ASSERT_TRUE(server);
  EXPECT_LT(server->expires(), WallClock::now());
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
