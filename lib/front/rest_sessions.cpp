// SPDX-License-Identifier: MIT
// What operators ask over HTTP: who is connected and where, and an end to a user's sessions.
#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "front/answers.hpp"
#include "front/desk.hpp"

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;
using cluster::SessionFacts;
using cluster::UserReport;

/// A holder that does not answer within it is told as missing.
constexpr Duration patience = 3s;
constexpr std::uint64_t default_limit = 100;
constexpr std::uint64_t largest_limit = 1000;

Result<std::uint64_t> number_parameter(const edge::Request& request, std::string_view name, std::uint64_t fallback,
                                       std::uint64_t most) {
  const auto text = request.parameter(name);
  if (!text) return fallback;
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (ec != std::errc{} || end != text->data() + text->size() || value == 0 || value > most)
    return error(Errc::invalid, std::string(name) + " must be a number from 1 to " + std::to_string(most));
  return value;
}

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
  append_text(out, "connection", facts.connection);
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

edge::Response json_answer(std::string body) {
  edge::Response response;
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
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
std::string user_body(std::string_view schema, std::string_view uid, const UserReport& report) {
  std::string body = R"({"schema":")" + std::string(schema) + "\"";
  append_text(body, "uid", uid);
  append_optional(body, "node", report.status == UserReport::Status::done ? report.node : "");
  append_number(body, "epoch", report.epoch);
  return body;
}

}  // namespace

void Desk::list_sessions(edge::ConnectionId id, const edge::Request& request, std::string_view service) {
  const Door* door = admit_application(id, request, service);
  if (door == nullptr) return;
  if (request.method != "GET") {
    edge_.respond(id, wrong_method("GET"));
    return;
  }
  const std::string& name = door->options.service.name;
  const cluster::ServiceView* ring = view_ ? view_->service(name) : nullptr;
  const auto limit = number_parameter(request, "limit", default_limit, largest_limit);
  const std::string_view misplaced = request.parameter("misplaced").value_or("false");
  cluster::Inquirer::ListRequest question{name,
                                          std::string(request.parameter("node").value_or("")),
                                          std::string(request.parameter("after").value_or("")),
                                          std::string(request.parameter("prefix").value_or("")),
                                          limit ? *limit : 0,
                                          misplaced == "true"};
  if (ring == nullptr) {
    edge_.respond(id, retry_later("the service has no ring yet"));
  } else if (!limit) {
    edge_.respond(id, failure(limit.error()));
  } else if (misplaced != "true" && misplaced != "false") {
    edge_.respond(id, failure(400, "BadRequest", "misplaced must be true or false"));
  } else if (!question.node.empty() && !has_node(*ring, question.node)) {
    edge_.respond(id, failure(404, "NoNode", "'" + question.node + "' is not in the ring"));
  } else {
    inquirer_.list(question, core_.now() + patience, [this, id, name](const cluster::SessionList& list) {
      edge_.respond(id, json_answer(list_body(name, list)));
    });
  }
}

void Desk::show_user(edge::ConnectionId id, const edge::Request& request, std::string_view service,
                     std::string_view segment) {
  const Door* door = admit_application(id, request, service);
  if (door == nullptr) return;
  if (request.method != "GET") {
    edge_.respond(id, wrong_method("GET"));
    return;
  }
  const auto uid = uid_in_path(segment);
  if (!uid) {
    edge_.respond(id, failure(uid.error()));
    return;
  }
  const auto answer = [this, id, uid = *uid](const UserReport& report) {
    using enum UserReport::Status;
    if (report.status == busy || report.status == unknown) {
      edge_.respond(id, retry_later("who holds the user cannot be told now"));
      return;
    }
    std::string body = user_body("wscluster/session-show/v1", uid, report);
    append_number(body, "held_messages", report.held);
    append_number(body, "held_bytes", report.held_bytes);
    append_sessions(body, report.sessions);
    edge_.respond(id, json_answer(body + "}"));
  };
  inquirer_.show(door->options.service.name, *uid, core_.now() + patience, answer);
}

void Desk::evict_user(edge::ConnectionId id, const edge::Request& request, std::string_view service,
                      std::string_view segment) {
  const Door* door = admit_application(id, request, service);
  if (door == nullptr) return;
  if (request.method != "POST") {
    edge_.respond(id, wrong_method("POST"));
    return;
  }
  const auto uid = uid_in_path(segment);
  const auto code = number_parameter(request, "code", websocket::CloseCode::service_restart, 4999);
  const std::string reason(request.parameter("reason").value_or(""));
  if (!uid || !code) {
    edge_.respond(id, failure(uid ? code.error() : uid.error()));
    return;
  }
  if (!websocket::is_valid_close_code(static_cast<std::uint16_t>(*code))) {
    edge_.respond(id, failure(400, "BadRequest", std::to_string(*code) + " may not stand in a close frame"));
    return;
  }
  if (reason.size() > websocket::max_close_reason_bytes || !is_valid_utf8(reason)) {
    edge_.respond(
        id, failure(400, "BadRequest",
                    "reason must be UTF-8 of at most " + std::to_string(websocket::max_close_reason_bytes) + " bytes"));
    return;
  }
  const auto answer = [this, id, uid = *uid](const UserReport& report) {
    using enum UserReport::Status;
    if (report.status == busy) {
      edge_.respond(id, retry_later("the user is on its way to another node, or its holder cannot be asked now"));
    } else if (report.status == unknown) {
      edge_.respond(id, failure(504, "Unknown", "the holder did not say whether it has closed the sessions"));
    } else {
      std::string body = user_body("wscluster/session-evict/v1", uid, report);
      append_number(body, "closed", report.closed);
      edge_.respond(id, json_answer(body + "}"));
    }
  };
  inquirer_.evict(door->options.service.name, *uid, static_cast<std::uint16_t>(*code), reason, core_.now() + patience,
                  answer);
}

}  // namespace wscluster::front
