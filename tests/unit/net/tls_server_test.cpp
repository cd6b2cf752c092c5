// SPDX-License-Identifier: MIT
// What a listener with certificates presents, with real handshakes.
#include "authority.hpp"
#include "net/tls.hpp"
#include "net/tls_context.hpp"
#include "sockets.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>
#include <memory>
#include <optional>

namespace wscluster::net {
namespace {

using namespace test;

/// What each end saw of a handshake.
struct Handshaken {
  IoStatus client = IoStatus::ok;
  IoStatus server = IoStatus::ok;
  std::string client_failure;
  std::string server_failure;
  std::string subject;  ///< of the server's certificate: "CN=…"
  std::string protocol;
  std::size_t chain = 0;  ///< certificates that the server sent
  bool is_resumed = false;
  std::optional<ClientCertificate> identity;

  [[nodiscard]] bool is_good() const { return client == IoStatus::ok && server == IoStatus::ok; }
};

class Handshakes : public testing::Test {
 protected:
  Certificate make(const std::string& subject, const std::string& names, KeyType type = KeyType::ecdsa) {
    const SelfSigned pair = authority.issue(subject, names, type);
    return Certificate::from_pem(pair.certificate + authority.pem(), pair.key).value();
  }
  static TlsServer server(const std::vector<Certificate>& certificates, const TlsOptions& options = {}) {
    return TlsServer::make(certificates, options).value();
  }

  Handshaken connect(const TlsServer& at, const std::string& name) {
    const auto [a, b] = socket_pair();
    Stream here(a, client, name);
    Stream there(b, at);
    return finish(here, there);
  }
  Handshaken finish(Stream& here, Stream& there) {
    auto [at_client, at_server] = handshake(here, there);
    std::string buffer(64, '\0');
    // In TLS 1.3 a client learns of its refusal, and of its ticket, with the first read.
    if (at_client == IoStatus::ok && here.read(buffer).status == IoStatus::failed) at_client = IoStatus::failed;
    Handshaken ends{at_client, at_server, std::string(here.failure()), std::string(there.failure()), {}, {}, 0,
                    false,     {}};
    ends.subject = seen_subject;
    ends.chain = seen_chain;
    ends.protocol = here.protocol().substr(0, 7);
    ends.is_resumed = there.is_resumed();
    ends.identity = there.client_certificate();
    return ends;
  }
  /// The client notes what it is shown, and trusts it.
  void SetUp() override {
    SSL_CTX_set_cert_verify_callback(
        client.context(),
        [](X509_STORE_CTX* shown, void* self) {
          static_cast<Handshakes*>(self)->note(X509_STORE_CTX_get0_untrusted(shown));
          return 1;
        },
        this);
    SSL_CTX_set_verify(client.context(), SSL_VERIFY_PEER, nullptr);
  }
  void note(STACK_OF(X509) * shown) {
    const Bio bio = writing();
    X509_NAME_print_ex(bio.get(), X509_get_subject_name(sk_X509_value(shown, 0)), 0, XN_FLAG_RFC2253);
    seen_subject = text_of(bio.get());
    seen_chain = static_cast<std::size_t>(sk_X509_num(shown));
  }
  void present(const SelfSigned& pair) {
    const Bio certificate = reading(pair.certificate);
    const X509Ptr own(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr), X509_free);
    const Bio key_text = reading(pair.key);
    const KeyPtr key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    ASSERT_EQ(SSL_CTX_use_certificate(client.context(), own.get()), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey(client.context(), key.get()), 1);
  }
  TlsOptions asking(ClientAuth how, const std::string& revoked = {}) {
    TlsOptions options;
    options.client_auth = how;
    options.client_ca_file = file_with("clients.pem", clients.pem());
    if (!revoked.empty()) options.client_crl_file = file_with("revoked.pem", revoked);
    return options;
  }

