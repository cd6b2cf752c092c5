// SPDX-License-Identifier: MIT
#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "base/units.hpp"
#include "commands.hpp"
#include "service_key.hpp"
#include "session_list.hpp"
#include "uid_arguments.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

/// A user, with what its sessions say together. Absent without one.
struct Presence {
  explicit Presence(std::string who) : uid(std::move(who)) {}

  std::string uid;
  std::uint64_t sessions = 0;
  std::uint64_t away = 0;  ///< those without a socket
  std::string since;
  std::string node;
  json::array connections;

  [[nodiscard]] bool is_present() const { return sessions > 0; }

  void add(const json::object& session) {
    const std::string state = text_of(session, "state");
    if (state == "closing") return;
    ++sessions;
    if (state == "detached") ++away;
    // All of the same form, so the earliest is the least.
    const std::string begun = text_of(session, "since");
    if (since.empty() || begun < since) since = begun;
    node = text_of(session, "node");
    connections.push_back(json::value(text_of(session, "connection")));
  }
};

/// What was found out, and what could not be.
struct Found {
  std::vector<Presence> users;
  std::vector<std::string> missing;  ///< nodes that did not answer
  bool has_more = false;

  [[nodiscard]] std::uint64_t present() const {
    return static_cast<std::uint64_t>(
        std::count_if(users.begin(), users.end(), [](const auto& u) { return u.is_present(); }));
  }
};

Presence look_for(const RestClient& client, const std::string& uid, const Interrupt& interrupt) {
  const auto answer = client.ask({"GET", "/users/" + percent_encode(uid) + "/sessions", {}}, interrupt);
  Presence user(uid);
  const auto* sessions = answer.if_contains("sessions");
  if (sessions == nullptr || !sessions->is_array()) {
    throw Failure(ExitCode::protocol, client.place() + ": the answer is not a list of sessions",
                  "Is client.url a wscluster gateway or node of this version?");
  }
  for (const auto& session : sessions->get_array()) {
    if (session.is_object()) user.add(session.get_object());
  }
  return user;
}

/// Each user's sessions stand together.
Found members_of(const RestClient& client, const SessionQuery& query, const Interrupt& interrupt) {
  const auto pages = load_sessions(client, query, interrupt);
  Found found;
  for (const auto& session : pages.sessions) {
    const std::string uid = text_of(session.get_object(), "uid");
    if (found.users.empty() || found.users.back().uid != uid) found.users.emplace_back(uid);
    found.users.back().add(session.get_object());
  }
  std::erase_if(found.users, [](const Presence& user) { return !user.is_present(); });
  found.missing = pages.missing;
  found.has_more = !pages.next.empty();
  return found;
}

json::object json_of(const Presence& user) {
  const auto or_null = [](const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); };
  return {{"uid", user.uid},
          {"present", user.is_present()},
          {"sessions", user.sessions},
          {"away", user.away},
          {"since", or_null(user.since)},
          {"node", or_null(user.node)},
          {"connections", user.connections}};
}

Table table_of(const Found& found) {
  Table table({{"UID"}, {"SESSIONS", true}, {"AWAY", true}, {"SINCE"}, {"NODE"}, {"CONNECTIONS", false, true}});
  for (const auto& user : found.users) {
    std::string connections;
    for (const auto& id : user.connections)
      connections += (connections.empty() ? "" : " ") + std::string(id.get_string());
    table.add({user.uid, std::to_string(user.sessions), std::to_string(user.away),
               user.since.empty() ? "-" : user.since, user.node.empty() ? "-" : user.node,
               connections.empty() ? "-" : connections});
  }
  return table;
}

void show(const Output& output, const std::string& service, const std::string& group, const Found& found) {
  if (output.format == Format::jsonl) {
    for (const auto& user : found.users)
      print(one_line(json_of(user)));
    return;
  }
  if (output.format == Format::json) {
    json::array users;
    for (const auto& user : found.users)
      users.push_back(json_of(user));
    return print(render_json(json::object{{"schema", "wscluster/presence/v1"},
                                          {"service", service},
                                          {"group", group.empty() ? json::value(nullptr) : json::value(group)},
                                          {"present", found.present()},
                                          {"absent", found.users.size() - found.present()},
                                          {"users", std::move(users)},
                                          {"has_more", found.has_more},
                                          {"missing", json::array(found.missing.begin(), found.missing.end())}},
                             output));
  }
  if (!found.users.empty()) print(table_of(found).render(output));
  if (found.has_more && !output.is_quiet) print_error("There are more: add --limit N.\n");
  if (!group.empty() && found.users.empty() && found.missing.empty())
    print_error("wscluster: nobody is in the group " + group + "\n");
}

ExitCode exit_of(const Found& found) {
  if (!found.missing.empty()) return ExitCode::unavailable;
  const auto present = found.present();
  if (present == 0) return ExitCode::no_session;
  return present == found.users.size() ? ExitCode::ok : ExitCode::negative;
}

void check_presence_words(const Invocation& invocation) {
  const bool has_uids = !invocation.arguments().empty();
  if (has_uids == invocation.has("group")) {
    throw Failure(ExitCode::usage,
                  has_uids ? "UID and --group contradict each other" : "whose presence? UID or --group is missing",
                  "Example: wscluster presence alice");
  }
  if (has_uids && invocation.has("limit")) throw Failure(ExitCode::usage, "--limit goes with --group");
}

}  // namespace

int run_presence(const Invocation& invocation) {
  check_presence_words(invocation);
  SessionQuery query;
  query.group = group_named(invocation);
  query.limit = invocation.value<std::uint64_t>("limit");
  if (query.limit == 0) throw Failure(ExitCode::usage, "--limit must be at least 1");
  const auto uids = uids_of(invocation);
  const auto config = invocation.load_config();
  const std::string service = chosen_service(invocation, config);
  const RestClient client(invocation, config, service);
  const Interrupt interrupt;
  Found found;
  if (!query.group.empty()) found = members_of(client, query, interrupt);
  for (const auto& uid : uids) {
    if (interrupt.is_requested()) break;
    found.users.push_back(look_for(client, uid, interrupt));
  }
  show(invocation.output(), service, query.group, found);
  for (const auto& node : found.missing)
    print_error("wscluster: " + node + " did not answer; its sessions are missing\n");
  return interrupt.is_requested() ? interrupt.exit_code() : static_cast<int>(exit_of(found));
}

}  // namespace wscluster::app
