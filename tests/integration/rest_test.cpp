// SPDX-License-Identifier: MIT
// The data plane that the SDKs of applications speak (PROTOCOL.md B.6): at any node or gateway, executed where the
// sessions are held.
#include <set>

#include "auth/token.hpp"
#include "base/text.hpp"
#include "fleet.hpp"
#include "wire.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

constexpr const char* hub = "/api/hubs/chat";

class Rest : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>();
    shared->start_node("node-1", {"--cores", "1"});
    shared->start_node("node-2", {"--cores", "3"});
    shared->start_node("node-3", {"--cores", "2", "--standby"});
    shared->start_gateway("gateway-1", {"--cores", "2"});
    shared->wait_until_ready();
  }

  /// The next one of all members: no answer may depend on who is asked.
  static const std::string& door() {
    static const std::vector<std::string> all{"gateway-1", "node-1", "node-2"};
    static std::size_t turn = 0;
    return all[turn++ % all.size()];
  }
  static net::HttpAnswer call(const std::string& method, const std::string& path, const std::string& body = {},
                              const std::string& type = {}) {
    net::HttpFields headers;
    if (!type.empty()) headers.emplace_back("Content-Type", type);
    return shared->call(door(), method, hub + path, body, headers);
  }
  static unsigned status(const std::string& method, const std::string& path, const std::string& body = {},
                         const std::string& type = {}) {
    const auto answer = call(method, path, body, type);
    EXPECT_LT(answer.status, 500U) << method << " " << path << ": " << answer.body;
    return answer.status;
  }
  /// At every member.
  static std::set<unsigned> statuses(const std::string& method, const std::string& path) {
    std::set<unsigned> all;
    for (const char* member : {"gateway-1", "node-1", "node-2"})
      all.insert(shared->call(member, method, hub + path).status);
    return all;
  }

  static std::vector<std::string> connections_of(const std::string& uid) {
    const auto answer = shared->call(door(), "GET", "/api/v1/services/chat/users/" + percent_encode(uid) + "/sessions");
    const json::value shown = json::parse(answer.body);
    std::vector<std::string> ids;
    for (const auto& session : shown.at("sessions").as_array()) {
      if (session.at("state") != "closing") ids.emplace_back(session.at("connection").as_string());
    }
    return ids;
  }
  static std::string connection_of(const std::string& uid) {
    const auto ids = connections_of(uid);
    EXPECT_EQ(ids.size(), 1U) << uid;
    return ids.empty() ? std::string() : ids.front();
  }
  /// Connected, and seen in the group by whoever asks for it.
  static std::set<std::string> members(const std::string& group) {
    const auto answer = call("GET", "/groups/" + percent_encode(group) + "/connections");
    const json::value page = json::parse(answer.body);
    std::set<std::string> users;
    for (const auto& member : page.at("value").as_array())
      users.emplace(member.at("userId").as_string());
    return users;
  }
  static void expect_closed(Client& client, const std::string& reason) {
    EXPECT_TRUE(wait_until([&] { return client.has_ended(); }));
    EXPECT_EQ(client.close_code(), 1008U);
    EXPECT_EQ(client.close_reason(), reason);
  }
};

TEST_F(Rest, who_is_connected_is_there_for_whoever_asks) {
  Client client = shared->connect("gateway-1", "alice");
  const std::string id = connection_of("alice");
  EXPECT_EQ(statuses("HEAD", "/connections/" + id), std::set{200U});
  EXPECT_EQ(statuses("HEAD", "/users/alice"), std::set{200U});
  EXPECT_EQ(statuses("HEAD", "/users/nobody-of-this-name"), std::set{404U});
  EXPECT_EQ(statuses("HEAD", "/connections/no-connection-of-ours"), std::set{404U});
  std::string other = id;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  EXPECT_EQ(statuses("HEAD", "/connections/" + other), std::set{404U});
}

TEST_F(Rest, a_connection_is_closed_for_good_and_the_others_of_its_user_stay) {
  Client phone = shared->connect("gateway-1", "alice");
  const std::string id = connection_of("alice");
  Client desk = shared->connect("node-1", "alice");
  EXPECT_EQ(status("DELETE", "/connections/" + id + "?reason=signed%20out"), 204U);
  expect_closed(phone, "signed out");
  EXPECT_EQ(statuses("HEAD", "/connections/" + id), std::set{404U});
  EXPECT_EQ(status("DELETE", "/connections/" + id), 204U) << "there is none, and that was the wish";
  EXPECT_EQ(connections_of("alice").size(), 1U);
  EXPECT_TRUE(desk.is_open());
}