  Authority authority{"authority"};
  Authority clients{"clients"};
  TlsClient client = TlsClient::insecure();
  std::string seen_subject;
  std::size_t seen_chain = 0;
};

TEST_F(Handshakes, P0_31_exact_name_before_wildcard_before_default) {
  const TlsServer tls = server({make("default", "DNS:default.example"), make("wildcard", "DNS:*.example.org"),
                                make("exact", "DNS:www.example.org,DNS:example.org")});
  EXPECT_EQ(connect(tls, "www.example.org").subject, "CN=exact");
  EXPECT_EQ(connect(tls, "WWW.Example.ORG").subject, "CN=exact");
  EXPECT_EQ(connect(tls, "example.org").subject, "CN=exact");
  EXPECT_EQ(connect(tls, "api.example.org").subject, "CN=wildcard");
  EXPECT_EQ(connect(tls, "default.example").subject, "CN=default");
  EXPECT_EQ(connect(tls, "else.where").subject, "CN=default");
  EXPECT_EQ(connect(tls, "").subject, "CN=default");
}

TEST_F(Handshakes, P0_31_a_wildcard_is_for_one_label) {
  const TlsServer tls = server({make("default", "DNS:default.example"), make("wildcard", "DNS:*.example.org")});
  EXPECT_EQ(connect(tls, "a.b.example.org").subject, "CN=default");
  EXPECT_EQ(connect(tls, "example.org").subject, "CN=default");
  EXPECT_EQ(connect(tls, "a.example.org").subject, "CN=wildcard");
}

TEST_F(Handshakes, P0_31_the_chain_goes_with_the_certificate_of_the_name) {
  const SelfSigned alone = authority.issue("alone", "DNS:alone.example");
  const TlsServer tls =
      server({make("default", "DNS:default.example"), Certificate::from_pem(alone.certificate, alone.key).value()});
  EXPECT_EQ(connect(tls, "default.example").chain, 2U);
  EXPECT_EQ(connect(tls, "alone.example").chain, 1U);
}

TEST_F(Handshakes, P0_31_rsa_and_ecdsa_of_one_name_go_together) {
  const TlsServer tls =
      server({make("default", "DNS:default.example"), make("rsa", "DNS:both.example,DNS:rsa.example", KeyType::rsa),
              make("ecdsa", "DNS:both.example")});
  for (const bool is_old : {false, true}) {
    if (is_old) client.limit_to_tls12();
    ASSERT_EQ(SSL_CTX_set1_sigalgs_list(client.context(), "ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256"), 1);
    EXPECT_EQ(connect(tls, "both.example").subject, "CN=ecdsa");
    EXPECT_EQ(connect(tls, "rsa.example").subject, "CN=rsa");
    ASSERT_EQ(SSL_CTX_set1_sigalgs_list(client.context(), "RSA-PSS+SHA256:RSA+SHA256"), 1);
    EXPECT_EQ(connect(tls, "both.example").subject, "CN=rsa");
  }
}

TEST_F(Handshakes, P0_31_rsa_and_ecdsa_go_together_for_the_default_too) {
  const TlsServer tls = server({make("ecdsa", "DNS:a.example"), make("rsa", "DNS:a.example", KeyType::rsa)});
  ASSERT_EQ(SSL_CTX_set1_sigalgs_list(client.context(), "RSA-PSS+SHA256:RSA+SHA256"), 1);
  EXPECT_EQ(connect(tls, "").subject, "CN=rsa");
  EXPECT_EQ(connect(tls, "a.example").subject, "CN=rsa");
}

TEST_F(Handshakes, P0_31_of_one_name_and_kind_the_first_one_stands) {
  const TlsServer tls = server({make("first", "DNS:a.example"), make("second", "DNS:a.example,DNS:b.example")});
  EXPECT_EQ(connect(tls, "a.example").subject, "CN=first");
  EXPECT_EQ(connect(tls, "b.example").subject, "CN=second");
}

TEST_F(Handshakes, P0_31_strict_sni_refuses_other_names_and_none) {
  TlsOptions options;
  options.strict_sni = true;
  const TlsServer tls =
      server({make("default", "DNS:default.example"), make("wildcard", "DNS:*.example.org")}, options);
  EXPECT_TRUE(connect(tls, "default.example").is_good());
  EXPECT_TRUE(connect(tls, "a.example.org").is_good());
  for (const char* name : {"else.where", "a.b.example.org", ""}) {
    const Handshaken ends = connect(tls, name);
    EXPECT_EQ(ends.server, IoStatus::failed) << name;
    EXPECT_NE(ends.client_failure.find("unrecognized name"), std::string::npos) << ends.client_failure;
  }
}

TEST_F(Handshakes, P0_31_a_client_that_must_begin_again_gets_the_same_certificate) {
  const TlsServer tls = server({make("default", "DNS:default.example"), make("exact", "DNS:exact.example")});
  // Its first offer is a share of a group that the server does not take.
  SSL_CTX_set1_groups_list(tls.context(), "P-256");
  ASSERT_EQ(SSL_CTX_set1_groups_list(client.context(), "X25519:P-256"), 1);
  EXPECT_EQ(connect(tls, "exact.example").subject, "CN=exact");
}

TEST_F(Handshakes, P0_31_without_a_certificate_there_is_no_listener) {
  const auto none = TlsServer::make({});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "no certificate is given");
}

