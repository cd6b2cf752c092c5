// SPDX-License-Identifier: MIT
#include "front/eureka_calls.hpp"

#include <charconv>

#include "base/text.hpp"
#include "base/time.hpp"
#include "upstream/eureka_registration.hpp"
#include "upstream/rules.hpp"

namespace wscluster::front {
namespace {

using registry::InstanceAnswer;
using registry::InstanceCall;
using upstream::EurekaFormat;

constexpr std::string_view base = "/eureka";

/// Parts between slashes, of which any number may stand together; nothing when one is badly encoded.
std::optional<std::vector<std::string>> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  for (const std::string_view segment : split(path, '/')) {
    if (segment.empty()) continue;
    auto part = percent_decode(segment);
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
  }
  return parts;
}

std::optional<std::uint64_t> dirty_of(const edge::Request& request) {
  const auto text = request.parameter("lastDirtyTimestamp");
  if (!text) return std::nullopt;
  std::uint64_t dirty = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), dirty);
  return failed == std::errc() && end == text->data() + text->size() ? std::optional(dirty) : std::nullopt;
}

/// As Netflix's server: who does not say JSON reads XML.
EurekaFormat format_for(const edge::Request& request) {
  const auto accept = request.header("Accept");
  return accept && to_lower(*accept).find("json") != std::string::npos ? EurekaFormat::json : EurekaFormat::xml;
}

edge::Response document(EurekaFormat format, std::string body) {
  edge::Response response;
  response.body = std::move(body);
  if (format == EurekaFormat::xml) response.content_type = "application/xml";
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

unsigned status_of(const Error& cause) {
  switch (cause.code) {
    case Errc::not_found:
      return 404;
    case Errc::conflict:
      return 409;
    case Errc::unavailable:
      return 503;
    default:
      return 400;
  }
}

std::uint64_t now_ms() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<Duration>(WallClock::now().time_since_epoch()).count());
}

}  // namespace

bool EurekaCalls::is_one(const edge::Request& request) const {
  const std::string_view path = request.path;
  return path.starts_with(base) && (path.size() == base.size() || path[base.size()] == '/') &&
         registrar_.is_connected() && doors_->serves_eureka();
}

void EurekaCalls::serve(edge::ConnectionId id, const edge::Request& request) {
  if (!admit(id, request)) return;
  auto parts = parts_of(std::string_view(request.path).substr(base.size()));
  if (!parts) return answer(id, 400, "the path is not percent-encoded text");
  if (!parts->empty() && parts->front() == "v2") parts->erase(parts->begin());
  const Call call{id, request, std::move(*parts), format_for(request)};
  const std::string_view kind = call.path.empty() ? std::string_view() : call.path[0];
  const std::size_t length = call.path.size();
  if (kind == "apps" && length == 1) return serve_applications(call);
  if (kind == "apps" && length == 2) return serve_application(call);
  if (kind == "apps" && length == 3) return serve_instance(call);
  if (kind == "apps" && length == 4) return serve_part(call);
  if (kind == "vips" && length == 2) return serve_vip(call, false);
  if (kind == "svips" && length == 2) return serve_vip(call, true);
  if (kind != "instances" || length != 2) return answer(id, 404, "no such resource");
  if (request.method != "GET") return refuse_method(call, "GET");
  for (const auto& [service, state] : registrar_.upstreams()) {
    if (const auto* instance = state->find(call.path[1])) return tell_instance(call, instance);
  }
  tell_instance(call, nullptr);
}

bool EurekaCalls::admit(edge::ConnectionId id, const edge::Request& request) {
  const auto allowed = doors_->check_eureka(request);
  if (allowed) return true;
  registrar_.count_refused();
  edge::Response response;
  response.status = doors_->has_eureka_password() ? 401 : 403;
  response.content_type = "text/plain; charset=utf-8";
  response.body = allowed.error().message;
  if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"eureka\"");
  edge_.respond(id, response);
  return false;
}

void EurekaCalls::serve_applications(const Call& call) {
  if (call.request.method != "GET") return refuse_method(call, "GET");
  tell_applications(call, upstream::all_instances(registrar_.upstreams()));
}

void EurekaCalls::serve_application(const Call& call) {
  if (call.request.method == "POST") return enroll(call);
  if (call.request.method != "GET") return refuse_method(call, "GET, POST");
  if (call.path[1] == "delta") {
    tell_applications(call, upstream::changed_instances(registrar_.upstreams(), now_ms()));
    return;
  }
  const std::string service = to_lower(call.path[1]);
  const upstream::UpstreamState* state = registrar_.upstream(service);
  std::vector<const upstream::Instance*> instances;
  if (state != nullptr) {
    for (const auto& [id, instance] : state->instances)
      instances.push_back(&instance);
  }
  if (instances.empty()) return answer(call.connection, 404, "no such application");
  edge_.respond(call.connection, document(call.format, upstream::eureka_application(service, instances, call.format)));
}

