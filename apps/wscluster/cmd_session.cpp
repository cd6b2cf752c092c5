// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "service_key.hpp"

namespace wscluster::app {

using config::Type;

namespace {

/// `own` first, then what every call of the REST API takes.
std::vector<Flag> with_client_flags(std::vector<Flag> own) {
  for (auto& flag : service_flags())
    own.push_back(std::move(flag));
  for (auto& flag : flags_of_roles(config::Roles::client))
    own.push_back(std::move(flag));
  return own;
}

Flag node_flag(const char* text) {
  return {.name = "node", .value = "NODE", .text = text, .complete = Complete::nodes};
}

Command list_command() {
  return {
      .path = "session list",
      .summary = "Show who is connected and where",
      .description =
          "Users come in the order of the ring, each one whole. Sessions that come and go while the list is made may "
          "be missing. Exit 69 when a node did not answer.",
      .examples = {{"wscluster session list", ""},
                   {"wscluster session list --node node-1 --prefix load- -o wide", ""},
                   {"wscluster session list --misplaced", "Sessions at another node than their owner."},
                   {"wscluster session list --limit 1m -o jsonl | jq -r .uid", ""}},
      .flags = with_client_flags(
          {node_flag("Only those that this node holds"),
           {.name = "prefix", .value = "TEXT", .text = "Only users whose uid begins so"},
           {.name = "group", .letter = 'g', .value = "GROUP", .text = "Only members of this group"},
           {.name = "misplaced", .text = "Only those that another node owns"},
           {.name = "limit",
            .letter = 'n',
            .value = "N",
            .type = Type::count,
            .default_text = "100",
            .text = "About so many sessions; the last user comes whole"},
           {.name = "after", .value = "UID", .text = "Go on behind this user, the \"next\" of an earlier list"}}),
      .run = run_session_list};
}

Command session_show_command() {
  return {.path = "session show",
          .summary = "Show the sessions of a user",
          .description =
              "Which node holds them, where their sockets are, since when, and what has not been written to them yet. "
              "Exit 67 when there is none.",
          .examples = {{"wscluster session show alice", ""},
                       {"wscluster session show alice -o json | jq '.sessions[].edge'", ""}},
          .flags = with_client_flags({}),
          .arguments = {{.name = "UID", .text = "The user"}},
          .run = run_session_show};
}

Command evict_command() {
  return {
      .path = "session evict",
      .summary = "Close the sessions of users",
      .description =
          "The holder closes every session of each user. With code 1012 clients come back, and messages wait for them "
          "for the service's hold time; with any other code nothing waits. A user that is on its way to another node "
          "is "
          "tried again until --timeout.\n\n"
          "Exit 67 when nobody had a session, 1 when only some had.",
      .examples = {{"wscluster session evict alice", "Asks first; clients come back."},
                   {"wscluster session evict alice --yes --close-code 4001 --close-reason bye", ""},
                   {"wscluster session evict --misplaced --node node-3 --yes", "What 'ring check' complains about."},
                   {"wscluster session list -o jsonl | jq -r .uid | wscluster session evict - -n", ""}},
      .flags =
          with_client_flags({{.name = "misplaced", .text = "Instead of UID: all whose owner is another node"},
                             node_flag("With --misplaced: only those that this node holds"),
                             {.name = "close-code",
                              .value = "N",
                              .type = Type::count,
                              .default_text = "1012",
                              .text = "WebSocket close code"},
                             {.name = "close-reason", .value = "TEXT", .text = "Close reason, at most 123 bytes"},
                             {.name = "dry-run", .letter = 'n', .text = "Show what would be closed, close nothing"},
                             {.name = "yes", .letter = 'y', .text = "Do not ask"}}),
      .arguments = {{.name = "UID", .text = "Users; - reads them from stdin, one a line", .least = 0, .most = 0}},
      .run = run_session_evict};
}

}  // namespace

std::vector<Command> session_commands() {
  return {{.path = "session",
           .heading = "Operate",
           .summary = "Look at and close sessions",
           .examples = {{"wscluster session list --node node-1", ""}, {"wscluster session show alice", ""}}},
          list_command(),
          session_show_command(),
          evict_command()};
}

}  // namespace wscluster::app
