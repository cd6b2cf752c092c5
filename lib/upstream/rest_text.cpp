// SPDX-License-Identifier: MIT
#include "upstream/rest_text.hpp"

#include <boost/json.hpp>
#include <cmath>

#include "upstream/configured.hpp"

namespace wscluster::upstream {
namespace {

namespace json = boost::json;

constexpr double default_lease_seconds = 30;

Error wrong(std::string_view field, std::string_view expected) {
  return error(Errc::invalid, "'" + std::string(field) + "' must be " + std::string(expected));
}

Result<json::object> parse_body(std::string_view body) {
  json::error_code ec;
  json::value value = json::parse({body.data(), body.size()}, ec);
  if (ec || !value.is_object()) return error(Errc::invalid, "the body is not a JSON object");
  return std::move(value.get_object());
}

Result<Status> status_of(const json::value& value) {
  const auto* text = value.if_string();
  return text == nullptr ? wrong("status", "a text") : parse_status({text->data(), text->size()});
}

Result<double> number_of(std::string_view field, const json::value& value) {
  json::error_code ec;
  const double number = value.is_number() ? value.to_number<double>(ec) : NAN;
  return ec || !std::isfinite(number) ? wrong(field, "a number") : Result<double>(number);
}

Result<> read_metadata(const json::value& value, Instance& instance) {
  if (!value.is_object()) return wrong("metadata", "an object of texts");
  for (const auto& [key, item] : value.get_object()) {
    const auto* text = item.if_string();
    if (text == nullptr) return wrong("metadata", "an object of texts");
    instance.metadata[std::string(key)] = std::string(*text);
  }
  return {};
}

Result<> read_field(std::string_view field, const json::value& value, Instance& instance) {
  if (field == "url") {
    const auto* url = value.if_string();
    return url == nullptr ? wrong("url", "a text") : set_address(instance, {url->data(), url->size()});
  }
  if (field == "metadata") return read_metadata(value, instance);
  if (field == "status") {
    const auto status = status_of(value);
    if (!status) return status.error();
    instance.status = *status;
    return {};
  }
  if (field != "weight" && field != "lease")
    return error(Errc::invalid,
                 "'" + std::string(field) + "' is not known; url, weight, lease, status and metadata are");
  const auto number = number_of(field, value);
  if (!number) return number.error();
  if (field == "weight") {
    instance.weight = *number;
  } else if (*number >= 1 && *number <= 86'400) {
    instance.lease = Duration(static_cast<std::int64_t>(*number * 1000));
  } else {
    return wrong("lease", "from 1 to 86400 seconds");
  }
  return {};
}

json::object object_of(const Instance& instance) {
  json::object metadata;
  for (const auto& [key, value] : instance.metadata)
    metadata[key] = value;
  const auto time = [](std::uint64_t ms) {
    return format_rfc3339(WallClock::time_point(Duration(static_cast<std::int64_t>(ms))));
  };
  return {{"id", instance.id},
          {"member", member_name(instance.id)},
          {"url", (instance.is_secure ? "https://" : "http://") + instance.address.to_string()},
          {"weight", instance.weight},
          {"status", to_string(instance.effective_status())},
          {"own_status", to_string(instance.status)},
          {"overridden", to_string(instance.overridden)},
          {"lease", seconds(instance.lease)},
          {"origin", to_string(instance.origin)},
          {"registered_at", time(instance.registered_ms)},
          {"changed_at", time(instance.changed_ms)},
          {"metadata", std::move(metadata)}};
}

}  // namespace

Result<Instance> parse_rest_registration(const std::string& service, const std::string& id, std::string_view body) {
  const auto object = parse_body(body);
  if (!object) return object.error();
  Instance instance;
  instance.service = service;
  instance.id = id;
  instance.origin = Origin::rest;
  instance.lease = Duration(static_cast<std::int64_t>(default_lease_seconds * 1000));
  if (!object->contains("url")) return error(Errc::invalid, "'url' is missing: http://HOST:PORT");
  for (const auto& [field, value] : *object) {
    if (const auto good = read_field({field.data(), field.size()}, value, instance); !good) return good.error();
  }
  if (const auto good = check_instance(instance); !good) return good.error();
  return instance;
}

Result<Status> parse_rest_status(std::string_view body) {
  const auto object = parse_body(body);
  if (!object) return object.error();
  const auto* value = object->if_contains("status");
  if (value == nullptr || object->size() != 1)
    return error(Errc::invalid, R"({"status":"OUT_OF_SERVICE"} is expected)");
  return status_of(*value);
}

std::string rest_instance(const Instance& instance) {
  json::object object = object_of(instance);
  object["service"] = instance.service;
  return json::serialize(object);
}

std::string rest_instances(std::string_view service, const UpstreamState& state) {
  json::array instances;
  for (const auto& [id, instance] : state.instances)
    instances.push_back(object_of(instance));
  return json::serialize(
      json::object{{"schema", "wscluster/instances/v1"}, {"service", service}, {"instances", std::move(instances)}});
}

}  // namespace wscluster::upstream
