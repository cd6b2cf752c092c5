// SPDX-License-Identifier: MIT
// Application servers that are no nodes: they register over Eureka's calls and ours, and are a ring.
#include <set>

#include "base/text.hpp"
#include "cluster.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

constexpr const char* instances = "/api/v1/services/shop/instances";

class Upstream : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>(
        Cluster::Options{.services = {},
                         .settings = "upstreams:\n  shop:\n    key_files: [access.key]\n  fixed:\n"
                                     "    instances: [one=http://127.0.0.1:8001, two=https://127.0.0.1:8002*2]\n"
                                     "eureka:\n  enabled: true\n  password_file: eureka.pass\n"});
    shared->write("eureka.pass", "secret");
    shared->start_node("node-1", {"--cores", "1"});
    shared->start_gateway("gateway-1", {"--cores", "2"});
    shared->start_gateway("gateway-2", {"--cores", "1"});
    shared->wait_until_ready();
  }

  /// Gateways in turn: no answer may depend on who is asked.
  static const std::string& door() {
    static const std::vector<std::string> all{"gateway-1", "gateway-2"};
    static std::size_t turn = 0;
    return all[turn++ % all.size()];
  }
  static net::HttpAnswer rest(const std::string& method, const std::string& path, const std::string& body = {}) {
    return shared->call(door(), method, path, body);
  }
  static net::HttpAnswer eureka(const std::string& method, const std::string& path, const std::string& body = {},
                                const std::string& accept = "application/json", const std::string& gateway = {}) {
    return shared->call(gateway.empty() ? door() : gateway, method, "/eureka" + path, body,
                        {{"Authorization", "Basic " + base64_encode("any:secret")},
                         {"Accept", accept},
                         {"Content-Type", "application/json"}});
  }
  static std::string registration(const std::string& app, const std::string& id, const std::string& more = {}) {
    return R"({"instance":{"app":")" + app + R"(","instanceId":")" + id +
           R"(","hostName":"localhost","ipAddr":"127.0.0.1","port":{"$":8080,"@enabled":true},"vipAddress":")" + app +
           R"(","dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"},)"
           R"("status":"UP")" +
           more + "}}";
  }
  /// Names in the ring, from `ring show`.
  static bool wait_for_ring(const std::string& service, const std::vector<std::string>& names) {
    std::string seen;
    const bool reached = wait_until([&] {
      const Ended ended = shared->run({"ring", "show", "--service", service, "-o", "json"});
      if (ended.exit != 0) return false;
      std::vector<std::string> found;
      const json::value shown = json::parse(ended.out);
      for (const json::value& node : shown.at("nodes").as_array()) {
        if (!node.at("weight").is_null()) found.emplace_back(node.at("name").as_string());
      }
      seen = ended.out;
      return found == names;
    });
    EXPECT_TRUE(reached) << seen;
    return reached;
  }
  static void expect_well(const std::string& service) {
    Ended ended;
    const bool is_well = wait_until([&] {
      ended = shared->run({"ring", "check", "--service", service});
      return ended.exit == 0;
    });
    EXPECT_TRUE(is_well) << ended.out << ended.err;
  }
  static json::value parsed(const net::HttpAnswer& answer) {
    boost::system::error_code ec;
    json::value value = json::parse(answer.body, ec);
    EXPECT_FALSE(ec) << answer.status << " " << answer.body;
    return value;
  }
};

