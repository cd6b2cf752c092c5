// SPDX-License-Identifier: MIT
#include "upstream/eureka_text.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.hpp"
#include "upstream/rules.hpp"
#include "upstream/xml.hpp"

namespace wscluster::upstream {
namespace {

namespace json = boost::json;

json::object port_json(std::uint16_t port, bool is_enabled) {
  return {{"$", port}, {"@enabled", is_enabled ? "true" : "false"}};
}

/// What those that are not registered over Eureka would have said.
EurekaFacts facts_of(const Instance& instance) {
  if (instance.origin == Origin::eureka) return instance.eureka;
  EurekaFacts facts;
  facts.host_name = facts.ip_addr = instance.address.host;
  facts.vip_address = facts.secure_vip_address = instance.service;
  facts.port_is_enabled = !instance.is_secure;
  facts.secure_port_is_enabled = instance.is_secure;
  (instance.is_secure ? facts.secure_port : facts.port) = instance.address.port;
  facts.home_page_url = (instance.is_secure ? "https://" : "http://") + instance.address.to_string() + "/";
  return facts;
}

json::value data_center_json(const std::string& text) {
  json::error_code ec;
  json::value value = json::parse(text, ec);
  if (!ec && value.is_object()) return value;
  return json::object{{"@class", "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo"}, {"name", "MyOwn"}};
}

json::object lease_json(const Instance& instance, const EurekaFacts& facts) {
  return {{"renewalIntervalInSecs", facts.renewal_seconds},
          {"durationInSecs", std::chrono::duration_cast<std::chrono::seconds>(instance.lease).count()},
          {"registrationTimestamp", instance.registered_ms},
          {"lastRenewalTimestamp", instance.changed_ms},
          {"evictionTimestamp", instance.action == Action::deleted ? instance.changed_ms : 0},
          {"serviceUpTimestamp", instance.up_ms}};
}

json::object json_of(const Instance& instance) {
  const EurekaFacts facts = facts_of(instance);
  json::object out{{"instanceId", instance.id},
                   {"hostName", facts.host_name},
                   {"app", to_upper(instance.service)},
                   {"ipAddr", facts.ip_addr},
                   {"status", to_string(instance.effective_status())},
                   // Readers of both ages.
                   {"overriddenStatus", to_string(instance.overridden)},
                   {"overriddenstatus", to_string(instance.overridden)},
                   {"port", port_json(facts.port, facts.port_is_enabled)},
                   {"securePort", port_json(facts.secure_port, facts.secure_port_is_enabled)},
                   {"countryId", facts.country_id},
                   {"dataCenterInfo", data_center_json(facts.data_center)},
                   {"leaseInfo", lease_json(instance, facts)}};
  json::object metadata;
  for (const auto& [key, value] : instance.metadata)
    metadata[key] = value;
  out["metadata"] = std::move(metadata);
  for (const auto& [name, text] :
       {std::pair("appGroupName", &facts.app_group_name), std::pair("homePageUrl", &facts.home_page_url),
        std::pair("statusPageUrl", &facts.status_page_url), std::pair("healthCheckUrl", &facts.health_check_url),
        std::pair("secureHealthCheckUrl", &facts.secure_health_check_url), std::pair("vipAddress", &facts.vip_address),
        std::pair("secureVipAddress", &facts.secure_vip_address), std::pair("asgName", &facts.asg_name)}) {
    if (!text->empty()) out[name] = *text;
  }
  out["isCoordinatingDiscoveryServer"] = "false";
  out["lastUpdatedTimestamp"] = std::to_string(instance.changed_ms);
  out["lastDirtyTimestamp"] = std::to_string(instance.dirty_ms);
  out["actionType"] = to_string(instance.action);
  return out;
}

json::object json_of(std::string_view service, const std::vector<const Instance*>& instances) {
  json::array list;
  for (const Instance* instance : instances)
    list.push_back(json_of(*instance));
  return {{"name", to_upper(service)}, {"instance", std::move(list)}};
}

std::string rendered(const char* root, json::object content, EurekaFormat format) {
  if (format == EurekaFormat::xml) return to_xml(root, content);
  return json::serialize(json::object{{root, std::move(content)}});
}

bool has_name(std::string_view list, std::string_view name) {
  const auto names = split(list, ',');
  return std::any_of(names.begin(), names.end(), [&](std::string_view one) { return trim(one) == name; });
}

}  // namespace

Instances all_instances(const Upstreams& upstreams) {
  Instances all;
  for (const auto& [service, state] : upstreams) {
    for (const auto& [id, instance] : state->instances)
      all[service].push_back(&instance);
  }
  return all;
}

Instances changed_instances(const Upstreams& upstreams, std::uint64_t now_ms) {
  Instances changed;
  for (const auto& [service, state] : upstreams) {
    for (const auto* part : {&state->instances, &state->gone}) {
      for (const auto& [id, instance] : *part) {
        const auto end = instance.changed_ms + static_cast<std::uint64_t>(change_retention.count());
        if (end > now_ms) changed[service].push_back(&instance);
      }
    }
  }
  return changed;
}

Instances instances_of_vip(const Upstreams& upstreams, std::string_view vip, bool is_secure) {
  Instances found;
  for (const auto& [service, state] : upstreams) {
    for (const auto& [id, instance] : state->instances) {
      const EurekaFacts facts = facts_of(instance);
      if (has_name(is_secure ? facts.secure_vip_address : facts.vip_address, vip)) found[service].push_back(&instance);
    }
  }
  return found;
}

std::string hash_code(const Upstreams& upstreams) {
  std::map<std::string, std::size_t> counts;
  for (const auto& [service, state] : upstreams) {
    for (const auto& [id, instance] : state->instances)
      ++counts[to_string(instance.effective_status())];
  }
  std::string code;
  for (const auto& [status, count] : counts)
    code += status + "_" + std::to_string(count) + "_";
  return code;
}

std::string eureka_applications(const Instances& instances, std::string_view hash, EurekaFormat format) {
  json::array applications;
  for (const auto& [service, list] : instances)
    applications.push_back(json_of(service, list));
  return rendered("applications",
                  {{"versions__delta", "1"}, {"apps__hashcode", hash}, {"application", std::move(applications)}},
                  format);
}

std::string eureka_application(std::string_view service, const std::vector<const Instance*>& instances,
                               EurekaFormat format) {
  return rendered("application", json_of(service, instances), format);
}

std::string eureka_instance(const Instance& instance, EurekaFormat format) {
  return rendered("instance", json_of(instance), format);
}

}  // namespace wscluster::upstream
