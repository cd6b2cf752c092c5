// SPDX-License-Identifier: MIT
#include <algorithm>
#include <boost/json.hpp>

#include "upstream/instance.hpp"

namespace wscluster::upstream {
namespace {

namespace json = boost::json;

void read(const json::object& object, std::string_view name, std::string& into) {
  const auto* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return;
  if (const auto* text = value->if_string()) into.assign(text->data(), text->size());
}

void read(const json::object& object, std::string_view name, bool& into) {
  const auto* value = object.if_contains({name.data(), name.size()});
  if (value != nullptr && value->is_bool()) into = value->get_bool();
}

template <class Number>
requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>) void read(const json::object& object,
                                                                                  std::string_view name, Number& into) {
  const auto* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_number()) return;
  json::error_code ec;
  const auto number = value->to_number<Number>(ec);
  if (!ec) into = number;
}

/// An enum by its word; one that we do not know keeps the default.
template <class Enum>
void read_word(const json::object& object, std::string_view name, Enum last, Enum& into) {
  std::string text;
  read(object, name, text);
  for (unsigned i = 0; i <= static_cast<unsigned>(last); ++i) {
    if (text == to_string(static_cast<Enum>(i))) into = static_cast<Enum>(i);
  }
}

json::object object_of(const EurekaFacts& facts) {
  return {{"host_name", facts.host_name},
          {"ip_addr", facts.ip_addr},
          {"vip_address", facts.vip_address},
          {"secure_vip_address", facts.secure_vip_address},
          {"home_page_url", facts.home_page_url},
          {"status_page_url", facts.status_page_url},
          {"health_check_url", facts.health_check_url},
          {"secure_health_check_url", facts.secure_health_check_url},
          {"app_group_name", facts.app_group_name},
          {"asg_name", facts.asg_name},
          {"data_center", facts.data_center},
          {"port", facts.port},
          {"secure_port", facts.secure_port},
          {"port_is_enabled", facts.port_is_enabled},
          {"secure_port_is_enabled", facts.secure_port_is_enabled},
          {"country_id", facts.country_id},
          {"renewal_seconds", facts.renewal_seconds}};
}

EurekaFacts facts_of(const json::object& object) {
  EurekaFacts facts;
  read(object, "host_name", facts.host_name);
  read(object, "ip_addr", facts.ip_addr);
  read(object, "vip_address", facts.vip_address);
  read(object, "secure_vip_address", facts.secure_vip_address);
  read(object, "home_page_url", facts.home_page_url);
  read(object, "status_page_url", facts.status_page_url);
  read(object, "health_check_url", facts.health_check_url);
  read(object, "secure_health_check_url", facts.secure_health_check_url);
  read(object, "app_group_name", facts.app_group_name);
  read(object, "asg_name", facts.asg_name);
  read(object, "data_center", facts.data_center);
  read(object, "port", facts.port);
  read(object, "secure_port", facts.secure_port);
  read(object, "port_is_enabled", facts.port_is_enabled);
  read(object, "secure_port_is_enabled", facts.secure_port_is_enabled);
  read(object, "country_id", facts.country_id);
  read(object, "renewal_seconds", facts.renewal_seconds);
  return facts;
}

}  // namespace

std::string to_json(const Instance& instance) {
  json::object metadata;
  for (const auto& [key, value] : instance.metadata)
    metadata[key] = value;
  json::object object{{"service", instance.service},
                      {"id", instance.id},
                      {"host", instance.address.host},
                      {"port", instance.address.port},
                      {"secure", instance.is_secure},
                      {"weight", instance.weight},
                      {"status", to_string(instance.status)},
                      {"overridden", to_string(instance.overridden)},
                      {"metadata", std::move(metadata)},
                      {"lease_ms", instance.lease.count()},
                      {"origin", to_string(instance.origin)},
                      {"action", to_string(instance.action)},
                      {"dirty_ms", instance.dirty_ms},
                      {"registered_ms", instance.registered_ms},
                      {"up_ms", instance.up_ms},
                      {"changed_ms", instance.changed_ms}};
  if (instance.origin == Origin::eureka) object["eureka"] = object_of(instance.eureka);
  return json::serialize(object);
}

Result<Instance> parse_instance(std::string_view text) {
  json::error_code ec;
  const json::value value = json::parse({text.data(), text.size()}, ec);
  if (ec || !value.is_object()) return error(Errc::invalid, "instance in Redis: not a JSON object");
  const json::object& object = value.get_object();
  Instance instance;
  read(object, "service", instance.service);
  read(object, "id", instance.id);
  read(object, "host", instance.address.host);
  read(object, "port", instance.address.port);
  read(object, "secure", instance.is_secure);
  read(object, "weight", instance.weight);
  read_word(object, "status", Status::unknown, instance.status);
  read_word(object, "overridden", Status::unknown, instance.overridden);
  read_word(object, "origin", Origin::eureka, instance.origin);
  read_word(object, "action", Action::deleted, instance.action);
  std::int64_t lease = instance.lease.count();
  read(object, "lease_ms", lease);
  instance.lease = Duration(lease);
  read(object, "dirty_ms", instance.dirty_ms);
  read(object, "registered_ms", instance.registered_ms);
  read(object, "up_ms", instance.up_ms);
  read(object, "changed_ms", instance.changed_ms);
  if (const auto* metadata = object.if_contains("metadata"); metadata != nullptr && metadata->is_object()) {
    for (const auto& [key, item] : metadata->get_object()) {
      if (const auto* word = item.if_string()) instance.metadata[std::string(key)] = std::string(*word);
    }
  }
  if (const auto* facts = object.if_contains("eureka"); facts != nullptr && facts->is_object()) {
    instance.eureka = facts_of(facts->get_object());
  }
  // What an earlier or later version has written must still keep the ring's rules.
  if (const auto good = check_instance(instance); !good)
    return error(good.error().code, "instance in Redis: " + good.error().message);
  return instance;
}

}  // namespace wscluster::upstream