TEST_F(Handshakes, P0_29_tls_12_and_13_by_default_and_only_13_where_asked) {
  const std::vector<Certificate> certificates{make("default", "DNS:a.example"), make("other", "DNS:b.example")};
  const TlsServer open = server(certificates);
  TlsOptions options;
  options.min_version = TlsVersion::v1_3;
  const TlsServer strict = server(certificates, options);
  EXPECT_EQ(connect(open, "a.example").protocol, "TLSv1.3");
  EXPECT_EQ(connect(strict, "b.example").protocol, "TLSv1.3");
  client.limit_to_tls12();
  EXPECT_EQ(connect(open, "a.example").protocol, "TLSv1.2");
  EXPECT_EQ(connect(strict, "a.example").server, IoStatus::failed);
  EXPECT_EQ(connect(strict, "b.example").server, IoStatus::failed);
  SSL_CTX_set_min_proto_version(client.context(), TLS1_1_VERSION);
  SSL_CTX_set_max_proto_version(client.context(), TLS1_1_VERSION);
  SSL_CTX_set_security_level(client.context(), 0);
  EXPECT_EQ(connect(open, "a.example").server, IoStatus::failed);
}

TEST_F(Handshakes, P0_29_alpn_is_http11_only) {
  const TlsServer tls = server({make("default", "DNS:a.example"), make("other", "DNS:b.example")});
  for (const char* name : {"a.example", "b.example"}) {
    SSL_CTX_set_alpn_protos(client.context(), reinterpret_cast<const unsigned char*>("\x02h2"), 3);
    const Handshaken refused = connect(tls, name);
    EXPECT_EQ(refused.server, IoStatus::failed);
    EXPECT_NE(refused.client_failure.find("no application protocol"), std::string::npos) << refused.client_failure;
    SSL_CTX_set_alpn_protos(client.context(), reinterpret_cast<const unsigned char*>("\x02h2\x08http/1.1"), 12);
    EXPECT_TRUE(connect(tls, name).is_good());
    SSL_CTX_set_alpn_protos(client.context(), nullptr, 0);
    EXPECT_TRUE(connect(tls, name).is_good()) << "a client without ALPN";
  }
}

TEST_F(Handshakes, P0_29_renegotiation_is_refused) {
  const TlsServer tls = server({make("default", "DNS:a.example")});
  client.limit_to_tls12();
  SSL_CTX_clear_options(client.context(), SSL_OP_NO_RENEGOTIATION);
  const auto [a, b] = socket_pair();
  Stream there(b, tls);
  const std::unique_ptr<SSL, decltype(&SSL_free)> here(SSL_new(client.context()), SSL_free);
  SSL_set_fd(here.get(), a);
  SSL_set_connect_state(here.get());
  std::string buffer(64, '\0');
  for (int i = 0; i < 10 && SSL_do_handshake(here.get()) != 1; ++i)
    static_cast<void>(there.handshake());
  ASSERT_EQ(there.handshake(), IoStatus::ok);
  ASSERT_EQ(SSL_renegotiate(here.get()), 1);
  SSL_do_handshake(here.get());
  EXPECT_EQ(there.read(buffer).status, IoStatus::would_block) << there.failure();
  EXPECT_LE(SSL_do_handshake(here.get()), 0);
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
  ERR_clear_error();
  ::close(a);
}

