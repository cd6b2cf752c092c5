// SPDX-License-Identifier: MIT
// What operators ask over HTTP: who is connected and where, and an end to a user's sessions.
#include <algorithm>

#include "base/text.hpp"
#include "front/answers.hpp"
#include "front/parameters.hpp"
#include "front/path.hpp"
#include "front/rest.hpp"
#include "protocol/names.hpp"

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;
using cluster::OrderReport;
using cluster::SessionFacts;

constexpr std::uint64_t default_limit = 100;
constexpr std::uint64_t largest_limit = 1000;

bool has_node(const cluster::ServiceView& ring, std::string_view node) {
  const auto& members = ring.document->members;
  return std::any_of(members.begin(), members.end(), [&](const ring::Member& member) { return member.name == node; });
}

const char* state_of(const SessionFacts& facts) {
  if (facts.is_moving) return "moving";
  if (facts.close_code != 0) return "closing";
  return facts.is_detached ? "detached" : "attached";
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"" + std::string(name) + "\":";
  append_json_string(out, text);
}

void append_number(std::string& out, std::string_view name, std::uint64_t value) {
  out += ",\"" + std::string(name) + "\":" + std::to_string(value);
}

void append_optional(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) {
    out += ",\"" + std::string(name) + "\":null";
  } else {
    append_text(out, name, text);
  }
}

void append_seconds(std::string& out, std::string_view name, bool is_known, Duration time) {
  const std::string milliseconds = std::to_string(1000 + time.count() % 1000).substr(1);
  out += ",\"" + std::string(name) +
         "\":" + (is_known ? std::to_string(time.count() / 1000) + "." + milliseconds : "null");
}

void append_session(std::string& out, const SessionFacts& facts) {
  out += R"({"uid":)";
  append_json_string(out, facts.uid);
  append_text(out, "connection", facts.id.text());
  append_text(out, "node", facts.node);
  append_optional(out, "edge", facts.edge);
  append_optional(out, "via", facts.edge.empty() ? "" : facts.is_gateway ? "gateway" : "direct");
  append_text(out, "since", format_rfc3339(WallClock::now() - facts.age));
  append_text(out, "state", state_of(facts));
  append_seconds(out, "detached_seconds", facts.is_detached, facts.detached_for);
  append_text(out, "owner", facts.owner.empty() ? facts.node : facts.owner);
  append_seconds(out, "misplaced_seconds", !facts.owner.empty(), facts.misplaced_for);
  append_number(out, "in_flight_messages", facts.in_flight);
  append_number(out, "in_flight_bytes", facts.in_flight_bytes);
  append_number(out, "waiting_messages", facts.waiting);
  append_number(out, "waiting_bytes", facts.waiting_bytes);
  append_text(out, "life", to_hex(facts.life));
  out.push_back('}');
}

void append_sessions(std::string& out, const std::vector<SessionFacts>& sessions) {
  out += R"(,"sessions":[)";
  for (const SessionFacts& facts : sessions) {
    if (&facts != sessions.data()) out.push_back(',');
    append_session(out, facts);
  }
  out.push_back(']');
}

std::string list_body(std::string_view service, const cluster::SessionList& list) {
  std::string body = R"({"schema":"wscluster/session-list/v1")";
  append_text(body, "service", service);
  append_sessions(body, list.sessions);
  append_optional(body, "next", list.next);
  body += R"(,"missing":[)";
  for (const std::string& node : list.missing) {
    if (&node != list.missing.data()) body.push_back(',');
    append_json_string(body, node);
  }
  return body + "]}";
}

/// The beginning of what is told about one user.
std::string user_body(std::string_view schema, std::string_view uid, const OrderReport& report) {
  std::string body = R"({"schema":")" + std::string(schema) + "\"";
  append_text(body, "uid", uid);
  append_optional(body, "node", report.status == OrderReport::Status::done ? report.node : "");
  append_number(body, "epoch", report.epoch);
  return body;
}

}  // namespace

Result<> Rest::list_sessions(const Call& call) {
  const std::string& name = call.service();
  const cluster::ServiceView* ring = view_ ? view_->service(name) : nullptr;
  if (ring == nullptr) return error(Errc::unavailable, "the service has no ring yet");
  const auto limit = number_parameter(call.request, "limit", default_limit, 1, largest_limit);
  if (!limit) return limit.error();
  const std::string_view misplaced = call.request.parameter("misplaced").value_or("false");
  if (misplaced != "true" && misplaced != "false") return error(Errc::invalid, "misplaced must be true or false");
  cluster::ListRequest question;
  question.service = name;
  question.node = call.request.parameter("node").value_or("");
  question.after = call.request.parameter("after").value_or("");
  question.prefix = call.request.parameter("prefix").value_or("");
  question.limit = *limit;
  question.is_misplaced = misplaced == "true";
  if (const auto group = call.request.parameter("group")) {
    if (const auto good = protocol::check_group_name(*group); !good) return good.error();
    question.in_group = *group;
  }
  if (!question.node.empty() && !has_node(*ring, question.node)) {
    edge_.respond(call.connection, failure(404, "NoNode", "'" + question.node + "' is not in the ring"));
    return {};
  }
  inquirer_.list(question, now() + patience, [this, id = call.connection, name](const cluster::SessionList& list) {
    edge_.respond(id, private_json(list_body(name, list)));
  });
  return {};
}

Result<> Rest::show_user(const Call& call) {
  const auto uid = uid_in_path(call.names[0]);
  if (!uid) return uid.error();
  cluster::Order order;
  order.service = call.service();
  order.uid = *uid;
  inquirer_.order(order, now() + patience, [this, id = call.connection, uid = *uid](const OrderReport& report) {
    if (report.status == Status::busy || report.status == Status::unknown) {
      edge_.respond(id, retry_later("who holds the user cannot be told now"));
      return;
    }
    std::string body = user_body("wscluster/session-show/v1", uid, report);
    append_number(body, "held_messages", report.held);
    append_number(body, "held_bytes", report.held_bytes);
    append_sessions(body, report.sessions);
    edge_.respond(id, private_json(body + "}"));
  });
  return {};
}

Result<> Rest::evict_user(const Call& call) {
  const auto uid = uid_in_path(call.names[0]);
  if (!uid) return uid.error();
  const auto code = number_parameter(call.request, "code", websocket::CloseCode::service_restart, 1, 4999);
  if (!code) return code.error();
  if (!websocket::is_valid_close_code(static_cast<std::uint16_t>(*code)))
    return error(Errc::invalid, std::to_string(*code) + " may not stand in a close frame");
  cluster::Order order;
  order.operation = wire::Operation::close;
  order.uid = *uid;
  order.code = static_cast<std::uint16_t>(*code);
  order.text = call.request.parameter("reason").value_or("");
  if (order.text.size() > websocket::max_close_reason_bytes || !is_valid_utf8(order.text)) {
    return error(Errc::invalid,
                 "reason must be UTF-8 of at most " + std::to_string(websocket::max_close_reason_bytes) + " bytes");
  }
  this->order(call, std::move(order), [uid = *uid](const OrderReport& report) {
    std::string body = user_body("wscluster/session-evict/v1", uid, report);
    append_number(body, "closed", report.count);
    return private_json(body + "}");
  });
  return {};
}

}  // namespace wscluster::front
