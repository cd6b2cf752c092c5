// SPDX-License-Identifier: MIT
#include "registry/tls.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "observed_agent.hpp"
#include "redis_server.hpp"
#include "registry/store.hpp"

namespace wscluster::registry {
namespace {

/// A folder with self-signed certificates: one for 127.0.0.1, one for another name.
class Certificates {
 public:
  Certificates() {
    std::signal(SIGPIPE, SIG_IGN);
    std::string pattern = (std::filesystem::temp_directory_path() / "wscluster-tls-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    make("server", "IP:127.0.0.1,DNS:localhost");
    make("other", "DNS:other.example");
  }
  ~Certificates() { std::filesystem::remove_all(folder_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  [[nodiscard]] std::string cert(const std::string& name) const { return folder_ + "/" + name + ".pem"; }
  [[nodiscard]] std::string key(const std::string& name) const { return folder_ + "/" + name + ".key"; }

 private:
  void make(const std::string& name, const std::string& names) const {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=" + name +
        " -addext subjectAltName=" + names + " -keyout " + key(name) + " -out " + cert(name) + " 2>/dev/null";
    if (std::system(command.c_str()) != 0) std::abort();
  }

  std::string folder_;
};

class TlsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { certificates = std::make_unique<Certificates>(); }
  static void TearDownTestSuite() { certificates.reset(); }

  std::vector<std::string> arguments(const std::string& name, const char* ask_clients) const {
    return {"--tls-port",         std::to_string(port),
            "--tls-cert-file",    certificates->cert(name),
            "--tls-key-file",     certificates->key(name),
            "--tls-ca-cert-file", certificates->cert("server"),
            "--tls-auth-clients", ask_clients};
  }
  Options options() const {
    Options made = fresh_options();
    made.url = "rediss://127.0.0.1:" + std::to_string(port) + "/1";
    made.ca_file = certificates->cert("server");
    return made;
  }
  static Result<> open(const Options& options) {
    Connection connection(options);
    return connection.open();
  }

  static inline std::unique_ptr<Certificates> certificates;
  std::uint16_t port = free_port();
};

TEST_F(TlsTest, a_ring_is_made_and_followed_with_hints) {
  const RedisServer server(arguments("server", "no"));
  const Options both = options();
  Observed a(both, node_named("a"));
  Observed b(both, node_named("b"));
  a.start_linked();
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  ASSERT_TRUE(wait_for_owners(b, "a b"));
}

TEST_F(TlsTest, answers_larger_than_a_record_arrive_whole) {
  const RedisServer server(arguments("server", "no"));
  Connection connection(options());
  ASSERT_TRUE(connection.open());
  const std::string large(300'000, 'x');
  ASSERT_TRUE(connection.command({"SET", "large", large}));
  EXPECT_EQ(connection.command({"GET", "large"})->text, large);
}

TEST_F(TlsTest, pushed_messages_that_came_in_one_record_are_all_seen) {
  const RedisServer server(arguments("server", "no"));
  Connection sender(options());
  Connection receiver(options());
  ASSERT_TRUE(sender.open());
  ASSERT_TRUE(receiver.open());
  ASSERT_TRUE(receiver.subscribe("news"));
  std::vector<Connection::Command> many(500, {"PUBLISH", "news", std::string(100, 'n')});
  ASSERT_TRUE(sender.pipeline(many));
  for (std::size_t i = 0; i < many.size(); ++i) {
    const auto pushed = receiver.poll_push(Duration(5'000), -1);
    ASSERT_TRUE(pushed && *pushed) << i;
  }
}

TEST_F(TlsTest, a_certificate_for_another_name_is_refused_with_the_remedy) {
  const RedisServer server(arguments("other", "no"));
  Options wrong = options();
  wrong.ca_file = certificates->cert("other");
  const auto refused = open(wrong);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::permission);
  EXPECT_NE(refused.error().message.find("name the server as its certificate does"), std::string::npos)
      << refused.error().message;
  wrong.insecure = true;
  EXPECT_TRUE(open(wrong));
}

TEST_F(TlsTest, an_unknown_authority_is_refused_with_the_remedy) {
  const RedisServer server(arguments("server", "no"));
  Options wrong = options();
  wrong.ca_file = certificates->cert("other");
  const auto refused = open(wrong);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("redis.ca_file"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("rediss://127.0.0.1"), std::string::npos) << refused.error().message;
}

TEST_F(TlsTest, a_server_that_asks_for_a_certificate_gets_ours) {
  const RedisServer server(arguments("server", "yes"));
  Options ours = options();
  EXPECT_FALSE(open(ours)) << "without one";
  ours.cert_file = certificates->cert("server");
  ours.key_file = certificates->key("server");
  const auto opened = open(ours);
  EXPECT_TRUE(opened) << opened.error().message;
}

TEST_F(TlsTest, files_that_cannot_be_used_are_named) {
  const RedisServer server(arguments("server", "no"));
  Options wrong = options();
  wrong.ca_file = "/nonexistent/ca.pem";
  EXPECT_NE(open(wrong).error().message.find("redis.ca_file: /nonexistent/ca.pem"), std::string::npos);
  wrong = options();
  wrong.cert_file = certificates->key("server");
  wrong.key_file = certificates->key("server");
  EXPECT_NE(open(wrong).error().message.find("redis.cert_file"), std::string::npos);
  wrong.cert_file = certificates->cert("server");
  wrong.key_file = certificates->key("other");
  EXPECT_NE(open(wrong).error().message.find("redis.key_file"), std::string::npos);
}

TEST_F(TlsTest, a_port_without_tls_is_an_error_and_not_a_wait) {
  Options wrong = options();
  wrong.url = "rediss://127.0.0.1:" + std::to_string(shared_redis().port());
  wrong.timeout = Duration(500);
  const auto refused = open(wrong);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().code, Errc::internal) << refused.error().message;
}

}  // namespace
}  // namespace wscluster::registry
