// SPDX-License-Identifier: MIT
#include "net/ticket_keys.hpp"

#include "sockets.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <algorithm>
#include <memory>
#include <stdexcept>

namespace wscluster::net {
namespace {

using namespace test;

TicketKeys::Derive secret(unsigned char number) {
  return [number](std::uint64_t period) {
    TicketKey key;
    key.name.fill(number);
    for (std::size_t i = 0; i < sizeof period; ++i)
      key.name[i] = static_cast<unsigned char>(period >> (8 * i));
    key.cipher_key.fill(static_cast<unsigned char>(number + period));
    key.mac_key.fill(static_cast<unsigned char>(number + period + 1));
    return key;
  };
}

/// Servers of one cluster, as far as their secrets are equal, and one client that keeps its last ticket. TLS 1.3
/// and 1.2.
class Tickets : public testing::TestWithParam<bool> {
 protected:
  Tickets() {
    client.resume_sessions();
    if (GetParam()) client.limit_to_tls12();
  }

  TlsServer server_with(std::vector<TicketKeys::Derive> secrets) {
    TlsServer server = tls_server();
    server.use_ticket_keys(std::make_shared<TicketKeys>(std::move(secrets), [this] { return now; }));
    return server;
  }
  /// Whether the client was known by its ticket. It must be let in in any case.
  bool resumes_at(TlsServer& tls) {
    const auto [a, b] = socket_pair();
    Stream here(a, client, "localhost");
    Stream there(b, tls);
    const auto [at_client, at_server] = handshake(here, there);
    EXPECT_EQ(at_client, IoStatus::ok) << here.failure();
    EXPECT_EQ(at_server, IoStatus::ok) << there.failure();
    std::string buffer(64, '\0');
    EXPECT_EQ(here.read(buffer).status, IoStatus::would_block);  // takes the ticket of TLS 1.3
    EXPECT_EQ(SSL_CTX_sess_number(tls.context()), 0) << "the server keeps sessions";
    return there.is_resumed();
  }

  WallClock::time_point now = WallClock::time_point(100'000 * TicketKeys::period);
  TlsClient client = TlsClient::insecure();
};

INSTANTIATE_TEST_SUITE_P(Versions, Tickets, testing::Bool(),
                         [](const auto& version) { return version.param ? "tls12" : "tls13"; });

TEST_P(Tickets, of_a_secret_that_was_replaced_open_only_while_it_is_accepted) {
  const auto keys = std::make_shared<TicketKeys>(std::vector{secret(1)});
  TlsServer server = tls_server();
  server.use_ticket_keys(keys);
  EXPECT_FALSE(resumes_at(server));
  keys->use_secrets({secret(2), secret(1)});
  EXPECT_TRUE(resumes_at(server));
  keys->use_secrets({secret(3)});
  EXPECT_FALSE(resumes_at(server));
}

TEST_P(Tickets, resume_at_another_server_with_the_same_secret) {
  TlsServer one = server_with({secret(1)});
  TlsServer two = server_with({secret(1)});
  EXPECT_FALSE(resumes_at(one));
  EXPECT_TRUE(resumes_at(two));
  EXPECT_TRUE(resumes_at(one));
}

TEST_P(Tickets, are_worthless_at_a_server_with_another_secret) {
  TlsServer one = server_with({secret(1)});
  TlsServer stranger = server_with({secret(2)});
  TlsServer alone = tls_server();
  EXPECT_FALSE(resumes_at(one));
  EXPECT_FALSE(resumes_at(stranger));
  EXPECT_FALSE(resumes_at(alone));
  EXPECT_FALSE(resumes_at(one)) << "the last ticket is not of this server";
}

TEST_P(Tickets, of_the_secret_before_are_good_and_replaced) {
  TlsServer before = server_with({secret(1)});
  TlsServer rotated = server_with({secret(2), secret(1)});
  TlsServer after = server_with({secret(2)});
  EXPECT_FALSE(resumes_at(before));
  EXPECT_TRUE(resumes_at(rotated));
  // The client of OpenSSL does not report the renewed ticket of TLS 1.2.
  EXPECT_TRUE(GetParam() || resumes_at(after)) << "the ticket was not renewed under the new secret";
}

TEST_P(Tickets, outlive_one_rotation_and_are_refused_after_two) {
  TlsServer server = server_with({secret(1)});
  EXPECT_FALSE(resumes_at(server));
  now += TicketKeys::period;
  // Not renewed here: the next server must still know the old one.
  TlsServer next = server_with({secret(1)});
  EXPECT_TRUE(resumes_at(next));

  TlsServer fresh = server_with({secret(1)});
  client = TlsClient::insecure();
  client.resume_sessions();
  if (GetParam()) client.limit_to_tls12();
  EXPECT_FALSE(resumes_at(fresh));
  now += 2 * TicketKeys::period;
  EXPECT_FALSE(resumes_at(fresh));
  EXPECT_TRUE(resumes_at(fresh)) << "the full handshake gave no ticket";
}

TEST_P(Tickets, of_a_server_whose_clock_is_ahead_are_good) {
  TlsServer here = server_with({secret(1)});
  now += TicketKeys::period;
  TlsServer ahead = server_with({secret(1)});
  EXPECT_FALSE(resumes_at(ahead));
  now -= TicketKeys::period;
  EXPECT_TRUE(resumes_at(here));
}

TEST_P(Tickets, that_cannot_be_sealed_cost_resumption_only) {
  auto is_broken = std::make_shared<bool>(false);
  TlsServer server = server_with({[is_broken](std::uint64_t period) {
    if (*is_broken) throw std::runtime_error("no key");
    return secret(1)(period);
  }});
  EXPECT_FALSE(resumes_at(server));
  *is_broken = true;
  now += TicketKeys::period;
  EXPECT_FALSE(resumes_at(server));
  *is_broken = false;
  EXPECT_TRUE(resumes_at(server));
}

TEST(TicketKeys, seal_with_the_first_secret_of_the_current_period) {
  WallClock::time_point now(7 * TicketKeys::period);
  TicketKeys keys({secret(1), secret(2)}, [&] { return now; });
  EXPECT_EQ(keys.sealing().name, secret(1)(7).name);
  now += TicketKeys::period;
  EXPECT_EQ(keys.sealing().name, secret(1)(8).name);
  ASSERT_TRUE(keys.opening(secret(2)(7).name));
  EXPECT_FALSE(keys.opening(secret(2)(7).name)->is_sealing);
  EXPECT_TRUE(keys.opening(secret(1)(8).name)->is_sealing);
  EXPECT_FALSE(keys.opening(secret(1)(6).name));
}

}  // namespace
}  // namespace wscluster::net