TEST_F(Rest, a_users_connections_are_closed_but_for_the_excluded) {
  Client kept = shared->connect("gateway-1", "alice");
  const std::string id = connection_of("alice");
  Client phone = shared->connect("node-1", "alice");
  Client desk = shared->connect("node-2", "alice");
  Client other = shared->connect("node-2", "bob");
  EXPECT_EQ(status("POST", "/users/alice/:closeConnections?excluded=x&excluded=" + id), 204U);
  expect_closed(phone, "ClosedByAppServer");
  expect_closed(desk, "ClosedByAppServer");
  EXPECT_TRUE(kept.is_open() && other.is_open());
  EXPECT_EQ(status("POST", "/users/nobody-of-this-name/:closeConnections"), 204U);
}

TEST_F(Rest, everybody_is_closed_on_all_nodes_but_the_excluded) {
  std::vector<Client> clients;
  for (const auto& uid : numbered("person", 20))
    clients.push_back(shared->connect(door(), uid));
  Client kept = shared->connect("gateway-1", "alice");
  EXPECT_EQ(status("POST", "/:closeConnections?reason=over&excluded=" + connection_of("alice")), 204U);
  for (Client& client : clients)
    expect_closed(client, "over");
  EXPECT_TRUE(kept.is_open());
}

TEST_F(Rest, groups_have_the_members_that_were_put_into_them) {
  Client alice = shared->connect("gateway-1", "alice");
  Client bob = shared->connect("node-1", "bob");
  Client device = shared->connect("node-2", "bob");
  const std::string id = connection_of("alice");
  const std::string group = "a/b c\xc3\xa9";
  const std::string path = "/groups/" + percent_encode(group);
  EXPECT_EQ(statuses("HEAD", path), std::set{404U});
  EXPECT_EQ(status("PUT", path + "/connections/" + id), 200U);
  EXPECT_EQ(statuses("HEAD", path), std::set{200U});
  EXPECT_EQ(members(group), std::set<std::string>{"alice"});
  EXPECT_EQ(status("PUT", "/users/bob/groups/" + percent_encode(group)), 200U);
  EXPECT_EQ(members(group), (std::set<std::string>{"alice", "bob"}));
  EXPECT_EQ(status("DELETE", path + "/connections/" + id), 204U);
  EXPECT_EQ(members(group), std::set<std::string>{"bob"});
  EXPECT_EQ(status("DELETE", "/users/bob/groups/" + percent_encode(group)), 204U);
  EXPECT_EQ(statuses("HEAD", path), std::set{404U});
}

TEST_F(Rest, send_reaches_the_members_of_a_group_but_the_excepted) {
  Client alice = shared->connect("gateway-1", "alice");
  Client bob = shared->connect("node-1", "bob");
  Client carol = shared->connect("node-2", "carol");
  for (const char* uid : {"alice", "bob", "carol"})
    ASSERT_EQ(status("PUT", "/users/" + std::string(uid) + "/groups/news"), 200U);
  const json::value sent = shared->ask({"send", "--group", "news", "--message", "for all"});
  const auto& receipt = sent.at("results").as_array().at(0).as_object();
  EXPECT_EQ(receipt.at("group"), "news");
  EXPECT_EQ(receipt.at("status"), "queued");
  EXPECT_EQ(receipt.at("sessions"), 3);
  for (Client* client : {&alice, &bob, &carol})
    EXPECT_EQ(client->read().text, "for all");
  const Ended some =
      shared->run({"send", "-g", "news", "-m", "for two", "--except", connection_of("bob"), "--to", "bob"});
  EXPECT_EQ(some.exit, 0) << some.err;
  EXPECT_NE(some.out.find("news: queued for 2 sessions on node-"), std::string::npos) << some.out;
  EXPECT_EQ(alice.read().text, "for two");
  EXPECT_EQ(carol.read().text, "for two");
  EXPECT_EQ(bob.read().text, "for two") << "as a user of its own";
  const std::string lines = R"({"group":"news","message":{"n":1}})";
  EXPECT_EQ(shared->run({"send", "--jsonl"}, lines + "\n").exit, 0);
  for (Client* client : {&alice, &bob, &carol})
    EXPECT_EQ(client->read().text, R"({"n":1})");
  const Ended nobody = shared->run({"send", "--group", "nobody-is-here", "--message", "x"});
  EXPECT_EQ(nobody.exit, 67);
  EXPECT_EQ(nobody.err, "wscluster: nobody is in the group nobody-is-here\n");
}

