// SPDX-License-Identifier: MIT
// Servers that cannot start: exit code, a message that names place and remedy, nobody else disturbed.
#include "base/random.hpp"
#include "cluster.hpp"
#include "net/tls.hpp"
#include "wire.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

class Start : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>();
    shared->start_node("node-1");
    shared->start_gateway("gateway-1");
    shared->wait_until_ready();
  }

  static Ended serve(const std::string& role, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"serve-" + role, "--name",         "late",       "--listen",
                                       "127.0.0.1:0",   "--admin-listen", "127.0.0.1:0"};
    if (role == "node") arguments.insert(arguments.end(), {"--link-listen", "127.0.0.1:0"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return shared->run(arguments);
  }

  static void expect_failure(const Ended& ended, int exit, const std::vector<std::string>& words) {
    EXPECT_EQ(ended.exit, exit) << ended.err;
    EXPECT_EQ(ended.out, "");
    for (const std::string& word : words)
      EXPECT_NE(ended.err.find(word), std::string::npos) << "no '" << word << "' in: " << ended.err;
  }

  static std::string config_with(const std::string& name, const std::string& services, const std::string& more = {}) {
    return shared->write(name, "cluster:\n  name: test\n  key_file: " + shared->file("cluster.key") +
                                   "\nredis:\n  url: " + shared->redis_url() + "\nservices:\n" + services + more);
  }
};

TEST_F(Start, a_port_in_use_is_71_and_named) {
  const std::string taken = (*shared)["gateway-1"].clients;
  for (const char* flag : {"--listen", "--link-listen", "--admin-listen"})
    expect_failure(serve("node", {flag, flag == std::string("--listen") ? taken : (*shared)["node-1"].links}), 71,
                   {flag == std::string("--listen") ? taken : (*shared)["node-1"].links});
}

TEST_F(Start, an_unreadable_or_mismatched_certificate_is_78_and_named) {
  const std::string key = shared->write("other.pem", net::make_self_signed("x", {"x"}, 1).key);
  const std::string text = shared->write("no.pem", "this is no certificate\n");
  const std::string service = "  a:\n    paths: [/x]\n    key_files: [" + shared->file("access.key") + "]\n";
  const auto gateway_with = [&](const std::string& certificate_file, const std::string& key_file) {
    return serve("gateway", {"--config", config_with("tls.yaml", service,
                                                     "tls:\n  cert_file: " + certificate_file +
                                                         "\n  key_file: " + key_file + "\n")});
  };
  expect_failure(gateway_with(shared->file("absent.pem"), shared->file("key.pem")), 78, {"absent.pem"});
  expect_failure(gateway_with(shared->file("cert.pem"), key), 78, {"other.pem"});
  expect_failure(gateway_with(text, shared->file("key.pem")), 78, {"no.pem"});
  // What a flag says is the caller's mistake.
  expect_failure(serve("gateway", {"--tls-cert", shared->file("cert.pem"), "--tls-key", key}), 64, {"other.pem"});
}

TEST_F(Start, without_redis_it_waits_and_then_ends_with_69) {
  expect_failure(serve("node", {"--redis", "unix:///nonexistent/redis.sock", "--redis-wait", "300ms"}), 69,
                 {"/nonexistent/redis.sock", "300ms"});
  expect_failure(shared->run({"ring", "show", "--redis", "unix:///nonexistent/redis.sock"}), 69, {"/nonexistent"});
}

TEST_F(Start, a_name_that_a_living_process_holds_is_75) {
  expect_failure(serve("node", {"--name", "node-1"}), 75, {"node-1", "--name"});
  expect_failure(serve("gateway", {"--name", "gateway-1"}), 75, {"gateway-1"});
  EXPECT_TRUE(shared->is_ready((*shared)["node-1"]));
}

TEST_F(Start, an_unknown_flag_is_64_and_a_near_one_is_named) {
  expect_failure(serve("node", {"--coers", "2"}), 64, {"--coers", "--cores"});
  expect_failure(serve("gateway", {"--cores", "many"}), 64, {"cores", "many"});
  expect_failure(shared->run({"serve-nod"}), 64, {"serve-node"});
}

TEST_F(Start, every_mistake_of_a_configuration_is_told_with_its_place) {
  const std::string file =
      config_with("bad.yaml", "  chat:\n    pahts: [/ws]\n    auth: maybe\n  chat:\n    paths: []\n",
                  "limits:\n  head_timeout: 3parsecs\nsurprise: 1\n");
  const Ended ended = serve("node", {"--config", file});
  expect_failure(
      ended, 78,
      {"bad.yaml:8:5", "pahts", "bad.yaml:9:11", "maybe", "bad.yaml:10:3", "3parsecs", "bad.yaml:14:1", "surprise"});
  expect_failure(shared->run({"serve-node", "--config", "/nonexistent.yaml"}), 78, {"/nonexistent.yaml"});
}

TEST_F(Start, services_without_proof_are_refused_beyond_loopback) {
  const std::string file = config_with("open.yaml", "  open:\n    paths: [/open]\n    auth: insecure\n");
  expect_failure(serve("node", {"--config", file, "--listen", "0.0.0.0:0"}), 78, {"insecure", "loopback"});
}

TEST_F(Start, contradictions_are_refused) {
  const std::string key = "    auth: jwt\n    key_files: [" + shared->file("access.key") + "]\n";
  expect_failure(serve("node", {"--config", config_with("twice.yaml", "  a:\n    paths: [/x]\n" + key +
                                                                          "  b:\n    paths: [/x]\n" + key)}),
                 78, {"/x"});
  expect_failure(serve("node", {"--config", config_with("nokey.yaml", "  a:\n    paths: [/x]\n")}), 78, {"key_files"});
  expect_failure(serve("node", {"--config", config_with("absent.yaml",
                                                        "  a:\n    paths: [/x]\n    key_files: [/nonexistent.key]\n")}),
                 78, {"/nonexistent.key"});
  expect_failure(serve("node", {"--config", config_with("lease.yaml", "  a:\n    paths: [/x]\n" + key,
                                                        "link:\n  heartbeat: 5s\n  dead_after: 1s\n")}),
                 78, {"dead_after"});
  expect_failure(serve("node", {"--name", "no spaces"}), 64, {"no spaces"});
  expect_failure(serve("node", {"--admin-listen", "0.0.0.0:0"}), 64, {"admin_listen", "loopback"});
  expect_failure(serve("node", {"--cluster-key", "/nonexistent.key"}), 64, {"/nonexistent.key"});
}

TEST_F(Start, P0_38_check_looks_and_does_not_start) {
  const Ended good = serve("node", {"--check"});
  EXPECT_EQ(good.exit, 0) << good.err;
  const std::string file = config_with("nokey.yaml", "  a:\n    paths: [/x]\n");
  EXPECT_EQ(serve("node", {"--check", "--config", file}).exit, 78);
}

TEST_F(Start, commands_name_what_is_unknown) {
  expect_failure(shared->run({"ring", "remove", "node-9", "--yes"}), 68, {"node-9", "node-1"});
  expect_failure(shared->run({"ring", "add", "node-9", "--yes"}), 68, {"node-9"});
  expect_failure(shared->run({"ring", "remove", "no spaces", "--yes"}), 64, {"no spaces"});
  expect_failure(shared->run({"ring", "show", "--service", "chta"}), 68, {"chta"});
}

}  // namespace
}  // namespace wscluster::integration