TEST_F(Handshakes, P0_29_no_early_data) {
  const TlsServer tls = server({make("default", "DNS:a.example")});
  client.resume_sessions();
  EXPECT_FALSE(connect(tls, "a.example").is_resumed);
  EXPECT_TRUE(connect(tls, "a.example").is_resumed);
  ASSERT_NE(saved_session(client.context()), nullptr);
  EXPECT_EQ(SSL_SESSION_get_max_early_data(saved_session(client.context())), 0U) << "the ticket allows some";
}

TEST_F(Handshakes, P0_30_tickets_of_before_a_reload_are_good_after_it) {
  const auto keys =
      std::make_shared<TicketKeys>(std::vector<TicketKeys::Derive>{[](std::uint64_t) { return TicketKey{}; }});
  client.resume_sessions();
  for (const bool is_old : {false, true}) {
    if (is_old) client.limit_to_tls12();
    auto before = std::make_unique<TlsServer>(server({make("default", "DNS:a.example"), make("old", "DNS:b.example")}));
    before->use_ticket_keys(keys);
    EXPECT_FALSE(connect(*before, "b.example").is_resumed);
    TlsServer after = server({make("default", "DNS:a.example"), make("new", "DNS:b.example")});
    after.use_ticket_keys(keys);
    before.reset();
    const Handshaken ends = connect(after, "b.example");
    EXPECT_TRUE(ends.is_good()) << ends.server_failure;
    EXPECT_TRUE(ends.is_resumed) << ends.protocol;
    EXPECT_TRUE(connect(after, "b.example").is_resumed) << "the new one gave no ticket";
  }
}

TEST_F(Handshakes, P0_30_streams_outlive_what_they_were_made_with) {
  auto tls = std::make_unique<TlsServer>(server({make("default", "DNS:a.example"), make("other", "DNS:b.example")}));
  tls->use_ticket_keys(
      std::make_shared<TicketKeys>(std::vector<TicketKeys::Derive>{[](std::uint64_t) { return TicketKey{}; }}));
  for (const char* name : {"a.example", "b.example"}) {
    const auto [a, b] = socket_pair();
    Stream here(a, client, name);
    Stream there(b, *tls);
    if (name == std::string("b.example")) tls.reset();
    EXPECT_TRUE(finish(here, there).is_good()) << there.failure();
    ASSERT_EQ(there.write(std::string("hello")).bytes, 5U);
    EXPECT_EQ(read_all(here), "hello");
  }
}

TEST_F(Handshakes, P0_33_optional_client_certificates_say_who_it_is) {
  const TlsServer tls =
      server({make("default", "DNS:a.example"), make("other", "DNS:b.example")}, asking(ClientAuth::optional));
  const Handshaken nobody = connect(tls, "a.example");
  EXPECT_TRUE(nobody.is_good()) << nobody.server_failure;
  EXPECT_FALSE(nobody.identity);
  const SelfSigned alice = clients.issue("alice", "DNS:alice.example,email:alice@example.org,URI:spiffe://x/alice");
  present(alice);
  for (const char* name : {"a.example", "b.example"}) {
    const Handshaken ends = connect(tls, name);
    ASSERT_TRUE(ends.is_good()) << ends.server_failure;
    ASSERT_TRUE(ends.identity);
    EXPECT_EQ(ends.identity->subject, "CN=alice");
    EXPECT_EQ(ends.identity->alt_names,
              (std::vector<std::string>{"DNS:alice.example", "email:alice@example.org", "URI:spiffe://x/alice"}));
    EXPECT_EQ(ends.identity->pem, alice.certificate);
    EXPECT_EQ(ends.identity->fingerprint, Certificate::from_pem(alice.certificate, alice.key).value().fingerprint());
  }
}

