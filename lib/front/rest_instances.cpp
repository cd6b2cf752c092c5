// SPDX-License-Identifier: MIT
// Instances of upstream services: who they are, and that they register.
#include "base/names.hpp"
#include "base/text.hpp"
#include "front/answers.hpp"
#include "front/rest.hpp"
#include "upstream/rest_text.hpp"

namespace wscluster::front {
namespace {

using registry::InstanceAnswer;
using registry::InstanceCall;

Result<std::string> decoded(std::string_view segment, const char* what) {
  auto text = percent_decode(segment);
  if (text) return std::move(*text);
  return error(Errc::invalid, std::string("the ") + what + " in the path is not percent-encoded text");
}

edge::Response failure_of(const Error& cause) {
  return cause.code == Errc::conflict ? failure(409, "Conflict", cause.message) : failure(cause);
}

}  // namespace

/// Gateways only. Else answers the request.
bool Rest::admit_registrar(const Call& call) {
  if (!registrar_.is_connected()) {
    edge_.respond(call.connection, failure(404, "NotFound", "instances are registered at gateways; this is a node"));
    return false;
  }
  const auto service = decoded(call.names.front(), "service");
  const auto good = service ? check_service_name(*service) : Result<>(service.error());
  const auto allowed = good ? doors_->check_registrar(*service, call.request) : good;
  if (allowed) return true;
  registrar_.count_refused();
  edge_.respond(call.connection, failure(allowed.error()));
  return false;
}

/// Service and id in the path.
Result<InstanceCall> Rest::read_instance_call(const Call& call, InstanceCall::Kind kind) {
  auto service = decoded(call.names[0], "service");
  if (!service) return service.error();
  auto id = decoded(call.names[1], "instance");
  if (!id) return id.error();
  if (const auto good = upstream::check_instance_id(*id); !good) return good.error();
  return instance_call(kind, std::move(*service), std::move(*id));
}

void Rest::ask_registry(const Call& call, InstanceCall order, unsigned status) {
  registrar_.ask(std::move(order), [this, id = call.connection, status](const InstanceAnswer& answer) {
    if (!answer) {
      edge_.respond(id, failure_of(answer.error()));
      return;
    }
    edge::Response response;
    if (status == 200) response = private_json(upstream::rest_instance(*answer));
    response.status = status;
    edge_.respond(id, response);
  });
}

Result<> Rest::list_instances(const Call& call) {
  const auto service = decoded(call.names[0], "service");
  if (!service) return service.error();
  static const upstream::UpstreamState nobody;
  const upstream::UpstreamState* state = registrar_.upstream(*service);
  if (state == nullptr && doors_->has_upstream(*service)) state = &nobody;
  if (state == nullptr) return error(Errc::not_found, "no upstream service '" + *service + "' here");
  edge_.respond(call.connection, private_json(upstream::rest_instances(*service, *state)));
  return {};
}

Result<> Rest::show_instance(const Call& call) {
  const auto wanted = read_instance_call(call, InstanceCall::Kind::renew);
  if (!wanted) return wanted.error();
  const auto& [service, id] = std::tie(wanted->instance.service, wanted->instance.id);
  const upstream::UpstreamState* state = registrar_.upstream(service);
  const upstream::Instance* instance = state == nullptr ? nullptr : state->find(id);
  if (instance == nullptr) return error(Errc::not_found, "service " + service + " has no instance '" + id + "'");
  edge_.respond(call.connection, private_json(upstream::rest_instance(*instance)));
  return {};
}

/// With a body it registers, which is a renewal when nothing is new; without one it only renews.
Result<> Rest::put_instance(const Call& call) {
  auto order = read_instance_call(call, InstanceCall::Kind::renew);
  if (!order) return order.error();
  if (!trim(call.request.body).empty()) {
    auto instance = upstream::parse_rest_registration(order->instance.service, order->instance.id, call.request.body);
    if (!instance) {
      registrar_.count_refused();
      return instance.error();
    }
    order->kind = InstanceCall::Kind::enroll;
    order->instance = std::move(*instance);
  }
  ask_registry(call, std::move(*order), 200);
  return {};
}

Result<> Rest::delete_instance(const Call& call) {
  auto order = read_instance_call(call, InstanceCall::Kind::cancel);
  if (!order) return order.error();
  ask_registry(call, std::move(*order), 204);
  return {};
}

Result<> Rest::set_instance_status(const Call& call) {
  auto order = read_instance_call(call, InstanceCall::Kind::override_status);
  if (!order) return order.error();
  const auto status = upstream::parse_rest_status(call.request.body);
  if (!status) return status.error();
  order->status = *status;
  ask_registry(call, std::move(*order), 200);
  return {};
}

Result<> Rest::clear_instance_status(const Call& call) {
  auto order = read_instance_call(call, InstanceCall::Kind::override_status);
  if (!order) return order.error();
  ask_registry(call, std::move(*order), 200);
  return {};
}

}  // namespace wscluster::front