TEST_F(Rest, presence_tells_the_members_of_a_group_with_all_their_devices) {
  Client alice = shared->connect("gateway-1", "alice");
  Client device = shared->connect("node-1", "alice");
  Client bob = shared->connect("node-2", "bob");
  Client stranger = shared->connect("node-2", "carol");
  for (const char* uid : {"alice", "bob"})
    ASSERT_EQ(status("PUT", "/users/" + std::string(uid) + "/groups/club"), 200U);
  const json::value found = shared->ask({"presence", "--group", "club"});
  std::map<std::string, std::int64_t> sessions;
  for (const auto& user : found.at("users").as_array())
    sessions[user.at("uid").as_string().c_str()] = user.at("sessions").as_int64();
  EXPECT_EQ(sessions, (std::map<std::string, std::int64_t>{{"alice", 2}, {"bob", 1}}));
  EXPECT_EQ(shared->ask({"session", "list", "--group", "club"}).at("sessions").as_array().size(), 3U);
  EXPECT_EQ(shared->run({"presence", "--group", "nobody-is-here"}).exit, 67);
  EXPECT_EQ(shared->call(door(), "GET", "/api/v1/services/chat/sessions?group=%20").status, 400U);
}

TEST_F(Rest, who_is_not_connected_is_in_no_group) {
  const auto answer = call("PUT", "/groups/red/connections/unknown");
  EXPECT_EQ(answer.status, 404U);
  EXPECT_EQ(json::parse(answer.body).at("code"), "Error.Connection.NotExisted");
  const std::string* code = net::find_header(answer.headers, "x-ms-error-code");
  ASSERT_NE(code, nullptr);
  EXPECT_EQ(*code, "Error.Connection.NotExisted");
  EXPECT_EQ(status("DELETE", "/groups/red/connections/unknown"), 204U);
  EXPECT_EQ(status("DELETE", "/connections/unknown/groups"), 204U);
  EXPECT_EQ(status("PUT", "/users/nobody-of-this-name/groups/red"), 200U);
  EXPECT_EQ(status("DELETE", "/users/nobody-of-this-name/groups/red"), 204U);
  EXPECT_EQ(status("DELETE", "/users/nobody-of-this-name/groups"), 204U);
  EXPECT_EQ(members("red"), std::set<std::string>{});
}

TEST_F(Rest, all_groups_are_left_at_once) {
  Client alice = shared->connect("gateway-1", "alice");
  Client bob = shared->connect("node-1", "bob");
  for (const char* group : {"red", "blue"}) {
    for (const char* user : {"alice", "bob"})
      EXPECT_EQ(status("PUT", "/users/" + std::string(user) + "/groups/" + group), 200U);
  }
  EXPECT_EQ(status("DELETE", "/users/alice/groups"), 204U);
  EXPECT_EQ(members("red"), std::set<std::string>{"bob"});
  EXPECT_EQ(status("DELETE", "/connections/" + connection_of("bob") + "/groups"), 204U);
  EXPECT_EQ(members("blue"), std::set<std::string>{});
}

TEST_F(Rest, those_who_fit_a_filter_are_put_into_groups_and_taken_out) {
  std::vector<Client> clients;
  for (const auto& uid : numbered("person", 12))
    clients.push_back(shared->connect(door(), uid));
  const auto change = [](const char* action, const std::string& filter) {
    const json::value body{{"groups", {"red", "blue"}}, {"filter", filter}};
    return status("POST", std::string("/:") + action, json::serialize(body), "application/json");
  };
  EXPECT_EQ(change("addToGroups", "userId eq 'person-1' or userId eq 'person-7'"), 200U);
  EXPECT_EQ(members("red"), (std::set<std::string>{"person-1", "person-7"}));
  EXPECT_EQ(change("addToGroups", "not ('red' in groups)"), 200U);
  EXPECT_EQ(members("blue").size(), 12U);
  EXPECT_EQ(change("removeFromGroups", "'red' in groups and userId ne 'person-3'"), 200U);
  EXPECT_EQ(members("red"), std::set<std::string>{"person-3"});
}

