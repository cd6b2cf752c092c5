// SPDX-License-Identifier: MIT
// Everything that works while nothing fails: a gateway with two cores, nodes with one, two and three.
#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "cluster.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

std::string relay(const std::string& to, const std::string& data, int id = 1) {
  return R"({"to":")" + to + R"(","data":)" + data + R"(,"id":)" + std::to_string(id) + "}";
}

json::object receipt_in(const std::string& text) {
  boost::system::error_code ec;
  const json::value value = json::parse(text, ec);
  if (!ec && value.is_object() && value.get_object().contains("receipt")) return value.at("receipt").as_object();
  ADD_FAILURE() << "not a receipt: " << text;
  return {{"status", ""}, {"sessions", 0}, {"node", ""}, {"to", ""}, {"epoch", 0}};
}

class Basics : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>(Cluster::Options{
        .services = "  chat:\n    paths: [/ws, /ws/second]\n    auth: jwt\n    key_files: [ACCESS]\n    raw: relay\n"
                    "  mirror:\n    paths: [/mirror]\n    auth: jwt\n    key_files: [ACCESS]\n    raw: echo\n"
                    "  open:\n    paths: [/open]\n    auth: insecure\n    key_files: [ACCESS]\n    raw: relay\n",
        .settings = "limits:\n  ping_interval: 300ms\n"});
    shared->start_node("node-1", {"--cores", "1"});
    shared->start_node("node-2", {"--cores", "2"});
    shared->start_node("node-3", {"--cores", "3"});
    shared->start_gateway("gateway-1", {"--cores", "2"});
    shared->wait_until_ready();
  }

  /// Users of which every node owns at least one.
  static std::map<std::string, std::string> users_everywhere(const std::string& prefix) {
    std::map<std::string, std::string> owner_of;
    for (const char* node : {"node-1", "node-2", "node-3"})
      owner_of[shared->uid_on(node, prefix)] = node;
    return owner_of;
  }
};

TEST_F(Basics, a_client_connects_through_the_gateway_with_tls_12_and_13) {
  for (const auto& [tls, version] : {std::pair{Tls::v12, "TLSv1.2"}, std::pair{Tls::v13, "TLSv1.3"}}) {
    auto options = shared->at("gateway-1", "alice", "/mirror");
    options.tls = tls;
    Client client(options);
    ASSERT_TRUE(client.connect()) << client.failure();
    EXPECT_EQ(client.tls_version(), version);
    EXPECT_EQ(client.ask("hello"), "hello");
  }
}

TEST_F(Basics, the_token_may_stand_in_the_query) {
  auto options = shared->at("gateway-1", "", "/mirror?access_token=" + shared->token("alice"));
  Client client(options);
  ASSERT_TRUE(client.connect()) << client.failure();
  EXPECT_EQ(client.ask("hello"), "hello");
}

TEST_F(Basics, a_message_reaches_a_user_on_any_node_and_its_receipt_is_true) {
  const auto owner_of = users_everywhere("relay");
  std::map<std::string, Client> clients;
  for (const auto& [uid, owner] : owner_of)
    clients.emplace(uid, shared->connect("gateway-1", uid));
  for (auto& [from, sender] : clients) {
    for (auto& [to, receiver] : clients) {
      if (from == to) continue;
      sender.send(relay(to, R"({"n":[1,null,"ä"]})", 7));
      EXPECT_EQ(receiver.read().text, R"({"from":")" + from + R"(","data":{"n":[1,null,"ä"]}})");
      const auto receipt = receipt_in(sender.read().text);
      EXPECT_EQ(receipt.at("status"), "delivered");
      EXPECT_EQ(receipt.at("sessions"), 1);
      EXPECT_EQ(receipt.at("node"), owner_of.at(to).c_str());
      EXPECT_EQ(receipt.at("to"), to.c_str());
      EXPECT_EQ(receipt.at("id"), 7);
    }
  }
}

