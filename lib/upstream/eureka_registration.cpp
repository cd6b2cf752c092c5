// SPDX-License-Identifier: MIT
#include "upstream/eureka_registration.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <optional>

#include "base/names.hpp"
#include "base/text.hpp"

namespace wscluster::upstream {
namespace {

namespace json = boost::json;

constexpr std::size_t deepest = 16;
constexpr Duration default_lease{90'000};

/// null when absent or null: both mean nothing.
const json::value* find(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains({name.data(), name.size()});
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// Texts, and what older clients write in place of them.
std::string text_of(const json::value& value) {
  if (const auto* text = value.if_string()) return {text->data(), text->size()};
  return value.is_object() || value.is_array() ? std::string() : json::serialize(value);
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = find(object, name);
  return value == nullptr ? std::string() : text_of(*value);
}

std::optional<std::uint64_t> number_of(const json::value& value) {
  if (const auto* object = value.if_object()) {
    const auto* inner = find(*object, "$");
    return inner == nullptr || inner->is_object() ? std::nullopt : number_of(*inner);
  }
  json::error_code ec;
  if (value.is_number()) {
    const auto number = value.to_number<std::uint64_t>(ec);
    return ec ? std::nullopt : std::optional(number);
  }
  const auto* text = value.if_string();
  if (text == nullptr) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [at, failed] = std::from_chars(text->data(), end, number);
  return failed == std::errc() && at == end ? std::optional(number) : std::nullopt;
}

std::uint64_t number_of(const json::object& object, std::string_view name, std::uint64_t fallback) {
  const auto* value = find(object, name);
  return value == nullptr ? fallback : number_of(*value).value_or(fallback);
}

bool truth_of(const json::value& value) {
  if (const auto* truth = value.if_bool()) return *truth;
  return iequals(text_of(value), "true");
}

struct Port {
  std::uint16_t number = 0;
  bool is_enabled = false;
};

Result<Port> port_of(const json::object& object, std::string_view name, bool is_enabled_by_default) {
  const auto* value = find(object, name);
  if (value == nullptr) return Port{};
  const auto number = number_of(*value);
  if (!number || *number > 65'535) return error(Errc::invalid, std::string(name) + " is not a port");
  Port port{static_cast<std::uint16_t>(*number), is_enabled_by_default};
  if (const auto* details = value->if_object()) {
    if (const auto* enabled = find(*details, "@enabled")) port.is_enabled = truth_of(*enabled);
  }
  return port;
}

std::map<std::string, std::string> metadata_of(const json::object& object) {
  std::map<std::string, std::string> metadata;
  const auto* value = find(object, "metadata");
  if (value == nullptr || !value->is_object()) return metadata;
  for (const auto& [key, item] : value->get_object()) {
    // The class of an empty map is no entry.
    if (!key.starts_with("@") && !item.is_null()) metadata[std::string(key)] = text_of(item);
  }
  return metadata;
}

bool is_ip_address(std::string_view text) {
  return !text.empty() && (text.find(':') != text.npos || text.find_first_not_of("0123456789.") == text.npos);
}

Result<json::object> instance_in(std::string_view body) {
  json::error_code ec;
  json::parse_options options;
  options.max_depth = deepest;
  json::value value = json::parse({body.data(), body.size()}, ec, {}, options);
  if (ec || !value.is_object()) return error(Errc::invalid, "the body is not a JSON object");
  auto* instance = value.get_object().if_contains("instance");
  if (instance == nullptr || !instance->is_object()) return error(Errc::invalid, "the body has no \"instance\"");
  return std::move(instance->get_object());
}

/// In the order and with the texts of Netflix's server.
Result<> check_required(const json::object& object, std::string_view app_in_path) {
  for (const auto& [field, text] : {std::pair("hostName", "Missing hostname"),
                                    std::pair("ipAddr", "Missing ip address"), std::pair("app", "Missing appName")}) {
    if (trim(text_of(object, field)).empty()) return error(Errc::invalid, text);
  }
  const std::string app = text_of(object, "app");
  if (to_upper(app) != to_upper(app_in_path)) {
    return error(Errc::invalid, "Mismatched appName, expecting " + to_upper(app_in_path) + " but was " + to_upper(app));
  }
  const auto* center = find(object, "dataCenterInfo");
  if (center == nullptr || !center->is_object()) return error(Errc::invalid, "Missing dataCenterInfo");
  if (text_of(center->get_object(), "name").empty()) return error(Errc::invalid, "Missing dataCenterInfo Name");
  return {};
}

Result<> read_lease(const json::object& object, Instance& instance) {
  instance.lease = default_lease;
  const auto* info = find(object, "leaseInfo");
  if (info == nullptr || !info->is_object()) return {};
  const json::object& lease = info->get_object();
  instance.eureka.renewal_seconds = number_of(lease, "renewalIntervalInSecs", instance.eureka.renewal_seconds);
  const std::uint64_t length = number_of(lease, "durationInSecs", 90);
  if (length == 0 || length > 86'400) return error(Errc::invalid, "durationInSecs must be from 1 to 86400");
  instance.lease = std::chrono::seconds(length);
  return {};
}

Result<> read_address(const json::object& object, Instance& instance) {
  EurekaFacts& facts = instance.eureka;
  const auto port = port_of(object, "port", true);
  if (!port) return port.error();
  const auto secure_port = port_of(object, "securePort", false);
  if (!secure_port) return secure_port.error();
  facts.port = port->number;
  facts.port_is_enabled = port->is_enabled;
  facts.secure_port = secure_port->number;
  facts.secure_port_is_enabled = secure_port->is_enabled;
  instance.is_secure = secure_port->is_enabled && !port->is_enabled;
  // Names of foreign machines may mean nothing here.
  instance.address = {is_ip_address(facts.ip_addr) ? facts.ip_addr : facts.host_name,
                      instance.is_secure ? facts.secure_port : facts.port};
  if (instance.address.port == 0) return error(Errc::invalid, "Missing port: port or an enabled securePort is needed");
  return {};
}

/// Both spellings.
Result<> read_statuses(const json::object& object, Instance& instance) {
  if (const std::string text = text_of(object, "status"); !text.empty()) {
    const auto status = parse_status(text);
    if (!status) return status.error();
    instance.status = *status;
  }
  for (const char* name : {"overriddenStatus", "overriddenstatus"}) {
    const std::string text = text_of(object, name);
    if (text.empty()) continue;
    const auto status = parse_status(text);
    if (!status) return status.error();
    instance.overridden = *status;
  }
  return {};
}

void read_facts(const json::object& object, EurekaFacts& facts) {
  facts.host_name = text_of(object, "hostName");
  facts.ip_addr = text_of(object, "ipAddr");
  facts.vip_address = text_of(object, "vipAddress");
  facts.secure_vip_address = text_of(object, "secureVipAddress");
  facts.home_page_url = text_of(object, "homePageUrl");
  facts.status_page_url = text_of(object, "statusPageUrl");
  facts.health_check_url = text_of(object, "healthCheckUrl");
  facts.secure_health_check_url = text_of(object, "secureHealthCheckUrl");
  facts.app_group_name = text_of(object, "appGroupName");
  facts.asg_name = text_of(object, "asgName");
  facts.data_center = json::serialize(*find(object, "dataCenterInfo"));
  facts.country_id = number_of(object, "countryId", facts.country_id);
}

}  // namespace

Result<Instance> parse_eureka_registration(std::string_view body, std::string_view app_in_path) {
  const auto object = instance_in(body);
  if (!object) return object.error();
  Instance instance;
  instance.origin = Origin::eureka;
  // Clients that name none are known by their host, as Netflix's InstanceInfo does it.
  instance.id = text_of(*object, "instanceId");
  if (instance.id.empty()) instance.id = text_of(*object, "hostName");
  if (trim(instance.id).empty()) return error(Errc::invalid, "Missing instanceId");
  if (const auto good = check_required(*object, app_in_path); !good) return good.error();
  instance.service = to_lower(text_of(*object, "app"));
  if (const auto good = check_service_name(instance.service); !good) return good.error();
  read_facts(*object, instance.eureka);
  for (const auto read : {read_lease, read_address, read_statuses}) {
    if (const auto good = read(*object, instance); !good) return good.error();
  }
  instance.metadata = metadata_of(*object);
  instance.dirty_ms = number_of(*object, "lastDirtyTimestamp", 0);
  if (const auto good = check_instance(instance); !good) return good.error();
  return instance;
}

}  // namespace wscluster::upstream