TEST_F(Rest, a_groups_connections_are_closed_but_for_the_excluded) {
  Client alice = shared->connect("gateway-1", "alice");
  Client bob = shared->connect("node-1", "bob");
  Client carol = shared->connect("node-2", "carol");
  EXPECT_EQ(status("PUT", "/users/alice/groups/red"), 200U);
  EXPECT_EQ(status("PUT", "/users/bob/groups/red"), 200U);
  EXPECT_EQ(status("POST", "/groups/red/:closeConnections?reason=over&excluded=" + connection_of("bob")), 204U);
  expect_closed(alice, "over");
  EXPECT_TRUE(bob.is_open() && carol.is_open());
}

TEST_F(Rest, pages_of_a_groups_members_hold_everybody_once) {
  std::vector<Client> clients;
  std::set<std::string> ids;
  for (const auto& uid : numbered("person", 10)) {
    for (int device = 0; device < 3; ++device)
      clients.push_back(shared->connect(door(), uid));
    EXPECT_EQ(status("PUT", "/users/" + uid + "/groups/paged"), 200U);
    for (const auto& id : connections_of(uid))
      ids.insert(id);
  }
  ASSERT_EQ(ids.size(), 30U);
  for (const std::string& query : std::vector<std::string>{"?maxpagesize=4&api-version=2024-12-01", "?maxpagesize=1",
                                                           "?top=30&maxpagesize=7", ""}) {
    const std::string& member = door();
    const std::string origin = (member == "gateway-1" ? "https://" : "http://") + (*shared)[member].clients;
    std::set<std::string> seen;
    std::string target = hub + std::string("/groups/paged/connections") + query;
    for (int page = 0; !target.empty() && page <= 31; ++page) {
      const auto answer = shared->call(member, "GET", target);
      ASSERT_EQ(answer.status, 200U) << answer.body;
      const json::value body = json::parse(answer.body);
      for (const auto& entry : body.at("value").as_array())
        EXPECT_TRUE(seen.insert(entry.at("connectionId").as_string().c_str()).second) << query;
      const json::value& next = body.at("nextLink");
      if (next.is_null()) break;
      const std::string link = next.as_string().c_str();
      ASSERT_TRUE(link.starts_with(origin + hub)) << link << " is not the address that was asked";
      EXPECT_EQ(link.find("api-version") != std::string::npos, query.find("api-version") != std::string::npos);
      target = link.substr(origin.size());
    }
    EXPECT_EQ(seen, ids) << query;
  }
  const json::value first = json::parse(call("GET", "/groups/paged/connections?top=5").body);
  EXPECT_EQ(first.at("value").as_array().size(), 5U);
  EXPECT_TRUE(first.at("nextLink").is_null()) << "no more were asked for";
}

TEST_F(Rest, permissions_are_granted_told_and_revoked) {
  Client client = shared->connect("gateway-1", "alice");
  const std::string id = connection_of("alice");
  const std::string path = "/permissions/sendToGroup/connections/" + id;
  EXPECT_EQ(status("HEAD", path + "?targetName=red"), 404U);
  EXPECT_EQ(status("PUT", path + "?targetName=red"), 200U);
  EXPECT_EQ(statuses("HEAD", path + "?targetName=red"), std::set{200U});
  EXPECT_EQ(status("HEAD", path + "?targetName=blue"), 404U);
  EXPECT_EQ(status("HEAD", path), 404U) << "not for all groups";
  EXPECT_EQ(status("HEAD", "/permissions/joinLeaveGroup/connections/" + id + "?targetName=red"), 404U);
  EXPECT_EQ(status("PUT", path), 200U);
  EXPECT_EQ(status("HEAD", path + "?targetName=blue"), 200U);
  EXPECT_EQ(status("DELETE", path), 204U);
  EXPECT_EQ(statuses("HEAD", path + "?targetName=red"), std::set{404U});
  EXPECT_EQ(status("PUT", "/permissions/sendToGroup/connections/unknown"), 404U);
  EXPECT_EQ(status("DELETE", "/permissions/sendToGroup/connections/unknown"), 204U);
  EXPECT_EQ(status("HEAD", "/permissions/sendToGroup/connections/unknown"), 404U);
  EXPECT_EQ(status("PUT", "/permissions/fly/connections/" + id), 400U);
}