TEST_F(Upstream, an_instance_registers_over_rest_and_is_the_ring) {
  const std::string path = std::string(instances) + "/host%3Ashop%3A1";
  const auto put = rest("PUT", path, R"({"url":"http://127.0.0.1:8081","weight":2,"metadata":{"zone":"a"}})");
  ASSERT_EQ(put.status, 200U) << put.body;
  const std::string member(parsed(put).at("member").as_string());
  ASSERT_TRUE(wait_for_ring("shop", {member}));
  const json::value shown = shared->ask({"ring", "show", "--service", "shop"}).at("nodes").at(0);
  EXPECT_EQ(shown.at("instance"), "host:shop:1");
  EXPECT_EQ(shown.at("state"), "up");
  EXPECT_EQ(shown.at("address"), "127.0.0.1:8081");
  EXPECT_EQ(shown.at("weight").to_number<double>(), 2);
  EXPECT_EQ(shared->owners({"alice"}, "shop").at("alice"), member);
  EXPECT_EQ(parsed(rest("GET", path)).at("metadata").at("zone"), "a");
  EXPECT_EQ(parsed(rest("GET", instances)).at("instances").as_array().size(), 1U);
  EXPECT_EQ(rest("PUT", path).status, 200U) << "a renewal";
  EXPECT_EQ(rest("PUT", std::string(instances) + "/nobody").status, 404U);
  EXPECT_EQ(rest("DELETE", path).status, 204U);
  EXPECT_EQ(rest("DELETE", path).status, 404U);
  ASSERT_TRUE(wait_for_ring("shop", {}));
}

TEST_F(Upstream, a_status_takes_one_out_and_its_undo_puts_it_back) {
  for (const char* id : {"/a", "/b"})
    ASSERT_EQ(rest("PUT", std::string(instances) + id, R"({"url":"http://127.0.0.1:8081"})").status, 200U);
  ASSERT_TRUE(wait_for_ring("shop", {"a", "b"}));
  ASSERT_EQ(rest("PUT", std::string(instances) + "/b/status", R"({"status":"OUT_OF_SERVICE"})").status, 200U);
  ASSERT_TRUE(wait_for_ring("shop", {"a"}));
  const json::value nodes = shared->ask({"ring", "show", "--service", "shop"}).at("nodes");
  EXPECT_EQ(nodes.at(1).at("state"), "out_of_service") << "it is shown, if without a share";
  expect_well("shop");
  EXPECT_EQ(rest("PUT", std::string(instances) + "/b/status", R"({"status":"LAZY"})").status, 400U);
  ASSERT_EQ(rest("DELETE", std::string(instances) + "/b/status").status, 200U);
  ASSERT_TRUE(wait_for_ring("shop", {"a", "b"}));
  for (const char* id : {"/a", "/b"})
    EXPECT_EQ(rest("DELETE", std::string(instances) + id).status, 204U);
}

TEST_F(Upstream, whose_lease_ends_leaves) {
  ASSERT_EQ(rest("PUT", std::string(instances) + "/brief", R"({"url":"http://127.0.0.1:1","lease":3})").status, 200U);
  ASSERT_TRUE(wait_for_ring("shop", {"brief"}));
  ASSERT_TRUE(wait_until([&] { return rest("GET", std::string(instances) + "/brief").status == 404; }));
  EXPECT_EQ(rest("PUT", std::string(instances) + "/brief").status, 404U) << "it must register again";
  ASSERT_TRUE(wait_for_ring("shop", {}));
  EXPECT_GE(shared->metric("gateway-1", "wscluster_instances_expired_total") +
                shared->metric("gateway-2", "wscluster_instances_expired_total"),
            1);
}

TEST_F(Upstream, bad_calls_are_refused_and_say_why) {
  const std::string path = std::string(instances) + "/x";
  EXPECT_EQ(rest("PUT", path, "{}").status, 400U);
  EXPECT_EQ(rest("PUT", path, R"({"url":"ftp://h"})").status, 400U);
  EXPECT_EQ(rest("PUT", path, R"({"url":"http://h:1","wieght":1})").status, 400U);
  EXPECT_EQ(rest("PUT", path, R"({"url":"http://h:1","lease":0})").status, 400U);
  EXPECT_EQ(rest("PUT", std::string(instances) + "/a%20b", R"({"url":"http://h:1"})").status, 400U);
  EXPECT_EQ(rest("GET", path).status, 404U);
  EXPECT_EQ(rest("POST", path, "{}").status, 405U);
  EXPECT_EQ(shared->call("gateway-1", "GET", instances, {}, {{"Authorization", "Bearer x.y.z"}}).status, 401U);
  EXPECT_EQ(shared->call("gateway-1", "GET", "/api/v1/services/fixed/instances").status, 401U)
      << "the key of one service is not that of another";
  EXPECT_EQ(shared->call("node-1", "GET", instances).status, 404U) << "nodes register nobody";
}

TEST_F(Upstream, the_ring_of_instances_is_not_changed_by_hand) {
  ASSERT_TRUE(wait_for_ring("fixed", {"one", "two"}));
  for (const std::vector<std::string>& change : std::vector<std::vector<std::string>>{
           {"add", "one"}, {"remove", "one"}, {"drain", "one"}, {"undrain", "one"}, {"weight", "one", "3"}}) {
    std::vector<std::string> arguments{"ring"};
    arguments.insert(arguments.end(), change.begin(), change.end());
    arguments.insert(arguments.end(), {"--service", "fixed", "--yes"});
    const Ended ended = shared->run(arguments);
    EXPECT_EQ(ended.exit, 64) << change[0];
    EXPECT_NE(ended.err.find("upstream service"), std::string::npos) << ended.err;
    EXPECT_NE(ended.err.find("OUT_OF_SERVICE"), std::string::npos) << ended.err;
  }
  EXPECT_EQ(shared->run({"ring", "history", "--service", "fixed"}).exit, 0);
  expect_well("fixed");
  const json::value shown = shared->ask({"ring", "show", "--service", "fixed"});
  EXPECT_TRUE(shown.at("change").is_null()) << "nobody is waited for";
  EXPECT_EQ(shown.at("nodes").at(1).at("weight").to_number<double>(), 2);
}

TEST_F(Upstream, a_eureka_client_registers_beats_reads_and_leaves) {
  const std::string id = "127.0.0.1:jq:8080";
  const auto missing = eureka("PUT", "/apps/Jq.Test/" + id);
  EXPECT_EQ(missing.status, 404U) << "so it registers";
  const auto registered = eureka("POST", "/apps/Jq.Test", registration("Jq.Test", id, R"(,"lastDirtyTimestamp":"50")"));
  ASSERT_EQ(registered.status, 204U) << registered.body;
  const auto beat = eureka("PUT", "//v2//apps/JQ.TEST/" + id + "?status=UP&lastDirtyTimestamp=50");
  EXPECT_EQ(beat.status, 200U);
  EXPECT_EQ(eureka("PUT", "/v2/apps/JQ.TEST/" + id + "?lastDirtyTimestamp=51").status, 404U);
  for (const char* path : {"/apps/", "/v2/apps", "/apps/delta", "//apps//"}) {
    ASSERT_TRUE(wait_until([&] { return eureka("GET", path).body.find(id) != std::string::npos; })) << path;
  }
  const json::value full = parsed(eureka("GET", "/apps/"));
  EXPECT_EQ(full.at("applications").at("versions__delta"), "1");
  EXPECT_EQ(full.at("applications").at("apps__hashcode"),
            parsed(eureka("GET", "/apps/delta")).at("applications").at("apps__hashcode"));
  const json::value one = parsed(eureka("GET", "/apps/JQ.TEST/" + id)).at("instance");
  EXPECT_EQ(one.at("app"), "JQ.TEST");
  EXPECT_EQ(one.at("status"), "UP");
  EXPECT_EQ(parsed(eureka("GET", "/instances/" + id)).at("instance").at("instanceId"), json::value(id));
  EXPECT_EQ(parsed(eureka("GET", "/apps/jq.test")).at("application").at("name"), "JQ.TEST");
  EXPECT_EQ(eureka("GET", "/vips/Jq.Test").status, 200U);
  EXPECT_EQ(eureka("GET", "/svips/Jq.Test").status, 404U);
  const auto xml = eureka("GET", "/apps/JQ.TEST/" + id, {}, "*/*");
  EXPECT_TRUE(xml.body.starts_with("<?xml")) << xml.body;

  EXPECT_EQ(eureka("PUT", "/apps/JQ.TEST/" + id + "/metadata?zone=b").status, 200U);
  ASSERT_EQ(eureka("PUT", "/apps/JQ.TEST/" + id + "/status?value=OUT_OF_SERVICE").status, 200U);
  ASSERT_TRUE(wait_for_ring("jq.test", {}));
  const json::value out = parsed(eureka("GET", "/apps/JQ.TEST/" + id)).at("instance");
  EXPECT_EQ(out.at("status"), "OUT_OF_SERVICE");
  EXPECT_EQ(out.at("metadata").at("zone"), "b");
  ASSERT_EQ(eureka("DELETE", "/apps/JQ.TEST/" + id + "/status").status, 200U);
  ASSERT_TRUE(wait_until([&] { return shared->names_in_ring("jq.test").size() == 1; }));
  ASSERT_EQ(eureka("DELETE", "/apps/JQ.TEST/" + id).status, 200U);
  EXPECT_EQ(eureka("DELETE", "/apps/JQ.TEST/" + id).status, 404U);
  ASSERT_TRUE(wait_for_ring("jq.test", {}));
  EXPECT_NE(eureka("GET", "/apps/delta").body.find("DELETED"), std::string::npos);
}

TEST_F(Upstream, eureka_calls_that_are_wrong) {
  EXPECT_EQ(eureka("POST", "/apps/A", "{}").status, 400U);
  const auto mismatched = eureka("POST", "/apps/B", registration("A", "i"));
  EXPECT_EQ(mismatched.status, 400U);
  EXPECT_EQ(mismatched.body, "Mismatched appName, expecting B but was A");
  EXPECT_EQ(eureka("POST", "/apps/CHAT", registration("chat", "i")).status, 409U) << "that is a service of nodes";
  EXPECT_EQ(eureka("GET", "/apps/NOBODY").status, 404U);
  EXPECT_EQ(eureka("GET", "/nothing").status, 404U);
  EXPECT_EQ(eureka("POST", "/apps").status, 405U);
  EXPECT_EQ(eureka("PUT", "/apps/A/i/status").status, 400U);
  const auto anonymous = shared->call("gateway-1", "GET", "/eureka/apps", {}, {{"Authorization", "Basic eDp5"}});
  EXPECT_EQ(anonymous.status, 401U);
  EXPECT_EQ(shared->call("node-1", "GET", "/eureka/apps").status, 404U) << "nodes have no such calls";
}

TEST_F(Upstream, after_redis_was_lost_everybody_is_back_in_the_same_ring) {
  ASSERT_EQ(eureka("POST", "/apps/STAY", registration("stay", "s1")).status, 204U);
  ASSERT_EQ(eureka("POST", "/apps/STAY", registration("stay", "s2")).status, 204U);
  ASSERT_TRUE(wait_for_ring("stay", {"s1", "s2"}));
  const auto epoch = shared->epoch("stay");
  Child flush({.argv = {"redis-cli", "-s", shared->file("redis.sock"), "FLUSHALL"},
               .environment = {},
               .input = {},
               .output_file = shared->file("redis-cli.out"),
               .error_file = shared->file("redis-cli.out")});
  ASSERT_EQ(flush.wait(10s).value_or(-1), 0);
  ASSERT_TRUE(wait_until([&] {
    const Ended ended = shared->run({"ring", "show", "--service", "stay", "-o", "json"});
    return ended.exit == 0 && json::parse(ended.out).at("nodes").as_array().size() == 2;
  }));
  EXPECT_EQ(eureka("PUT", "/apps/STAY/s1").status, 200U) << "it need not register again";
  ASSERT_EQ(eureka("DELETE", "/apps/STAY/s2").status, 200U);
  ASSERT_TRUE(wait_for_ring("stay", {"s1"}));
  EXPECT_EQ(shared->epoch("stay"), epoch + 1);
  EXPECT_EQ(eureka("DELETE", "/apps/STAY/s1").status, 200U);
}

TEST_F(Upstream, both_gateways_say_the_same) {
  ASSERT_EQ(eureka("POST", "/apps/BOTH", registration("both", "b1"), "application/json", "gateway-1").status, 204U);
  ASSERT_TRUE(wait_until([&] {
    const auto one = eureka("GET", "/apps/BOTH", {}, "application/json", "gateway-1");
    const auto two = eureka("GET", "/apps/BOTH", {}, "application/json", "gateway-2");
    return one.status == 200 && one.body == two.body;
  }));
  EXPECT_EQ(eureka("DELETE", "/apps/BOTH/b1", {}, "application/json", "gateway-2").status, 200U);
  EXPECT_GE(shared->metric("gateway-2", "wscluster_instance_calls_total{result=\"cancelled\"}"), 1);
  EXPECT_GE(shared->metric("gateway-1", "wscluster_instance_calls_total{result=\"registered\"}"), 1);
}

}  // namespace
}  // namespace wscluster::integration
