// SPDX-License-Identifier: MIT
// Clients of a service who have logged in over HTTP on an application server, which keeps its sessions in a Redis of
// its own as Spring Session does.
#include <csignal>
#include <filesystem>

#include "../session_vectors.hpp"
#include "base/text.hpp"
#include "cluster.hpp"
#include "wire.hpp"

namespace wscluster::integration {
namespace {

using namespace session_vectors;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

const std::string our_page = "Origin: https://shop.example.org\r\n";

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(WallClock::now().time_since_epoch()).count();
}

class Websessions : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = (fs::temp_directory_path() / "websessions-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    start_sessions();
    shared = std::make_unique<Cluster>(
        Cluster::Options{.services = "  chat:\n    paths: [/ws]\n    key_files: [ACCESS]\n    raw: relay\n"
                                     "  shop:\n    paths: [/shop]\n    key_files: [ACCESS]\n    raw: relay\n"
                                     "    auth: session\n    missing_origin: refuse\n"
                                     "    origins: ['https://shop.example.org']\n",
                         .settings = "http_session:\n  kind: spring\n  cache_time: 0\n  redis_url: unix://" + socket() +
                                     "\n  timeout: " + std::to_string(scaled(2s).count()) + "ms\n"});
    shared->start_node("node-1", {"--cores", "2"});
    shared->start_gateway("gateway-1", {"--cores", "2"});
    shared->wait_until_ready();
  }
  static void TearDownTestSuite() {
    ClusterTest::TearDownTestSuite();
    sessions.reset();
    fs::remove_all(folder);
  }

  static std::string socket() { return folder + "/sessions.sock"; }
  static void start_sessions() {
    fs::remove(socket());
    sessions = std::make_unique<Child>(
        Child::Options{.argv = {"redis-server", "--port", "0", "--unixsocket", socket(), "--save", "", "--dir", folder},
                       .environment = {},
                       .input = {},
                       .output_file = folder + "/redis.log",
                       .error_file = folder + "/redis.log"});
    ASSERT_TRUE(wait_until([] { return fs::exists(socket()); }));
  }

  static void redis(const std::vector<std::string>& command) {
    std::string bytes = "*" + std::to_string(command.size()) + "\r\n";
    for (const std::string& word : command)
      bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    const std::string output = folder + "/cli.out";
    Child child({.argv = {"redis-cli", "-s", socket(), "--pipe"},
                 .environment = {},
                 .input = bytes,
                 .output_file = output,
                 .error_file = output});
    ASSERT_EQ(child.wait(scaled(5s)), 0) << content_of(output);
    ASSERT_NE(content_of(output).find("errors: 0"), std::string::npos) << content_of(output);
  }
  static void log_in(const std::string& id, const std::string& user, std::int64_t accessed = now_ms(),
                     const std::string& name_space = "spring:session") {
    redis({"HSET", name_space + ":sessions:" + id, "creationTime", java_long(accessed), "lastAccessedTime",
           java_long(accessed), "maxInactiveInterval", java_integer(1800),
           "sessionAttr:org.springframework.session.FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME",
           java_string(user)});
  }

  static std::string head(const std::string& lines) {
    return "GET /shop HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==\r\n" +
           lines + "\r\n";
  }
  static std::string cookie(const std::string& id) {
    return "Cookie: theme=dark; SESSION=" + base64_encode(id) + "\r\n";
  }
  /// At the node, by hand; the status of the answer.
  static std::string status(const std::string& lines) {
    const Wire wire((*shared)["node-1"].clients);
    wire.write(head(lines));
    return wire.read_until("\r\n\r\n").substr(std::string_view("HTTP/1.1 ").size(), 3);
  }
  static std::string status_of(const std::string& id) { return status(our_page + cookie(id)); }
  /// Through the gateway: upgrades, sends one message and closes; all that was answered.
  static std::string through_gateway(const std::string& lines, const std::string& message) {
    static int serial = 0;
    const std::string output = shared->file("s_client-" + std::to_string(++serial));
    Child child({.argv = {"openssl", "s_client", "-quiet", "-connect", (*shared)["gateway-1"].clients},
                 .environment = {},
                 .input = head(lines) + client_frame(1, message) + client_frame(8, std::string("\x03\xE8", 2)),
                 .output_file = output,
                 .error_file = output});
    EXPECT_TRUE(wait_until([&] { return child.poll().has_value(); }, 30s)) << content_of(output);
    return content_of(output);
  }
  static double lookups(const std::string& result) {
    return shared->metric("node-1", "wscluster_http_session_lookups_total{result=\"" + result + "\"}");
  }
  static void expect_served(Client& client) {
    EXPECT_TRUE(client.is_open());
    EXPECT_EQ(shared->send("gateway-1", "witness", "still there").at("status"), "delivered");
    EXPECT_EQ(client.read().text, "still there");
  }