void EurekaCalls::serve_instance(const Call& call) {
  const std::string service = to_lower(call.path[1]);
  if (call.request.method == "PUT") return renew(call);
  if (call.request.method == "DELETE")
    return ask(call, instance_call(InstanceCall::Kind::cancel, service, call.path[2]), 200);
  if (call.request.method != "GET") return refuse_method(call, "GET, PUT, DELETE");
  const upstream::UpstreamState* state = registrar_.upstream(service);
  tell_instance(call, state == nullptr ? nullptr : state->find(call.path[2]));
}

/// Its status or its metadata.
void EurekaCalls::serve_part(const Call& call) {
  const std::string& part = call.path[3];
  if (part != "status" && part != "metadata") return answer(call.connection, 404, "no such resource");
  const bool is_status = part == "status";
  const bool is_undo = is_status && call.request.method == "DELETE";
  if (call.request.method != "PUT" && !is_undo) return refuse_method(call, is_status ? "PUT, DELETE" : "PUT");
  auto order = instance_call(is_status ? InstanceCall::Kind::override_status : InstanceCall::Kind::set_metadata,
                             to_lower(call.path[1]), call.path[2]);
  if (!is_status) {
    for (const auto& [key, value] : call.request.query)
      order.metadata[key] = value;
    return ask(call, std::move(order), 200);
  }
  const auto text = call.request.parameter("value");
  if (!text && !is_undo) return answer(call.connection, 400, "?value= is missing: UP, OUT_OF_SERVICE, …");
  if (text) {
    const auto status = upstream::parse_status(*text);
    if (!status) return answer(call.connection, 400, status.error().message);
    if (is_undo) {
      order.own = *status;
    } else {
      order.status = *status;
    }
  }
  ask(call, std::move(order), 200);
}

void EurekaCalls::serve_vip(const Call& call, bool is_secure) {
  if (call.request.method != "GET") return refuse_method(call, "GET");
  const auto instances = upstream::instances_of_vip(registrar_.upstreams(), call.path[1], is_secure);
  if (instances.empty()) return answer(call.connection, 404, "no such address");
  tell_applications(call, instances);
}

void EurekaCalls::enroll(const Call& call) {
  auto instance = upstream::parse_eureka_registration(call.request.body, call.path[1]);
  if (!instance) {
    registrar_.count_refused();
    return answer(call.connection, 400, instance.error().message);
  }
  auto order = instance_call(InstanceCall::Kind::enroll, {}, {});
  order.instance = std::move(*instance);
  ask(call, std::move(order), 204);
}

void EurekaCalls::renew(const Call& call) {
  auto order = instance_call(InstanceCall::Kind::renew, to_lower(call.path[1]), call.path[2]);
  order.dirty_ms = dirty_of(call.request);
  // Another registry that has older data wants the newer; clients do not.
  const bool is_replica = iequals(call.request.header("x-netflix-discovery-replication").value_or(""), "true");
  registrar_.ask(std::move(order), [this, id = call.connection, dirty = dirty_of(call.request), is_replica,
                                    format = call.format](const InstanceAnswer& answered) {
    if (!answered) return answer(id, status_of(answered.error()), answered.error().message);
    if (!is_replica || !dirty || *dirty >= answered->dirty_ms) return answer(id, 200, {});
    edge::Response response = document(format, upstream::eureka_instance(*answered, format));
    response.status = 409;
    edge_.respond(id, response);
  });
}

void EurekaCalls::tell_instance(const Call& call, const upstream::Instance* instance) {
  if (instance == nullptr) return answer(call.connection, 404, "no such instance");
  edge_.respond(call.connection, document(call.format, upstream::eureka_instance(*instance, call.format)));
}

void EurekaCalls::tell_applications(const Call& call, const upstream::Instances& instances) {
  const std::string hash = upstream::hash_code(registrar_.upstreams());
  edge_.respond(call.connection, document(call.format, upstream::eureka_applications(instances, hash, call.format)));
}

void EurekaCalls::ask(const Call& call, InstanceCall order, unsigned status) {
  registrar_.ask(std::move(order), [this, id = call.connection, status](const InstanceAnswer& answered) {
    if (!answered) return answer(id, status_of(answered.error()), answered.error().message);
    answer(id, status, {});
  });
}

void EurekaCalls::answer(edge::ConnectionId id, unsigned status, std::string text) {
  edge::Response response;
  response.status = status;
  response.body = std::move(text);
  response.content_type = "text/plain; charset=utf-8";
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  edge_.respond(id, response);
}

void EurekaCalls::refuse_method(const Call& call, std::string_view allowed) {
  edge::Response response;
  response.status = 405;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "use " + std::string(allowed);
  response.headers.emplace_back("Allow", allowed);
  edge_.respond(call.connection, response);
}

}  // namespace wscluster::front