TEST_F(Basics, a_user_may_send_to_itself) {
  Client client = shared->connect("gateway-1", "narcissus");
  client.send(relay("narcissus", "1"));
  std::set<std::string> kinds;
  for (int i = 0; i < 2; ++i)
    kinds.insert(client.read().text.substr(0, 6));
  EXPECT_EQ(kinds, (std::set<std::string>{R"({"from)", R"({"rece)"}));
}

TEST_F(Basics, both_devices_of_a_user_get_the_message) {
  for (const auto& [uid, owner] : users_everywhere("devices")) {
    Client phone = shared->connect("gateway-1", uid);
    Client desk = shared->connect("node-1", uid, "/ws/second");
    const auto receipt = shared->send("gateway-1", uid, "to both");
    EXPECT_EQ(receipt.at("status"), "delivered");
    EXPECT_EQ(receipt.at("sessions"), 2);
    EXPECT_EQ(phone.read().text, "to both");
    EXPECT_EQ(desk.read().text, "to both");
  }
}

TEST_F(Basics, who_is_not_there_is_offline) {
  Client client = shared->connect("gateway-1", "alice");
  EXPECT_EQ(receipt_in(client.ask(relay("nobody", "1"))).at("status"), "offline");
  {
    Client bob = shared->connect("gateway-1", "bob");
    EXPECT_EQ(receipt_in(client.ask(relay("bob", "1"))).at("status"), "delivered");
    bob.close(1000);
    ASSERT_TRUE(wait_until([&] { return bob.has_ended(); }));
  }
  EXPECT_TRUE(wait_until([&] { return receipt_in(client.ask(relay("bob", "2"))).at("status") == "offline"; }));
}

TEST_F(Basics, the_echo_service_returns_text_and_binary_of_all_sizes_in_order) {
  for (const auto& [uid, owner] : users_everywhere("echo")) {
    Client client = shared->connect("gateway-1", uid, "/mirror");
    const std::vector<std::size_t> sizes{0, 1, 125, 126, 65'535, 65'536, 400'000, 1'000'000};
    for (const bool is_binary : {false, true}) {
      for (const std::size_t size : sizes)
        client.send(std::string(size, is_binary ? '\xFE' : 'x'), is_binary);
      for (const std::size_t size : sizes) {
        const auto frame = client.read();
        EXPECT_EQ(frame.text.size(), size);
        EXPECT_EQ(frame.is_binary, is_binary);
        EXPECT_EQ(frame.text.find_first_not_of(is_binary ? '\xFE' : 'x'), std::string::npos);
      }
    }
  }
}

TEST_F(Basics, many_messages_of_one_sender_arrive_once_and_in_order) {
  constexpr int count = 2000;
  Client sender = shared->connect("gateway-1", shared->uid_on("node-2", "sender"));
  const std::string to = shared->uid_on("node-3", "receiver");
  Client receiver = shared->connect("gateway-1", to);
  for (int i = 0; i < count; ++i)
    sender.send(relay(to, std::to_string(i), i));
  ASSERT_TRUE(wait_until([&] { return sender.inbox().size() == count && receiver.inbox().size() == count; }, 20s))
      << sender.inbox().size() << " receipts, " << receiver.inbox().size() << " messages";
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(receiver.inbox()[static_cast<std::size_t>(i)].text.ends_with("\"data\":" + std::to_string(i) + "}"));
  }
}

TEST_F(Basics, rest_waits_for_delivered_queued_or_none) {
  const std::string uid = shared->uid_on("node-3", "rest");
  Client client = shared->connect("gateway-1", uid);
  for (const char* door : {"gateway-1", "node-1", "node-3"}) {
    const auto delivered = shared->send(door, uid, "one");
    EXPECT_EQ(delivered.at("schema"), "wscluster/receipt/v1");
    EXPECT_EQ(delivered.at("status"), "delivered");
    EXPECT_EQ(delivered.at("node"), "node-3");
    EXPECT_EQ(delivered.at("sessions"), 1);
    EXPECT_EQ(delivered.at("epoch").to_number<std::uint64_t>(), shared->epoch());
    EXPECT_EQ(shared->send(door, uid, "two", "chat", "wait=queued").at("status"), "queued");
    EXPECT_EQ(shared->send(door, uid, "three", "chat", "wait=none").at("status"), "unknown");
    for (const char* text : {"one", "two", "three"})
      EXPECT_EQ(client.read().text, text);
    EXPECT_EQ(shared->send(door, "nobody", "x").at("status"), "offline");
  }
}

TEST_F(Basics, rest_keeps_bytes_and_kind) {
  const std::string uid = "weird/uid ä";
  Client client = shared->connect("gateway-1", uid);
  const std::string target = "/api/v1/services/chat/users/" + percent_encode(uid) + "/messages";
  const std::string bytes("\x00\xFF\x80 bytes", 9);
  EXPECT_EQ(shared->call("gateway-1", "POST", target, bytes, {{"Content-Type", "application/octet-stream"}}).status,
            200U);
  const auto binary = client.read();
  EXPECT_TRUE(binary.is_binary);
  EXPECT_EQ(binary.text, bytes);
  EXPECT_EQ(shared->call("gateway-1", "POST", target, R"({"a":1})", {{"Content-Type", "application/json"}}).status,
            200U);
  const auto text = client.read();
  EXPECT_FALSE(text.is_binary);
  EXPECT_EQ(text.text, R"({"a":1})");
}

TEST_F(Basics, the_hub_form_of_send_answers_202) {
  Client client = shared->connect("gateway-1", "hubert");
  for (const char* door : {"gateway-1", "node-2"}) {
    const auto sent = shared->call(door, "POST", "/api/hubs/Chat/users/hubert/:send?api-version=2024-12-01", "hi");
    EXPECT_EQ(sent.status, 202U) << sent.body;
    EXPECT_EQ(client.read().text, "hi");
    EXPECT_EQ(shared->call(door, "POST", "/api/hubs/chat/users/nobody/:send", "hi").status, 202U);
  }
}

TEST_F(Basics, negotiate_names_gateway_or_owner_and_one_can_connect_there) {
  for (const auto& [uid, owner] : users_everywhere("nego")) {
    for (const std::string via : {"direct", "gateway"}) {
      for (const char* door : {"gateway-1", "node-1"}) {
        const auto answer = shared->call(door, "GET", "/negotiate?service=mirror&via=" + via, {},
                                         {{"Authorization", "Bearer " + shared->token(uid)}});
        ASSERT_EQ(answer.status, 200U) << answer.body;
        const json::value place = json::parse(answer.body);
        EXPECT_EQ(place.at("via"), via.c_str());
        const std::string url = place.at("url").as_string().c_str();
        EXPECT_EQ(url.substr(0, url.find(':')), via == "direct" ? "ws" : "wss");
        Client client({.url = url, .token = shared->token(uid), .ca_file = shared->file("cert.pem")});
        ASSERT_TRUE(client.connect()) << url << ": " << client.failure();
        EXPECT_EQ(client.ask("here"), "here");
        if (via == "direct") {
          const std::string node = place.at("node").as_string().c_str();
          EXPECT_EQ(url, "ws://" + (*shared)[node].clients + "/mirror");
        }
      }
    }
  }
  EXPECT_EQ(shared->call("gateway-1", "GET", "/negotiate?service=other").status, 404U);
}

TEST_F(Basics, a_node_serves_direct_clients_whoever_owns_them) {
  const auto owner_of = users_everywhere("direct");
  for (const auto& [uid, owner] : owner_of) {
    for (const char* door : {"node-1", "node-2", "node-3"}) {
      Client client = shared->connect(door, uid);
      const auto receipt = shared->send("gateway-1", uid, door);
      EXPECT_EQ(receipt.at("status"), "delivered");
      EXPECT_EQ(receipt.at("sessions"), 1);
      EXPECT_EQ(receipt.at("node"), owner.c_str());
      EXPECT_EQ(client.read().text, door);
      client.close(1000);
      ASSERT_TRUE(wait_until([&] { return client.has_ended(); }));
      EXPECT_TRUE(wait_until([&] { return shared->send("gateway-1", uid, "x").at("status") == "offline"; }));
    }
  }
}

TEST_F(Basics, the_same_uid_in_two_services_is_two_users) {
  Client chat = shared->connect("gateway-1", "twin");
  Client open(shared->at("node-2", "", "/open?uid=twin"));
  ASSERT_TRUE(open.connect());
  EXPECT_EQ(shared->send("gateway-1", "twin", "for chat").at("sessions"), 1);
  EXPECT_EQ(shared->send("node-2", "twin", "for open", "open").at("sessions"), 1);
  EXPECT_EQ(chat.read().text, "for chat");
  EXPECT_EQ(open.read().text, "for open");
  EXPECT_EQ(shared->send("gateway-1", "twin", "nobody", "mirror").at("status"), "offline");
  run_clients_for(100ms);
  EXPECT_TRUE(chat.inbox().empty());
  EXPECT_TRUE(open.inbox().empty());
}

TEST_F(Basics, a_service_without_proof_takes_the_uid_from_the_query_and_checks_it) {
  for (const char* uid : {"", "%FF", "a%0Ab", "%zz"}) {
    Client client(shared->at("node-1", "", std::string("/open?uid=") + uid));
    EXPECT_FALSE(client.connect());
    EXPECT_EQ(client.http_status(), 400U) << uid;
  }
  Client client(shared->at("node-1", "", "/open?uid=%C3%A4"));
  ASSERT_TRUE(client.connect());
  EXPECT_EQ(receipt_in(client.ask(relay("nobody", "1"))).at("status"), "offline");
}

TEST_F(Basics, the_clients_close_code_comes_back_to_it) {
  for (const unsigned code : {1000U, 1001U, 3000U, 4999U}) {
    Client client = shared->connect("gateway-1", "closer");
    client.close(code, "bye");
    ASSERT_TRUE(wait_until([&] { return client.has_ended(); }));
    EXPECT_EQ(client.close_code(), code);
  }
  EXPECT_TRUE(wait_until([&] { return shared->send("gateway-1", "closer", "x").at("status") == "offline"; }));
}

TEST_F(Basics, a_cut_connection_ends_the_session) {
  Client client = shared->connect("gateway-1", "cut");
  client.cut();
  EXPECT_TRUE(wait_until([&] { return shared->send("gateway-1", "cut", "x").at("status") == "offline"; }));
}

TEST_F(Basics, the_server_pings_a_silent_client) {
  Client gateway = shared->connect("gateway-1", "silent");
  Client node = shared->connect("node-1", "silent");
  EXPECT_TRUE(wait_until([&] { return gateway.pings() >= 2 && node.pings() >= 2; }));
  EXPECT_TRUE(gateway.is_open() && node.is_open());
}

TEST_F(Basics, send_delivers_and_says_where) {
  const std::string uid = shared->uid_on("node-2", "shell");
  Client client = shared->connect("gateway-1", uid);
  const json::value sent = shared->ask({"send", "--service", "chat", "--to", uid, "--message", "grüße"});
  EXPECT_EQ(sent.at("delivered"), 1);
  EXPECT_EQ(sent.at("results").as_array().at(0).at("node"), "node-2");
  EXPECT_EQ(client.read().text, "grüße");
}

TEST_F(Basics, send_reads_lines_jsonl_stdin_and_files) {
  Client client = shared->connect("gateway-1", "reader");
  EXPECT_EQ(shared->run({"send", "--service", "chat", "--to", "reader", "--lines"}, "one\n\ntwo\n").exit, 0);
  EXPECT_EQ(client.read().text, "one");
  EXPECT_EQ(client.read().text, "two");
  EXPECT_EQ(shared
                ->run({"send", "--service", "chat", "--jsonl"},
                      "{\"to\":\"reader\",\"message\":\"three\"}\n{\"to\":\"reader\",\"message\":{\"n\":4}}\n")
                .exit,
            0);
  EXPECT_EQ(client.read().text, "three");
  EXPECT_EQ(client.read().text, R"({"n":4})");
  EXPECT_EQ(shared->run({"send", "--service", "chat", "--to", "reader", "--stdin"}, "all\nof it").exit, 0);
  EXPECT_EQ(client.read().text, "all\nof it");
  const std::string file = shared->write("message.bin", std::string("\x00\xFF", 2));
  EXPECT_EQ(shared->run({"send", "--service", "chat", "--to", "reader", "--file", file, "--binary"}).exit, 0);
  EXPECT_EQ(client.read().text, std::string("\x00\xFF", 2));
}

TEST_F(Basics, the_exit_code_of_send_says_what_became_of_it) {
  const auto exit_of = [](std::vector<std::string> more, const std::string& input = {}) {
    more.insert(more.begin(), {"send", "--service", "chat"});
    return shared->run(more, input).exit;
  };
  Client client = shared->connect("gateway-1", "present");
  EXPECT_EQ(exit_of({"--to", "present", "--message", "x"}), 0);
  EXPECT_EQ(exit_of({"--to", "absent", "--message", "x"}), 67);
  EXPECT_EQ(exit_of({"--to", "present", "--to", "absent", "--message", "x"}), 1);
  EXPECT_EQ(exit_of({"--to", std::string(257, 'u'), "--message", "x"}), 65);
  EXPECT_EQ(exit_of({"--jsonl"}, "{\"to\":1}\n"), 65);
  EXPECT_EQ(exit_of({"--to", "present", "--message", "x", "--url", "http://127.0.0.1:1"}), 69);
  EXPECT_EQ(exit_of({"--to", "present", "--message", "x", "--key-file", shared->file("cluster.key")}), 77);
  EXPECT_EQ(exit_of({"--to", "present"}), 64);
}

TEST_F(Basics, token_makes_what_the_gateway_accepts) {
  const Ended made = shared->run({"token", "--service", "mirror", "--uid", "minted"});
  ASSERT_EQ(made.exit, 0) << made.err;
  auto options = shared->at("gateway-1", "", "/mirror");
  options.token = made.out.substr(0, made.out.find('\n'));
  Client client(options);
  ASSERT_TRUE(client.connect()) << client.failure();
  EXPECT_EQ(client.ask("x"), "x");
}

TEST_F(Basics, P0_35_P0_36_every_process_is_live_and_shows_its_metrics) {
  Client client = shared->connect("gateway-1", "metered");
  for (const char* name : {"gateway-1", "node-1", "node-2", "node-3"}) {
    EXPECT_EQ(net::http_call({.url = "http://" + (*shared)[name].admin + "/livez"})->status, 200U);
    EXPECT_EQ(shared->metric(name, "wscluster_redis_up"), 1);
    EXPECT_EQ(shared->metric(name, R"(wscluster_epoch{service="chat"})"), static_cast<double>(shared->epoch()));
  }
  EXPECT_GE(shared->metric("gateway-1", "wscluster_websockets"), 1);
  EXPECT_GE(shared->sum_over_nodes("wscluster_sessions"), 1);
  EXPECT_EQ(shared->sum_over_nodes("wscluster_misplaced_sessions"), 0);
}

}  // namespace
}  // namespace wscluster::integration
