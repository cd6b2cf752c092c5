// SPDX-License-Identifier: MIT
#include "session_list.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/names.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "commands.hpp"
#include "service_key.hpp"
#include "uid_arguments.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

/// The server's limit of one answer.
constexpr std::uint64_t largest_page = 1000;

std::string query_text(const SessionQuery& query, std::uint64_t left) {
  std::string text = "limit=" + std::to_string(std::min(left, largest_page));
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += std::string("&") + name + "=" + percent_encode(value);
  };
  add("node", query.node);
  add("prefix", query.prefix);
  add("group", query.group);
  add("after", query.after);
  add("misplaced", query.is_misplaced ? "true" : "");
  return text;
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string messages_and_bytes(const json::object& session, const char* messages, const char* bytes) {
  const auto count = count_of(session, messages);
  return count == 0 ? "0" : format_count(count) + " (" + format_size(count_of(session, bytes)) + ")";
}

void tell_missing(const SessionPages& pages) {
  for (const auto& node : pages.missing)
    print_error("wscluster: " + node + " did not answer; its sessions are missing\n");
}

}  // namespace

SessionPages load_sessions(const RestClient& client, const SessionQuery& query, const Interrupt& interrupt) {
  SessionPages pages;
  SessionQuery rest = query;
  do {
    const auto answer =
        client.ask({"GET", "/sessions", query_text(rest, query.limit - pages.sessions.size())}, interrupt);
    const auto* sessions = answer.if_contains("sessions");
    const auto* missing = answer.if_contains("missing");
    if (sessions == nullptr || !sessions->is_array() || missing == nullptr || !missing->is_array()) {
      throw Failure(ExitCode::protocol, client.place() + ": the answer is not a list of sessions",
                    "Is client.url a wscluster gateway or node of this version?");
    }
    for (const auto& session : sessions->get_array()) {
      if (session.is_object()) pages.sessions.push_back(session);
    }
    for (const auto& node : missing->get_array()) {
      const std::string name(node.is_string() ? node.get_string().c_str() : "?");
      if (std::find(pages.missing.begin(), pages.missing.end(), name) == pages.missing.end())
        pages.missing.push_back(name);
    }
    pages.next = text_of(answer, "next");
    rest.after = pages.next;
  } while (!pages.next.empty() && pages.sessions.size() < query.limit && !interrupt.is_requested());
  return pages;
}

Table session_table(const json::array& sessions, bool with_uid) {
  std::vector<Column> columns{{"NODE"},         {"EDGE"}, {"VIA"}, {"SINCE"}, {"STATE"}, {"IN FLIGHT", true},
                              {"WAITING", true}};
  if (with_uid) columns.insert(columns.begin(), {"UID"});
  for (const auto* title : {"OWNER", "CONNECTION", "LIFE"})
    columns.push_back({title, false, true});
  Table table(columns);
  for (const auto& entry : sessions) {
    const auto& session = entry.get_object();
    std::vector<std::string> cells{text_of(session, "node"),
                                   or_dash(text_of(session, "edge")),
                                   or_dash(text_of(session, "via")),
                                   text_of(session, "since"),
                                   text_of(session, "state"),
                                   messages_and_bytes(session, "in_flight_messages", "in_flight_bytes"),
                                   messages_and_bytes(session, "waiting_messages", "waiting_bytes"),
                                   text_of(session, "owner"),
                                   text_of(session, "connection"),
                                   text_of(session, "life")};
    if (with_uid) cells.insert(cells.begin(), text_of(session, "uid"));
    table.add(std::move(cells));
  }
  return table;
}

int run_session_list(const Invocation& invocation) {
  SessionQuery query;
  query.node = invocation.text("node");
  query.prefix = invocation.text("prefix");
  query.group = group_named(invocation);
  query.after = invocation.text("after");
  query.is_misplaced = invocation.has("misplaced");
  query.limit = invocation.value<std::uint64_t>("limit");
  if (query.limit == 0) throw Failure(ExitCode::usage, "--limit must be at least 1");
  const auto config = invocation.load_config();
  const std::string service = chosen_service(invocation, config);
  const RestClient client(invocation, config, service);
  const Interrupt interrupt;
  auto pages = load_sessions(client, query, interrupt);
  const auto& output = invocation.output();
  if (output.format == Format::json) {
    print(render_json(json::object{{"schema", "wscluster/session-list/v1"},
                                   {"service", service},
                                   {"sessions", std::move(pages.sessions)},
                                   {"next", pages.next.empty() ? json::value(nullptr) : json::value(pages.next)},
                                   {"missing", json::array(pages.missing.begin(), pages.missing.end())}},
                      output));
  } else if (output.format == Format::jsonl) {
    for (const auto& session : pages.sessions)
      print(one_line(session));
  } else {
    print(session_table(pages.sessions, true).render(output));
    if (!pages.next.empty() && !output.is_quiet)
      print_error("There are more: add --limit N, or --after '" + pages.next + "' to go on.\n");
  }
  if (output.format != Format::json) tell_missing(pages);
  if (interrupt.is_requested()) return interrupt.exit_code();
  return static_cast<int>(pages.missing.empty() ? ExitCode::ok : ExitCode::unavailable);
}

int run_session_show(const Invocation& invocation) {
  const std::string& uid = invocation.arguments().front();
  if (const auto good = check_uid(uid); !good) throw Failure(ExitCode::data, good.error().message);
  const auto config = invocation.load_config();
  const RestClient client(invocation, config, chosen_service(invocation, config));
  const Interrupt interrupt;
  const auto answer = client.ask({"GET", "/users/" + percent_encode(uid) + "/sessions", {}}, interrupt);
  const auto* found = answer.if_contains("sessions");
  const json::array sessions = found != nullptr && found->is_array() ? found->get_array() : json::array();
  const auto& output = invocation.output();
  if (output.is_json()) {
    print(render_json(answer, output));
  } else if (!sessions.empty()) {
    print(session_table(sessions, false).render(output));
  }
  if (const auto held = count_of(answer, "held_messages"); held > 0 && !output.is_json() && !output.is_quiet) {
    print_error(format_count(held) + (held == 1 ? " message (" : " messages (") +
                format_size(count_of(answer, "held_bytes")) + ") wait for " + uid + "\n");
  }
  if (!sessions.empty()) return 0;
  if (!output.is_json()) print_error("wscluster: " + uid + " has no session\n");
  return static_cast<int>(ExitCode::no_session);
}

}  // namespace wscluster::app
