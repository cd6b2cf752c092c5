// SPDX-License-Identifier: MIT
#include "upstream/eureka_text.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "upstream/eureka_registration.hpp"
#include "upstream/rules.hpp"

namespace wscluster::upstream {
namespace {

namespace json = boost::json;

Instance instance_of(const std::string& service, const std::string& id, Status status = Status::up) {
  Instance instance;
  instance.service = service;
  instance.id = id;
  instance.address = {"10.0.0.1", 8081};
  instance.status = status;
  return registered(nullptr, instance, 1000);
}

Upstreams registry_of(const std::vector<Instance>& instances) {
  std::map<std::string, UpstreamState> states;
  for (const Instance& instance : instances) {
    UpstreamState& state = states[instance.service];
    (instance.action == Action::deleted ? state.gone : state.instances)[instance.id] = instance;
  }
  Upstreams upstreams;
  for (auto& [service, state] : states)
    upstreams[service] = std::make_shared<const UpstreamState>(std::move(state));
  return upstreams;
}

json::object parsed(const std::string& text) {
  return json::parse(text).as_object();
}

TEST(EurekaText, the_hash_code_counts_statuses_in_the_order_of_their_names) {
  EXPECT_EQ(hash_code({}), "");
  auto registry = registry_of({instance_of("a", "1"), instance_of("b", "2"), instance_of("b", "3", Status::down)});
  EXPECT_EQ(hash_code(registry), "DOWN_1_UP_2_");
  registry = registry_of({overridden(instance_of("a", "1"), Status::out_of_service, std::nullopt, 2000),
                          instance_of("a", "2"), cancelled(instance_of("a", "3"), 2000)});
  EXPECT_EQ(hash_code(registry), "OUT_OF_SERVICE_1_UP_1_") << "what is told as status counts, and who left does not";
}

TEST(EurekaText, applications_as_netflix_writes_them) {
  const auto registry = registry_of({instance_of("dc-server", "host:dc:8081")});
  const auto text = eureka_applications(all_instances(registry), hash_code(registry), EurekaFormat::json);
  const auto applications = parsed(text).at("applications").as_object();
  EXPECT_EQ(applications.at("versions__delta"), "1");
  EXPECT_EQ(applications.at("apps__hashcode"), "UP_1_");
  const auto& application = applications.at("application").as_array().at(0).as_object();
  EXPECT_EQ(application.at("name"), "DC-SERVER");
  const auto& instance = application.at("instance").as_array().at(0).as_object();
  EXPECT_EQ(instance.at("instanceId"), "host:dc:8081");
  EXPECT_EQ(instance.at("app"), "DC-SERVER");
  EXPECT_EQ(instance.at("status"), "UP");
  EXPECT_EQ(instance.at("overriddenStatus"), "UNKNOWN");
  EXPECT_EQ(instance.at("overriddenstatus"), "UNKNOWN");
  EXPECT_EQ(instance.at("port"), (json::object{{"$", 8081}, {"@enabled", "true"}}));
  EXPECT_EQ(instance.at("ipAddr"), "10.0.0.1");
  EXPECT_EQ(instance.at("vipAddress"), "dc-server");
  EXPECT_EQ(instance.at("actionType"), "ADDED");
  EXPECT_EQ(instance.at("dataCenterInfo").as_object().at("name"), "MyOwn");
  EXPECT_EQ(instance.at("leaseInfo").as_object().at("durationInSecs"), 90);
  EXPECT_EQ(instance.at("leaseInfo").as_object().at("registrationTimestamp"), 1000);
}

TEST(EurekaText, an_empty_registry) {
  EXPECT_EQ(eureka_applications({}, "", EurekaFormat::json),
            R"({"applications":{"versions__delta":"1","apps__hashcode":"","application":[]}})");
}

TEST(EurekaText, what_was_registered_comes_back) {
  const std::string body =
      R"({"instance":{"instanceId":"i:1","app":"SHOP","hostName":"h","ipAddr":"10.0.0.9","port":{"$":80,"@enabled":"true"},)"
      R"("securePort":{"$":443,"@enabled":"true"},"vipAddress":"v1,v2","secureVipAddress":"sv","statusPageUrl":"http://h/s",)"
      R"("homePageUrl":"http://h/","healthCheckUrl":"http://h/h","secureHealthCheckUrl":"https://h/h","asgName":"asg",)"
      R"("appGroupName":"G","countryId":7,"dataCenterInfo":{"@class":"x.AmazonInfo","name":"Amazon","metadata":{"ami":"1"}},)"
      R"("leaseInfo":{"renewalIntervalInSecs":5,"durationInSecs":15},"metadata":{"zone":"z\u00e9"},"status":"UP",)"
      R"("lastDirtyTimestamp":"77"}})";
  const auto registration = parse_eureka_registration(body, "shop");
  ASSERT_TRUE(registration) << registration.error().message;
  const auto given = parsed(body).at("instance").as_object();
  const auto written = parsed(eureka_instance(*registration, EurekaFormat::json)).at("instance").as_object();
  for (const char* field :
       {"instanceId", "app", "hostName", "ipAddr", "port", "securePort", "vipAddress", "secureVipAddress",
        "statusPageUrl", "homePageUrl", "healthCheckUrl", "secureHealthCheckUrl", "asgName", "appGroupName",
        "countryId", "dataCenterInfo", "metadata", "status", "lastDirtyTimestamp"}) {
    EXPECT_EQ(written.at(field), given.at(field)) << field;
  }
  EXPECT_EQ(written.at("leaseInfo").as_object().at("durationInSecs"), 15);
  EXPECT_EQ(written.at("leaseInfo").as_object().at("renewalIntervalInSecs"), 5);
}

TEST(EurekaText, the_delta_has_the_last_change_of_each_for_three_minutes) {
  Instance modified = overridden(instance_of("a", "2"), Status::down, std::nullopt, 5000);
  const auto registry = registry_of({instance_of("a", "1"), modified, cancelled(instance_of("a", "3"), 6000)});
  const auto retention = static_cast<std::uint64_t>(change_retention.count());
  const auto actions_at = [&](std::uint64_t now) {
    std::string actions;
    const auto changed = changed_instances(registry, now);
    if (!changed.contains("a")) return actions;
    for (const Instance* instance : changed.at("a"))
      actions += instance->id + to_string(instance->action) + " ";
    return actions;
  };
  EXPECT_EQ(actions_at(7000), "1ADDED 2MODIFIED 3DELETED ");
  EXPECT_EQ(actions_at(1000 + retention), "2MODIFIED 3DELETED ");
  EXPECT_EQ(actions_at(5000 + retention), "3DELETED ");
  EXPECT_EQ(actions_at(6000 + retention), "");
}

TEST(EurekaText, vips_are_lists) {
  Instance one = instance_of("a", "1");
  one.origin = Origin::eureka;
  one.eureka.vip_address = "x, y";
  one.eureka.secure_vip_address = "s";
  const auto registry = registry_of({one, instance_of("b", "2")});
  EXPECT_EQ(instances_of_vip(registry, "y", false).size(), 1U);
  EXPECT_EQ(instances_of_vip(registry, "s", true).at("a").front()->id, "1");
  EXPECT_TRUE(instances_of_vip(registry, "s", false).empty());
  EXPECT_TRUE(instances_of_vip(registry, "x, y", false).empty());
  EXPECT_TRUE(instances_of_vip(registry, "b", false).contains("b"));
}

TEST(EurekaText, xml_for_who_does_not_ask_for_json) {
  Instance instance = instance_of("shop", "i<1>");
  instance.metadata["management.port"] = "80&81";
  const std::string text = eureka_instance(instance, EurekaFormat::xml);
  EXPECT_TRUE(
      text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?><instance><instanceId>i&lt;1&gt;</instanceId>"));
  EXPECT_NE(text.find("<port enabled=\"true\">8081</port>"), std::string::npos);
  EXPECT_NE(text.find("<metadata><management.port>80&amp;81</management.port></metadata>"), std::string::npos);
  EXPECT_NE(
      text.find(
          R"(<dataCenterInfo class="com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo"><name>MyOwn</name></dataCenterInfo>)"),
      std::string::npos);
  const auto registry = registry_of({instance, instance_of("shop", "2")});
  const auto all = eureka_applications(all_instances(registry), "UP_2_", EurekaFormat::xml);
  EXPECT_NE(all.find("<applications><versions__delta>1</versions__delta><apps__hashcode>UP_2_</apps__hashcode>"
                     "<application><name>SHOP</name><instance>"),
            std::string::npos);
}

}  // namespace
}  // namespace wscluster::upstream
