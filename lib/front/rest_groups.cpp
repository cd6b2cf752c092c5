// SPDX-License-Identifier: MIT
// Groups: who is in them, and who shall be.
#include <algorithm>

#include "base/text.hpp"
#include "front/answers.hpp"
#include "front/member_page.hpp"
#include "front/parameters.hpp"
#include "front/path.hpp"
#include "front/rest.hpp"
#include "protocol/groups_request.hpp"
#include "session/keys.hpp"

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t largest_page = 200;
constexpr std::uint64_t most_members = 2'147'483'647;

cluster::Order group_order(wire::Operation operation, std::string group) {
  cluster::Order order;
  order.operation = operation;
  order.groups.push_back(std::move(group));
  return order;
}

/// The same call for the next page; `left`: how many members it may still be told, if it has asked for so many.
std::string next_link(const edge::Request& request, const TrustedProxies& trusted, const PagePlace& place,
                      std::optional<std::uint64_t> left) {
  std::string url = origin_of(request, trusted) + request.path + "?";
  for (const auto& [name, value] : request.query) {
    if (name != "continuationToken" && name != "top") url += percent_encode(name) + "=" + percent_encode(value) + "&";
  }
  if (left) url += "top=" + std::to_string(*left) + "&";
  return url + "continuationToken=" + place.text();
}

std::string page_body(const MemberPage& page, std::string_view next_link) {
  std::string body = R"({"value":[)";
  for (const cluster::SessionFacts& facts : page.members) {
    if (&facts != page.members.data()) body.push_back(',');
    body += R"({"connectionId":)";
    append_json_string(body, facts.id.text());
    body += R"(,"userId":)";
    if (const std::string_view user = session::user_id_of(facts.uid); user.empty()) {
      body += "null";
    } else {
      append_json_string(body, user);
    }
    body.push_back('}');
  }
  body += R"(],"nextLink":)";
  if (next_link.empty()) {
    body += "null";
  } else {
    append_json_string(body, next_link);
  }
  return body + "}";
}

}  // namespace

// ---- who is in a group

Result<> Rest::find_group(const Call& call) {
  auto group = group_in_path(call.names[0]);
  if (!group) return group.error();
  cluster::ListRequest request;
  request.service = call.service();
  request.limit = 1;
  request.in_group = std::move(*group);
  find_member(call.connection, std::move(request));
  return {};
}

/// Page after page, until there is one.
void Rest::find_member(edge::ConnectionId id, cluster::ListRequest request) {
  inquirer_.list(request, now() + patience, [this, id, request](const cluster::SessionList& list) mutable {
    const bool is_there = std::any_of(list.sessions.begin(), list.sessions.end(),
                                      [](const cluster::SessionFacts& facts) { return facts.close_code == 0; });
    if (is_there) {
      edge_.respond(id, {});
    } else if (!list.next.empty()) {
      request.after = list.next;
      find_member(id, std::move(request));
    } else if (!list.missing.empty()) {
      edge_.respond(id, retry_later("not all nodes can be asked now"));
    } else {
      edge_.respond(id, failure(404, "NotFound", "nobody is in the group"));
    }
  });
}

Result<> Rest::list_members(const Call& call) {
  auto group = group_in_path(call.names[0]);
  if (!group) return group.error();
  const auto size = number_parameter(call.request, "maxpagesize", largest_page, 1, largest_page);
  if (!size) return size.error();
  const auto top = number_parameter(call.request, "top", most_members, 1, most_members);
  if (!top) return top.error();
  PagePlace place;
  if (const auto token = call.request.parameter("continuationToken")) {
    auto parsed = PagePlace::parse(*token);
    if (!parsed) return parsed.error();
    place = std::move(*parsed);
  }
  if (!view_ || view_->service(call.service()) == nullptr)
    return error(Errc::unavailable, "the service has no ring yet");
  const std::uint64_t count = std::min(*size, *top);
  cluster::ListRequest question;
  question.service = call.service();
  question.after = place.after;
  question.limit = count;
  question.in_group = std::move(*group);
  const auto answer = [this, id = call.connection, request = call.request, place, count,
                       top = *top](const cluster::SessionList& list) {
    if (!list.missing.empty()) {
      edge_.respond(id, retry_later("not all nodes can be asked now"));
      return;
    }
    const MemberPage page = cut_page(list, place, count);
    const std::uint64_t left = top - page.members.size();
    const bool is_limited = request.parameter("top").has_value();
    const bool has_next = page.next && left > 0;
    const std::string link =
        has_next ? next_link(request, trusted_, *page.next, is_limited ? std::optional(left) : std::nullopt) : "";
    edge_.respond(id, private_json(page_body(page, link)));
  };
  inquirer_.list(question, now() + patience, answer);
  return {};
}

// ---- who shall be in a group

Result<> Rest::close_group(const Call& call) {
  auto group = group_in_path(call.names[0]);
  if (!group) return group.error();
  auto order = close_order(call);
  if (!order) return order.error();
  order->in_group = std::move(*group);
  order->excluded = excluded_sessions(call.request);
  this->order(call, std::move(*order), answer_with(204));
  return {};
}

Result<> Rest::add_connection(const Call& call) {
  auto group = group_in_path(call.names[0]);
  if (!group) return group.error();
  order_for_connection(call, call.names[1], group_order(wire::Operation::join_groups, std::move(*group)),
                       answer_with(200, no_such_connection()));
  return {};
}

Result<> Rest::remove_connection(const Call& call) {
  auto group = group_in_path(call.names[0]);
  if (!group) return group.error();
  order_for_connection(call, call.names[1], group_order(wire::Operation::leave_groups, std::move(*group)),
                       answer_with(204));
  return {};
}

Result<> Rest::remove_connection_from_all(const Call& call) {
  cluster::Order order;
  order.operation = wire::Operation::leave_all_groups;
  order_for_connection(call, call.names[0], std::move(order), answer_with(204));
  return {};
}

Result<> Rest::add_user(const Call& call) {
  auto group = group_in_path(call.names[1]);
  if (!group) return group.error();
  return order_for_user(call, call.names[0], group_order(wire::Operation::join_groups, std::move(*group)),
                        answer_with(200));
}

Result<> Rest::remove_user(const Call& call) {
  auto group = group_in_path(call.names[1]);
  if (!group) return group.error();
  return order_for_user(call, call.names[0], group_order(wire::Operation::leave_groups, std::move(*group)),
                        answer_with(204));
}

Result<> Rest::remove_user_from_all(const Call& call) {
  cluster::Order order;
  order.operation = wire::Operation::leave_all_groups;
  return order_for_user(call, call.names[0], std::move(order), answer_with(204));
}

Result<> Rest::add_everybody(const Call& call) {
  return order_by_filter(call, wire::Operation::join_groups);
}

Result<> Rest::remove_everybody(const Call& call) {
  return order_by_filter(call, wire::Operation::leave_groups);
}

Result<> Rest::order_by_filter(const Call& call, wire::Operation operation) {
  const auto type = type_of_body(call.request);
  if (!type || *type != protocol::DataType::json) return error(Errc::protocol, "the body must be application/json");
  auto request = protocol::parse_groups_request(call.request.body);
  if (!request) return request.error();
  cluster::Order order;
  order.operation = operation;
  order.groups = std::move(request->groups);
  order.filter = std::move(request->filter);
  this->order(call, std::move(order), answer_with(200));
  return {};
}

}  // namespace wscluster::front
