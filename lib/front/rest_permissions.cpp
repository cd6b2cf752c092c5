// SPDX-License-Identifier: MIT
// What a connection may do with groups.
#include "front/answers.hpp"
#include "front/path.hpp"
#include "front/rest.hpp"
#include "protocol/names.hpp"

namespace wscluster::front {
namespace {

edge::Response possession(const cluster::OrderReport& report) {
  return report.count > 0 ? edge::Response{} : failure(404, "NotFound", "the connection has no such permission");
}

}  // namespace

Result<> Rest::grant(const Call& call) {
  return order_permission(call, wire::Operation::grant, answer_with(200, no_such_connection()));
}

Result<> Rest::revoke(const Call& call) {
  return order_permission(call, wire::Operation::revoke, answer_with(204));
}

Result<> Rest::check(const Call& call) {
  return order_permission(call, wire::Operation::check, possession);
}

/// Without targetName it is about all groups.
Result<> Rest::order_permission(const Call& call, wire::Operation operation, const Answer& answer) {
  const auto permission = permission_in_path(call.names[0]);
  if (!permission) return permission.error();
  cluster::Order order;
  order.operation = operation;
  order.permission = *permission;
  if (const auto group = call.request.parameter("targetName"); group && !group->empty()) {
    if (const auto checked = protocol::check_group_name(*group); !checked) return checked.error();
    order.groups.emplace_back(*group);
  }
  order_for_connection(call, call.names[1], std::move(order), answer);
  return {};
}

}  // namespace wscluster::front