TEST_F(Rest, a_token_that_was_made_for_a_client_lets_it_in_and_says_what_was_wished) {
  const auto answer = call("POST",
                           "/:generateToken?userId=zoe&role=webpubsub.sendToGroup&role=webpubsub.joinLeaveGroup.g"
                           "&group=red&minutesToExpire=5&clientType=Default");
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const std::string token(json::parse(answer.body).at("token").as_string());
  Client::Options options = shared->at("node-1", "");
  options.token = token;
  Client client(options);
  EXPECT_TRUE(client.connect()) << client.http_status();
  EXPECT_EQ(status("HEAD", "/users/zoe"), 200U);
  const auto claims = json::parse(*base64url_decode(split(token, '.')[1]));
  EXPECT_EQ(claims.at("role"), (json::array{"webpubsub.sendToGroup", "webpubsub.joinLeaveGroup.g"}));
  EXPECT_EQ(claims.at("webpubsub.group"), json::array{"red"});
  EXPECT_EQ(claims.at("exp").as_int64() - claims.at("iat").as_int64(), 300);
  EXPECT_TRUE(claims.at("aud").as_string().ends_with("/client/hubs/chat")) << claims.at("aud");
  for (const char* query : {"minutesToExpire=0", "minutesToExpire=x", "clientType=MQTT", "userId=%01", "group=%20",
                            "role=webpubsub.joinLeaveGroups.*****-******"}) {
    EXPECT_EQ(status("POST", std::string("/:generateToken?") + query), 400U) << query;
  }
}

TEST_F(Rest, bodies_may_come_in_chunks_and_names_with_any_character) {
  const std::string uid = "a/b c@\xc3\xa9:send";
  Client client = shared->connect("gateway-1", uid);
  const Wire wire((*shared)["node-1"].clients);
  wire.write("POST /api/hubs/CHAT/users/" + percent_encode(uid) +
             "/:send?api-version=1999-01-01 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
             shared->application_token() +
             "\r\nContent-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
             "4\r\nin p\r\n4\r\narts\r\n0\r\n\r\n");
  EXPECT_TRUE(wire.read_to_end().starts_with("HTTP/1.1 202 ")) << "the hub in capitals, another version of the API";
  EXPECT_EQ(client.read().text, "in parts");
}

TEST_F(Rest, what_was_asked_wrongly_is_refused) {
  EXPECT_EQ(status("POST", "/users/%FF/:send", "x", "text/plain"), 400U);
  EXPECT_EQ(status("POST", "/users/%zz/:send", "x", "text/plain"), 400U);
  EXPECT_EQ(status("POST", "/users/alice/:send", "{", "application/json"), 400U);
  EXPECT_EQ(status("POST", "/users/alice/:send", "\xff", "text/plain"), 400U);
  EXPECT_EQ(status("POST", "/users/alice/:send", "x", "text/html"), 415U);
  EXPECT_EQ(status("POST", "/users/alice/:send?messageTtlSeconds=301", "x", "text/plain"), 400U);
  EXPECT_EQ(status("POST", "/users/alice/:send?messageTtlSeconds=-1", "x", "text/plain"), 400U);
  EXPECT_EQ(status("POST", "/users/alice/:send?filter=length(userId)%20gt%203", "x", "text/plain"), 400U);
  EXPECT_EQ(status("POST", "/users/alice/:send?filter=userId%20eq%20'alice'&messageTtlSeconds=300", "x", "text/plain"),
            202U);
  EXPECT_EQ(status("POST", "/users/alice/:closeConnections?reason=%FF"), 400U);
  EXPECT_EQ(status("GET", "/groups/red/connections?maxpagesize=201"), 400U);
  EXPECT_EQ(status("GET", "/groups/red/connections?maxpagesize=0"), 400U);
  EXPECT_EQ(status("GET", "/groups/red/connections?top=0"), 400U);
  EXPECT_EQ(status("GET", "/groups/red/connections?continuationToken=x"), 400U);
  EXPECT_EQ(status("HEAD", "/groups/%20"), 400U);
  EXPECT_EQ(status("HEAD", "/groups/" + std::string(1025, 'x')), 400U);
  EXPECT_EQ(status("PUT", "/users/alice/groups/user:"), 400U);
  EXPECT_EQ(status("POST", "/:addToGroups", "{}", "application/json"), 400U);
  EXPECT_EQ(status("POST", "/:addToGroups", R"({"groups":["a"],"filter":"x"})", "application/json"), 400U);
  EXPECT_EQ(status("POST", "/:addToGroups", R"({"groups":["a"]})", "text/plain"), 415U);
  const auto answer = call("POST", "/users/alice/:send?filter=x", "x", "text/plain");
  const json::value body = json::parse(answer.body);
  EXPECT_EQ(body.at("code"), "BadRequest");
  EXPECT_EQ(body.at("message").as_string().find("the filter at character 1: "), 0U) << answer.body;
  EXPECT_TRUE(body.at("details").is_array() && body.at("inner").is_object() && body.at("target").is_null());
  EXPECT_EQ(*net::find_header(answer.headers, "x-ms-error-code"), "BadRequest");
}