  static std::string folder;
  static std::unique_ptr<Child> sessions;
};

std::string Websessions::folder;
std::unique_ptr<Child> Websessions::sessions;

TEST_F(Websessions, who_has_logged_in_over_http_is_in_under_that_name) {
  log_in("id-of-alice", "alice");
  log_in("id-of-bob", "bob");
  const Wire alice((*shared)["node-1"].clients);
  alice.write(head(our_page + cookie("id-of-alice")));
  ASSERT_TRUE(alice.read_until("\r\n\r\n").starts_with("HTTP/1.1 101"));
  const std::string answer = through_gateway(our_page + cookie("id-of-bob"), R"({"to":"alice","data":"hello"})");
  EXPECT_NE(answer.find("HTTP/1.1 101"), std::string::npos) << answer;
  EXPECT_NE(alice.read_until("hello").find(R"({"from":"bob","data":"hello"})"), std::string::npos);
}

TEST_F(Websessions, by_the_context_of_spring_security_too) {
  redis({"HSET", "spring:session:sessions:id-of-user", "creationTime", java_long(now_ms()), "lastAccessedTime",
         java_long(now_ms()), "maxInactiveInterval", java_integer(-1), "sessionAttr:SPRING_SECURITY_CONTEXT",
         context_of_user});
  EXPECT_EQ(status_of("id-of-user"), "101");
  EXPECT_EQ(status(our_page + "Cookie: SESSION=id-of-user\r\n"), "101") << "WebFlux does not encode it";
}

TEST_F(Websessions, others_are_nobody) {
  log_in("old", "alice", now_ms() - 1'801'000);
  log_in("foreign", "alice", now_ms(), "shop:session");
  redis({"SET", "spring:session:sessions:text", "x"});
  const double expired = lookups("expired");
  EXPECT_EQ(status_of("old"), "401");
  EXPECT_EQ(lookups("expired"), expired + 1);
  for (const char* id : {"foreign", "text", "unknown", "expires:old"})
    EXPECT_EQ(status_of(id), "401") << id;
  EXPECT_EQ(status(our_page), "401");
  const std::string answer = through_gateway(our_page, "");
  EXPECT_NE(answer.find("HTTP/1.1 401"), std::string::npos) << answer;
}

TEST_F(Websessions, a_token_does_not_open_this_door) {
  EXPECT_EQ(status(our_page + "Authorization: Bearer " + shared->token("alice") + "\r\n"), "401");
}

TEST_F(Websessions, pages_of_other_sites_cannot_use_the_cookie) {
  log_in("lured", "alice");
  EXPECT_EQ(status("Origin: https://evil.example\r\n" + cookie("lured")), "403");
  EXPECT_EQ(status(cookie("lured")), "403");
  EXPECT_EQ(status_of("lured"), "101");
}

TEST_F(Websessions, a_login_gives_the_session_another_id) {
  log_in("before", "alice");
  EXPECT_EQ(status_of("before"), "101");
  redis({"RENAME", "spring:session:sessions:before", "spring:session:sessions:after"});
  EXPECT_EQ(status_of("before"), "401");
  EXPECT_EQ(status_of("after"), "101");
}

TEST_F(Websessions, a_huge_session_is_not_read) {
  log_in("huge", "alice");
  redis({"HSET", "spring:session:sessions:huge", "sessionAttr:SPRING_SECURITY_CONTEXT", std::string(4U << 20U, 'x')});
  const double unreadable = lookups("unreadable");
  EXPECT_EQ(status_of("huge"), "401");
  EXPECT_EQ(lookups("unreadable"), unreadable + 1);
}

TEST_F(Websessions, without_their_redis_it_is_503_and_others_do_not_notice) {
  log_in("waiting", "alice");
  Client witness = shared->connect("gateway-1", "witness");
  sessions->signal(SIGSTOP);
  const double not_answered = lookups("timed_out") + lookups("unavailable");
  EXPECT_EQ(status_of("waiting"), "503") << "it hangs";
  EXPECT_GT(lookups("timed_out") + lookups("unavailable"), not_answered);
  const std::string answer = through_gateway(our_page + cookie("waiting"), "");
  EXPECT_NE(answer.find("HTTP/1.1 503"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Retry-After"), std::string::npos) << answer;
  expect_served(witness);
  sessions->signal(SIGCONT);
  EXPECT_TRUE(wait_until([] { return status_of("waiting") == "101"; }));
  sessions->kill();
  EXPECT_EQ(status_of("waiting"), "503") << "it is away";
  expect_served(witness);
  start_sessions();
  log_in("waiting", "alice");
  EXPECT_TRUE(wait_until([] { return status_of("waiting") == "101"; }));
  expect_served(witness);
}

}  // namespace
}  // namespace wscluster::integration
