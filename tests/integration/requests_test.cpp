// SPDX-License-Identifier: MIT
// REST sends that an application repeats under the same x-ms-client-request-id.
#include "base/text.hpp"
#include "cluster.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

class Requests : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>();
    shared->start_node("node-1", {"--cores", "1"});
    shared->start_node("node-2", {"--cores", "2"});
    shared->start_node("node-3", {"--cores", "2", "--standby"});
    shared->start_gateway("gateway-1", {"--cores", "2"});
    shared->wait_until_ready();
  }

  static net::HttpAnswer post(const std::string& member, const std::string& target, const std::string& text,
                              const std::string& id) {
    return shared->call(member, "POST", target, text, {{"x-ms-client-request-id", id}});
  }
  static json::object send(const std::string& member, const std::string& uid, const std::string& text,
                           const std::string& id, const std::string& query = "wait=delivered") {
    const auto answer =
        post(member, "/api/v1/services/chat/users/" + percent_encode(uid) + "/messages?" + query, text, id);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    boost::system::error_code ec;
    json::value value = json::parse(answer.body, ec);
    return value.is_object() ? value.get_object() : json::object{{"status", ""}, {"duplicate", false}};
  }
};

TEST_F(Requests, a_repeat_through_another_process_arrives_once_and_has_the_same_receipt) {
  for (const char* owner : {"node-1", "node-2"}) {
    const std::string uid = shared->uid_on(owner);
    Client client = shared->connect("gateway-1", uid);
    const std::string id = "request-for-" + uid;
    const auto first = send("node-1", uid, "once", id);
    EXPECT_EQ(first.at("status"), "delivered");
    EXPECT_EQ(first.at("duplicate"), false);
    for (const char* door : {"node-2", "gateway-1", "node-1"}) {
      const auto again = send(door, uid, "once", id);
      for (const char* field : {"status", "sessions", "node", "epoch", "to"})
        EXPECT_EQ(again.at(field), first.at(field)) << field << " at " << door;
      EXPECT_EQ(again.at("duplicate"), true);
    }
    EXPECT_EQ(send("node-2", uid, "another", id + "-2").at("duplicate"), false);
    EXPECT_EQ(client.read().text, "once");
    EXPECT_EQ(client.read().text, "another") << "nothing in between";
  }
}

TEST_F(Requests, a_repeat_of_the_compatible_call_arrives_once) {
  Client client = shared->connect("gateway-1", "alice");
  for (const char* door : {"node-1", "node-2"})
    EXPECT_EQ(post(door, "/api/hubs/chat/users/alice/:send", "once", "hub-request").status, 202U);
  EXPECT_EQ(post("gateway-1", "/api/hubs/chat/users/alice/:send", "another", "hub-request-2").status, 202U);
  EXPECT_EQ(client.read().text, "once");
  EXPECT_EQ(client.read().text, "another");
}

TEST_F(Requests, a_repeat_after_the_user_has_moved_is_known_to_its_new_holder) {
  const auto uids = numbered("mover", 60);
  const auto now = shared->owners(uids);
  std::string uid;
  for (const auto& [name, owner] : shared->owners_after(uids, {"--with", "node-3"})) {
    if (owner == "node-3") uid = name;
  }
  ASSERT_FALSE(uid.empty());
  Client client = shared->connect("gateway-1", uid);
  const auto first = send("node-1", uid, "once", "across");
  EXPECT_EQ(first.at("node"), now.at(uid).c_str());
  const Ended added = shared->run({"ring", "add", "node-3", "--yes", "--settle", "1s"});
  ASSERT_EQ(added.exit, 0) << added.err;
  const auto again = send("node-2", uid, "once", "across");
  EXPECT_EQ(again.at("status"), "delivered");
  EXPECT_EQ(again.at("sessions"), first.at("sessions"));
  EXPECT_EQ(again.at("duplicate"), true);
  EXPECT_EQ(again.at("node"), "node-3");
  EXPECT_EQ(send("node-2", uid, "another", "across-2").at("status"), "delivered");
  EXPECT_EQ(client.read().text, "once");
  EXPECT_EQ(client.read().text, "another");
}

TEST_F(Requests, who_was_offline_gets_the_message_with_the_repeat) {
  EXPECT_EQ(send("node-1", "late", "now", "try").at("status"), "offline");
  Client client = shared->connect("gateway-1", "late");
  const auto again = send("node-2", "late", "now", "try");
  EXPECT_EQ(again.at("status"), "delivered");
  EXPECT_EQ(again.at("duplicate"), false);
  EXPECT_EQ(client.read().text, "now");
}

TEST_F(Requests, an_id_that_is_too_long_or_no_text_is_refused) {
  for (const std::string& id : {std::string(129, 'x'), std::string("a b"), std::string("\xc3\xa4")}) {
    const auto answer = post("node-1", "/api/v1/services/chat/users/alice/messages", "x", id);
    EXPECT_EQ(answer.status, 400U) << id;
    EXPECT_NE(answer.body.find("x-ms-client-request-id"), std::string::npos) << answer.body;
  }
}

}  // namespace
}  // namespace wscluster::integration