TEST_F(Rest, methods_paths_and_hubs_that_are_none_are_told) {
  EXPECT_EQ(status("GET", "/nothing"), 404U);
  EXPECT_EQ(status("GET", ""), 404U);
  EXPECT_EQ(status("POST", "/users/a/b/:send"), 404U) << "a slash in a name is %2F";
  EXPECT_EQ(shared->call(door(), "POST", "/api/hubs/nothing/users/alice/:send", "x").status, 404U);
  const auto answer = call("POST", "/groups/red/connections/unknown");
  EXPECT_EQ(answer.status, 405U);
  EXPECT_EQ(*net::find_header(answer.headers, "Allow"), "PUT, DELETE");
  EXPECT_EQ(*net::find_header(call("PATCH", "/permissions/x/connections/y").headers, "Allow"), "PUT, DELETE, HEAD");
  EXPECT_EQ(shared->call(door(), "HEAD", "/api/health").status, 200U);
  EXPECT_EQ(shared->call(door(), "POST", "/api/health").status, 405U);
}

TEST_F(Rest, clients_and_strangers_may_not_call) {
  for (const std::string& bearer :
       {"Bearer " + shared->token("alice"), std::string("Bearer x.y.z"), std::string("Basic x")}) {
    const net::HttpFields headers{{"Authorization", bearer}};
    for (const auto& [method, path] : {std::pair{"HEAD", "/users/alice"}, std::pair{"POST", "/:closeConnections"},
                                       std::pair{"POST", "/:generateToken"}, std::pair{"DELETE", "/connections/x"},
                                       std::pair{"PUT", "/users/alice/groups/red"}}) {
      EXPECT_EQ(shared->call(door(), method, std::string(hub) + path, {}, headers).status, 401U) << path << bearer;
    }
  }
}

TEST_F(Rest, an_order_for_everybody_reaches_everybody_while_a_change_moves_them) {
  Fleet fleet(*shared, numbered("person", 150), {"gateway-1", "node-1", "node-2"});
  // By the order, or just before it by the change.
  const auto was_closed = [](const Fleet::Person& person) { return !person.closes.empty(); };
  const auto command =
      shared->begin({"ring", "add", "node-3", "--yes", "--rate", "50/s", "--settle", "1s"}, shared->file("rest-add"));
  int rounds = 0;
  for (; !command->poll() || rounds < 3; ++rounds) {
    fleet.gather();
    fleet.forget();
    ASSERT_EQ(status("POST", "/:closeConnections"), 204U) << "round " << rounds;
    EXPECT_TRUE(fleet.run_until([&] { return std::all_of(fleet.people().begin(), fleet.people().end(), was_closed); }))
        << "round " << rounds;
  }
  EXPECT_EQ(command->poll(), 0) << content_of(shared->file("rest-add.err"));
}

/// Last: it takes a node away.
TEST_F(Rest, an_order_for_everybody_says_so_when_a_node_does_not_answer) {
  (*shared)["node-1"].child->signal(SIGSTOP);
  const auto answer = shared->call("gateway-1", "POST", hub + std::string("/:closeConnections"));
  (*shared)["node-1"].child->signal(SIGCONT);
  EXPECT_TRUE(answer.status == 504U || answer.status == 503U) << answer.status << answer.body;
}

}  // namespace
}  // namespace wscluster::integration
