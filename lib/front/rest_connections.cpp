// SPDX-License-Identifier: MIT
// Who is connected, and an end to connections.
#include <algorithm>

#include "base/text.hpp"
#include "front/answers.hpp"
#include "front/parameters.hpp"
#include "front/rest.hpp"
#include "websocket/frame.hpp"

namespace wscluster::front {
namespace {

/// 200 when there is one, else 404.
edge::Response existence(const cluster::OrderReport& report) {
  const bool is_there = std::any_of(report.sessions.begin(), report.sessions.end(),
                                    [](const cluster::SessionFacts& facts) { return facts.close_code == 0; });
  return is_there ? edge::Response{} : failure(404, "NotFound", "there is none");
}

}  // namespace

Result<> Rest::find_connection(const Call& call) {
  order_for_connection(call, call.names[0], {}, existence);
  return {};
}

Result<> Rest::find_user(const Call& call) {
  return order_for_user(call, call.names[0], {}, existence);
}

/// With any code but this one the SDKs' clients come back to the session.
Result<cluster::Order> Rest::close_order(const Call& call) {
  cluster::Order order;
  order.operation = wire::Operation::close;
  order.code = websocket::CloseCode::policy_violation;
  order.text = call.request.parameter("reason").value_or("ClosedByAppServer");
  if (!is_valid_utf8(order.text)) return error(Errc::invalid, "reason is not UTF-8");
  return order;
}

Result<> Rest::close_connection(const Call& call) {
  auto order = close_order(call);
  if (!order) return order.error();
  order_for_connection(call, call.names[0], std::move(*order), answer_with(204));
  return {};
}

Result<> Rest::close_user(const Call& call) {
  auto order = close_order(call);
  if (!order) return order.error();
  order->excluded = excluded_sessions(call.request);
  return order_for_user(call, call.names[0], std::move(*order), answer_with(204));
}

Result<> Rest::close_everybody(const Call& call) {
  auto order = close_order(call);
  if (!order) return order.error();
  order->excluded = excluded_sessions(call.request);
  this->order(call, std::move(*order), answer_with(204));
  return {};
}

}  // namespace wscluster::front
