// SPDX-License-Identifier: MIT
#include "upstream/eureka_registration.hpp"

#include <gtest/gtest.h>

namespace wscluster::upstream {
namespace {

using namespace std::chrono_literals;

/// Captured from eureka-js-client 4.5.0.
constexpr std::string_view of_node_client =
    R"({"instance":{"app":"jq.test.service","instanceId":"127.0.0.1:jq:8080","hostName":"localhost",)"
    R"("ipAddr":"127.0.0.1","statusPageUrl":"http://localhost:8080/info","port":{"$":8080,"@enabled":true},)"
    R"("vipAddress":"jq.test.something.com","dataCenterInfo":)"
    R"({"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"},"status":"UP"}})";

/// Written by the genuine InstanceInfo with Spring's mapper settings.
constexpr std::string_view of_spring =
    R"({"instance":{"instanceId":"host1:dc-server:8081","app":"DC-SERVER","appGroupName":null,"ipAddr":"127.0.0.1",)"
    R"("sid":"na","homePageUrl":"http://host1:8081/","statusPageUrl":"http://host1:8081/actuator/info",)"
    R"("healthCheckUrl":"http://host1:8081/actuator/health","secureHealthCheckUrl":null,"vipAddress":"dc-server",)"
    R"("secureVipAddress":"dc-server","countryId":1,"dataCenterInfo":)"
    R"({"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"},"hostName":"host1",)"
    R"("status":"UP","overriddenStatus":"UNKNOWN","leaseInfo":{"renewalIntervalInSecs":30,"durationInSecs":90,)"
    R"("registrationTimestamp":0,"lastRenewalTimestamp":0,"evictionTimestamp":0,"serviceUpTimestamp":0},)"
    R"("isCoordinatingDiscoveryServer":false,"lastUpdatedTimestamp":1795347059348,"lastDirtyTimestamp":1795347059648,)"
    R"("actionType":null,"asgName":null,"port":{"$":8081,"@enabled":"true"},"securePort":{"$":443,"@enabled":"false"},)"
    R"("metadata":{"management.port":"8081"}}})";

/// The least that is accepted, with `more` fields.
std::string body_with(const std::string& more) {
  return R"({"instance":{"instanceId":"i","hostName":"h","ipAddr":"10.0.0.1","app":"shop",)"
         R"("dataCenterInfo":{"name":"MyOwn"})" +
         more + "}}";
}

Instance parsed(std::string_view body, std::string_view app = "SHOP") {
  auto instance = parse_eureka_registration(body, app);
  EXPECT_TRUE(instance) << instance.error().message;
  return instance ? *instance : Instance{};
}

std::string registration_refusal(std::string_view body, std::string_view app = "SHOP") {
  const auto instance = parse_eureka_registration(body, app);
  if (instance) return "accepted";
  EXPECT_EQ(instance.error().code, Errc::invalid);
  return instance.error().message;
}

TEST(EurekaRegistration, the_node_clients_body) {
  const Instance instance = parsed(of_node_client, "jq.test.service");
  EXPECT_EQ(instance.service, "jq.test.service");
  EXPECT_EQ(instance.id, "127.0.0.1:jq:8080");
  EXPECT_EQ(instance.address.to_string(), "127.0.0.1:8080");
  EXPECT_FALSE(instance.is_secure);
  EXPECT_EQ(instance.status, Status::up);
  EXPECT_EQ(instance.overridden, Status::unknown);
  EXPECT_EQ(instance.lease, 90s) << "it names none";
  EXPECT_EQ(instance.origin, Origin::eureka);
  EXPECT_EQ(instance.eureka.vip_address, "jq.test.something.com");
  EXPECT_EQ(instance.eureka.status_page_url, "http://localhost:8080/info");
}

TEST(EurekaRegistration, springs_body) {
  const Instance instance = parsed(of_spring, "DC-SERVER");
  EXPECT_EQ(instance.service, "dc-server");
  EXPECT_EQ(instance.id, "host1:dc-server:8081");
  EXPECT_EQ(instance.address.to_string(), "127.0.0.1:8081") << "the address: host1 may mean nothing here";
  EXPECT_EQ(instance.dirty_ms, 1795347059648U);
  EXPECT_EQ(instance.metadata, (std::map<std::string, std::string>{{"management.port", "8081"}}));
  EXPECT_EQ(instance.eureka.secure_port, 443);
  EXPECT_FALSE(instance.eureka.secure_port_is_enabled);
  EXPECT_TRUE(instance.eureka.app_group_name.empty()) << "null is nothing";
  EXPECT_EQ(instance.eureka.home_page_url, "http://host1:8081/");
}

TEST(EurekaRegistration, the_case_of_the_path_does_not_matter) {
  EXPECT_EQ(parsed(body_with(R"(,"port":80)"), "sHoP").service, "shop");
}

TEST(EurekaRegistration, ports_in_every_form) {
  for (const char* port :
       {R"(80)", R"("80")", R"({"$":80})", R"({"$":"80","@enabled":"true"})", R"({"$":80,"@enabled":true})"}) {
    const Instance instance = parsed(body_with(std::string(R"(,"port":)") + port));
    EXPECT_EQ(instance.address.port, 80) << port;
    EXPECT_TRUE(instance.eureka.port_is_enabled) << port;
  }
  for (const char* off : {"false", R"("false")"}) {
    const Instance instance = parsed(body_with(std::string(R"(,"port":{"$":80,"@enabled":)") + off +
                                               R"(},"securePort":{"$":443,"@enabled":"true"})"));
    EXPECT_TRUE(instance.is_secure);
    EXPECT_EQ(instance.address.port, 443);
  }
  for (const char* bad : {"70000", "-1", R"("x")", "[]", R"({"$":{}})", "1.5"})
    EXPECT_EQ(registration_refusal(body_with(std::string(R"(,"port":)") + bad)), "port is not a port") << bad;
  EXPECT_EQ(registration_refusal(body_with("")), "Missing port: port or an enabled securePort is needed");
  EXPECT_EQ(registration_refusal(body_with(R"(,"securePort":443)")),
            "Missing port: port or an enabled securePort is needed");
}

TEST(EurekaRegistration, older_clients_write_texts_and_lower_case) {
  const Instance instance = parsed(body_with(
      R"(,"port":80,"lastDirtyTimestamp":"123","overriddenstatus":"OUT_OF_SERVICE","isCoordinatingDiscoveryServer":"false",)"
      R"("leaseInfo":{"renewalIntervalInSecs":"10","durationInSecs":"30"},"metadata":)"
      R"({"@class":"java.util.Collections$EmptyMap"})"));
  EXPECT_EQ(instance.dirty_ms, 123U);
  EXPECT_EQ(instance.overridden, Status::out_of_service);
  EXPECT_EQ(instance.lease, 30s);
  EXPECT_EQ(instance.eureka.renewal_seconds, 10U);
  EXPECT_TRUE(instance.metadata.empty());
}

TEST(EurekaRegistration, metadata_of_any_plain_kind) {
  const Instance instance = parsed(body_with(R"(,"port":80,"metadata":{"a":"x","b":1,"c":true,"d":null})"));
  EXPECT_EQ(instance.metadata, (std::map<std::string, std::string>{{"a", "x"}, {"b", "1"}, {"c", "true"}}));
}

TEST(EurekaRegistration, without_an_id_the_host_is_it) {
  const Instance instance = parsed(
      R"({"instance":{"hostName":"h","ipAddr":"10.0.0.1","app":"shop","dataCenterInfo":{"name":"MyOwn"},"port":80}})");
  EXPECT_EQ(instance.id, "h");
}

TEST(EurekaRegistration, what_is_missing_is_said_in_netflix_words) {
  EXPECT_EQ(registration_refusal(R"({"instance":{}})"), "Missing instanceId");
  EXPECT_EQ(registration_refusal(R"({"instance":{"instanceId":"i"}})"), "Missing hostname");
  EXPECT_EQ(registration_refusal(R"({"instance":{"instanceId":"i","hostName":"h"}})"), "Missing ip address");
  EXPECT_EQ(registration_refusal(R"({"instance":{"instanceId":"i","hostName":"h","ipAddr":"a"}})"), "Missing appName");
  EXPECT_EQ(registration_refusal(R"({"instance":{"instanceId":"i","hostName":"h","ipAddr":"a","app":"other"}})"),
            "Mismatched appName, expecting SHOP but was OTHER");
  EXPECT_EQ(registration_refusal(R"({"instance":{"instanceId":"i","hostName":"h","ipAddr":"a","app":"shop"}})"),
            "Missing dataCenterInfo");
  EXPECT_EQ(registration_refusal(
                R"({"instance":{"instanceId":"i","hostName":"h","ipAddr":"a","app":"shop","dataCenterInfo":{}}})"),
            "Missing dataCenterInfo Name");
}

TEST(EurekaRegistration, what_is_no_registration_is_refused) {
  EXPECT_EQ(registration_refusal(""), "the body is not a JSON object");
  EXPECT_EQ(registration_refusal("[]"), "the body is not a JSON object");
  EXPECT_EQ(registration_refusal("{}"), "the body has no \"instance\"");
  EXPECT_EQ(registration_refusal(R"({"instance":[]})"), "the body has no \"instance\"");
  EXPECT_EQ(registration_refusal("<instance/>"), "the body is not a JSON object");
  const std::string deep(40, '[');
  EXPECT_EQ(registration_refusal(body_with(",\"x\":" + deep + std::string(40, ']'))), "the body is not a JSON object");
  EXPECT_NE(registration_refusal(body_with(R"(,"port":80,"status":"HAPPY")")).find("is not a status"),
            std::string::npos);
  EXPECT_NE(registration_refusal(body_with(R"(,"port":80,"leaseInfo":{"durationInSecs":0})")).find("durationInSecs"),
            std::string::npos);
  EXPECT_NE(
      registration_refusal(body_with(R"(,"port":80,"homePageUrl":")" + std::string(max_text_bytes + 1, 'a') + "\""))
          .find("homePageUrl is longer"),
      std::string::npos);
  EXPECT_NE(registration_refusal(
                R"({"instance":{"instanceId":"a b","hostName":"h","ipAddr":"10.0.0.1","app":"shop","port":80,)"
                R"("dataCenterInfo":{"name":"MyOwn"}}})")
                .find("without blanks"),
            std::string::npos);
}

TEST(EurekaRegistration, an_app_that_cannot_be_a_service_is_refused) {
  const std::string body =
      R"({"instance":{"instanceId":"i","hostName":"h","ipAddr":"a","app":"9 lives","port":80,"dataCenterInfo":{"name":"MyOwn"}}})";
  EXPECT_NE(registration_refusal(body, "9 lives").find("is not a service name"), std::string::npos);
}

}  // namespace
}  // namespace wscluster::upstream