TEST_F(Handshakes, P0_33_a_bad_client_certificate_is_refused_also_where_none_is_needed) {
  const TlsServer tls =
      server({make("default", "DNS:a.example"), make("other", "DNS:b.example")}, asking(ClientAuth::optional));
  present(authority.issue("stranger", ""));
  EXPECT_EQ(connect(tls, "a.example").server, IoStatus::failed);
  EXPECT_EQ(connect(tls, "b.example").server, IoStatus::failed);
  present(clients.issue("late", "", KeyType::ecdsa, -1));
  const Handshaken late = connect(tls, "a.example");
  EXPECT_EQ(late.server, IoStatus::failed);
  EXPECT_NE(late.server_failure.find("expired"), std::string::npos) << late.server_failure;
}

TEST_F(Handshakes, P0_33_required_client_certificates_keep_out_who_has_none) {
  const TlsServer tls =
      server({make("default", "DNS:a.example"), make("other", "DNS:b.example")}, asking(ClientAuth::required));
  EXPECT_EQ(connect(tls, "a.example").server, IoStatus::failed);
  EXPECT_EQ(connect(tls, "b.example").server, IoStatus::failed);
  present(clients.issue("bob", ""));
  EXPECT_TRUE(connect(tls, "a.example").is_good());
  EXPECT_TRUE(connect(tls, "b.example").is_good());
}

TEST_F(Handshakes, P0_33_revoked_client_certificates_are_refused) {
  const SelfSigned good = clients.issue("good", "");
  const SelfSigned gone = clients.issue("gone", "");
  const TlsServer tls =
      server({make("default", "DNS:a.example")}, asking(ClientAuth::required, clients.revoke({gone.certificate})));
  present(good);
  EXPECT_TRUE(connect(tls, "a.example").is_good());
  present(gone);
  const Handshaken ends = connect(tls, "a.example");
  EXPECT_EQ(ends.server, IoStatus::failed);
  EXPECT_NE(ends.server_failure.find("revoked"), std::string::npos) << ends.server_failure;
}

/// Else who was let in goes on for as long as tickets live.
TEST_F(Handshakes, P0_33_a_ticket_is_void_once_its_owner_may_be_revoked) {
  const auto keys =
      std::make_shared<TicketKeys>(std::vector<TicketKeys::Derive>{[](std::uint64_t) { return TicketKey{}; }});
  const SelfSigned gone = clients.issue("gone", "");
  const std::vector<Certificate> certificates{make("default", "DNS:a.example")};
  TlsServer before = server(certificates, asking(ClientAuth::required, clients.revoke({})));
  before.use_ticket_keys(keys);
  client.resume_sessions();
  present(gone);
  EXPECT_FALSE(connect(before, "a.example").is_resumed);
  const Handshaken again = connect(before, "a.example");
  EXPECT_TRUE(again.is_resumed);
  ASSERT_TRUE(again.identity);
  EXPECT_EQ(again.identity->subject, "CN=gone");
  TlsServer after = server(certificates, asking(ClientAuth::required, clients.revoke({gone.certificate})));
  after.use_ticket_keys(keys);
  const Handshaken refused = connect(after, "a.example");
  EXPECT_FALSE(refused.is_resumed);
  EXPECT_EQ(refused.server, IoStatus::failed);
}

TEST_F(Handshakes, P0_33_files_without_authorities_or_revocations_are_named) {
  const std::vector<Certificate> certificates{make("default", "DNS:a.example")};
  TlsOptions options = asking(ClientAuth::required, "hello");
  const auto no_list = TlsServer::make(certificates, options);
  ASSERT_FALSE(no_list);
  EXPECT_NE(no_list.error().message.find(options.client_crl_file + " holds no PEM revocation list"), std::string::npos);
  options.client_ca_file = options.client_crl_file;
  const auto no_ca = TlsServer::make(certificates, options);
  ASSERT_FALSE(no_ca);
  EXPECT_NE(no_ca.error().message.find(options.client_ca_file + " holds no PEM certificate"), std::string::npos);
  options.client_ca_file = testing::TempDir();
  const auto folder = TlsServer::make(certificates, options);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().message, testing::TempDir() + ": Is a directory");
}

}  // namespace
}  // namespace wscluster::net
