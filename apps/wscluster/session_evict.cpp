// SPDX-License-Identifier: MIT
#include <algorithm>
#include <boost/json.hpp>

#include "base/text.hpp"
#include "base/units.hpp"
#include "commands.hpp"
#include "ring_job.hpp"
#include "service_key.hpp"
#include "session_list.hpp"
#include "uid_arguments.hpp"
#include "websocket/frame.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

/// As many misplaced sessions as one call looks for; the same command again takes the rest.
constexpr std::uint64_t most_misplaced = 1'000'000;

/// The query of the REST call.
std::string close_of(const Invocation& invocation) {
  const auto code = invocation.value<std::uint64_t>("close-code");
  const std::string reason = invocation.text("close-reason");
  if (code > 4999 || !websocket::is_valid_close_code(static_cast<std::uint16_t>(code)))
    throw Failure(ExitCode::usage, "--close-code: " + std::to_string(code) + " may not stand in a close frame",
                  "1012 asks clients to come back; 3000 to 4999 are the application's");
  if (reason.size() > websocket::max_close_reason_bytes)
    throw Failure(ExitCode::usage, "--close-reason has " + std::to_string(reason.size()) + " bytes; at most " +
                                       std::to_string(websocket::max_close_reason_bytes) + " fit into a close frame");
  return "code=" + std::to_string(code) + (reason.empty() ? "" : "&reason=" + percent_encode(reason));
}

void check_evict_words(const Invocation& invocation) {
  const bool has_uids = !invocation.arguments().empty();
  if (has_uids == invocation.has("misplaced")) {
    throw Failure(ExitCode::usage,
                  has_uids ? "--misplaced finds the users itself; leave UID out" : "whose sessions? UID is missing",
                  "Example: wscluster session evict alice");
  }
  if (has_uids && invocation.has("node")) {
    throw Failure(ExitCode::usage, "--node goes with --misplaced",
                  "Who is at a node: wscluster session list --node NODE");
  }
}

std::vector<std::string> misplaced_uids(const Invocation& invocation, const RestClient& client,
                                        const Interrupt& interrupt) {
  SessionQuery query;
  query.node = invocation.text("node");
  query.is_misplaced = true;
  query.limit = most_misplaced;
  const auto pages = load_sessions(client, query, interrupt);
  std::vector<std::string> uids;
  for (const auto& session : pages.sessions) {
    const std::string uid = text_of(session.get_object(), "uid");
    if (uids.empty() || uids.back() != uid) uids.push_back(uid);
  }
  for (const auto& node : pages.missing)
    print_error("wscluster: " + node + " did not answer; its sessions stay\n");
  return uids;
}

bool is_agreed(const Invocation& invocation, std::size_t users) {
  if (invocation.has("yes") || invocation.has("dry-run") || users == 0) return true;
  const std::string effect = "close the sessions of " + counted(users, "user");
  if (!invocation.output().may_ask)
    throw Failure(ExitCode::usage, "session evict would " + effect + "; pass --yes to go on or --dry-run to look");
  return answers_yes("Really " + effect + "?");
}

struct Evicted {
  std::string uid;
  std::string node;
  std::uint64_t epoch = 0;
  std::uint64_t closed = 0;
};

Evicted evict(const RestClient& client, const std::string& uid, const std::string& close, const Interrupt& interrupt) {
  const auto answer = client.ask({"POST", "/users/" + percent_encode(uid) + "/:evict", close}, interrupt);
  return {uid, text_of(answer, "node"), count_of(answer, "epoch"), count_of(answer, "closed")};
}

Evicted look(const RestClient& client, const std::string& uid, const Interrupt& interrupt) {
  const auto answer = client.ask({"GET", "/users/" + percent_encode(uid) + "/sessions", {}}, interrupt);
  const auto* sessions = answer.if_contains("sessions");
  return {uid, text_of(answer, "node"), count_of(answer, "epoch"),
          sessions != nullptr && sessions->is_array() ? sessions->get_array().size() : 0};
}

json::object json_of(const Evicted& evicted) {
  return {{"uid", evicted.uid},
          {"node", evicted.node.empty() ? json::value(nullptr) : json::value(evicted.node)},
          {"epoch", evicted.epoch},
          {"closed", evicted.closed}};
}

/// Tells each one as it is done where the form allows it.
void tell(const Output& output, const Evicted& evicted, bool is_dry) {
  if (output.format == Format::jsonl) print(one_line(json_of(evicted)));
  if (output.format != Format::table) return;
  if (evicted.closed == 0) {
    print_error("wscluster: " + evicted.uid + " has no session\n");
  } else if (!output.is_quiet) {
    print(evicted.uid + ": " + (is_dry ? "would close " : "closed ") + counted(evicted.closed, "session") + " on " +
          evicted.node + "\n");
  }
}

void tell_all(const Output& output, const std::vector<Evicted>& all, bool is_dry) {
  if (output.format == Format::json) {
    json::array results;
    std::uint64_t closed = 0;
    for (const auto& evicted : all) {
      closed += evicted.closed;
      results.push_back(json_of(evicted));
    }
    print(render_json(json::object{{"schema", "wscluster/session-evict/v1"},
                                   {"dry_run", is_dry},
                                   {"closed", closed},
                                   {"results", std::move(results)}},
                      output));
  } else if (output.format != Format::jsonl && output.format != Format::table) {
    Table table({{"UID"}, {"NODE"}, {"CLOSED", true}});
    for (const auto& evicted : all)
      table.add({evicted.uid, evicted.node.empty() ? "-" : evicted.node, std::to_string(evicted.closed)});
    print(table.render(output));
  }
}

ExitCode exit_of(const std::vector<Evicted>& all) {
  const auto nobody = std::count_if(all.begin(), all.end(), [](const Evicted& evicted) { return evicted.closed == 0; });
  if (nobody == 0) return ExitCode::ok;
  return static_cast<std::size_t>(nobody) == all.size() ? ExitCode::no_session : ExitCode::negative;
}

}  // namespace

int run_session_evict(const Invocation& invocation) {
  check_evict_words(invocation);
  const std::string close = close_of(invocation);
  auto uids = uids_of(invocation);
  const auto config = invocation.load_config();
  const RestClient client(invocation, config, chosen_service(invocation, config));
  const Interrupt interrupt;
  const bool is_dry = invocation.has("dry-run");
  const auto& output = invocation.output();
  if (invocation.has("misplaced")) uids = misplaced_uids(invocation, client, interrupt);
  if (!is_agreed(invocation, uids.size())) return static_cast<int>(ExitCode::negative);
  std::vector<Evicted> all;
  for (const auto& uid : uids) {
    if (interrupt.is_requested()) break;
    all.push_back(is_dry ? look(client, uid, interrupt) : evict(client, uid, close, interrupt));
    tell(output, all.back(), is_dry);
  }
  tell_all(output, all, is_dry);
  if (interrupt.is_requested()) return interrupt.exit_code();
  // Who was misplaced and has gone meanwhile is what was wanted.
  return static_cast<int>(invocation.has("misplaced") ? ExitCode::ok : exit_of(all));
}

}  // namespace wscluster::app
