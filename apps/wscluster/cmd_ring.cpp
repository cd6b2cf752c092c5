// SPDX-License-Identifier: MIT
// The commands of `ring` that only look; those that write an epoch are in cmd_ring_change.cpp.
#include "commands.hpp"
#include "ring_state.hpp"
#include "service_key.hpp"

namespace wscluster::app {

using config::Type;

namespace {

Flag watching_timeout(const char* text) {
  return {.name = "timeout", .value = "DUR", .type = Type::duration, .default_text = "10m", .text = text};
}

Argument epoch_argument(const char* text) {
  return {.name = "EPOCH", .text = text, .least = 0};
}

Command show_command() {
  return {.path = "ring show",
          .summary = "Show nodes, their share of the ring, sessions and states",
          .examples = {{"wscluster ring show", ""},
                       {"wscluster ring show --sort sessions --watch", "Drawn again every two seconds."},
                       {"wscluster ring show -o json | jq .sessions", ""},
                       {"wscluster ring show --ranges -o csv", "Every key range with its owner."}},
          .flags = {{.name = "ranges", .text = "Key ranges with their owners"},
                    {.name = "sort",
                     .value = "KEY",
                     .type = Type::choice,
                     .choices = {"name", "state", "weight", "owns", "sessions", "skew", "misplaced", "seen"},
                     .default_text = "name",
                     .text = "Order of the nodes, the largest figure first"},
                    {.name = "watch",
                     .value = "DUR",
                     .implied = "2s",
                     .type = Type::duration,
                     .text = "Again and again; off a terminal, and with -o jsonl a line, only what has changed"},
                    ring_service_flag()},
          .run = run_ring_show};
}

/// Of a command that asks Redis, and the REST API for what only nodes know.
Command with_rest_flags(Command command) {
  for (auto& flag : rest_flags())
    command.flags.push_back(std::move(flag));
  return command;
}

Command owner_command() {
  return {.path = "ring owner",
          .summary = "Show which node owns users",
          .description =
              "While a change is running, EARLIER names nodes that may still hold the user. With --connected the REST "
              "API (client.url) is asked for each user, and CONNECTED names the node that holds sessions now.",
          .examples = {{"wscluster ring owner alice bob", ""},
                       {"cut -d, -f1 users.csv | wscluster ring owner - -o csv", "One uid a line."},
                       {"wscluster ring owner alice --with node-4", "And after a planned change."},
                       {"wscluster ring owner alice --connected", "And who holds sessions of alice now."}},
          .flags = {{.name = "connected", .text = "Also show where the users' sessions are"},
                    {.name = "with",
                     .value = "NODE",
                     .text = "As if this node were added",
                     .repeats = true,
                     .complete = Complete::nodes},
                    {.name = "without",
                     .value = "NODE",
                     .text = "As if this node were removed",
                     .repeats = true,
                     .complete = Complete::nodes},
                    ring_service_flag()},
          .arguments = {{.name = "UID", .text = "Users; - reads them from stdin, one a line", .most = 0}},
          .run = run_ring_owner};
}

Command explain_command() {
  return {
      .path = "ring explain",
      .summary = "Explain why a node owns a user",
      .description =
          "The position of the user on the ring, the points around it, and the last change that gave the user another "
          "owner. The last 64 epochs are known.",
      .examples = {{"wscluster ring explain --uid alice", ""},
                   {"wscluster ring explain --uid alice --epoch 42 -o json", "As it was then."}},
      .flags = {{.name = "uid", .value = "UID", .text = "The user"},
                {.name = "epoch",
                 .value = "N",
                 .type = Type::count,
                 .default_note = "the current one",
                 .text = "As it was in this epoch"},
                ring_service_flag()},
      .run = run_ring_explain};
}

Command watch_command() {
  return {.path = "ring watch",
          .summary = "Follow the running change and show its result",
          .description = "Without EPOCH the newest running change is meant, or the last one when none is running.",
          .examples = {{"wscluster ring watch", ""}, {"wscluster ring watch 43 -o json | jq .closed", ""}},
          .flags = {watching_timeout("Watch for so long, then exit 75; the change keeps running"), ring_service_flag()},
          .arguments = {epoch_argument("The epoch that the change has made")},
          .run = run_ring_watch};
}

Command wait_command() {
  return {.path = "ring wait",
          .summary = "Wait until no change is running and everybody agrees",
          .description = "Every living process has adopted the epoch and is linked to all others. For scripts.",
          .examples = {{"wscluster ring add node-4 --yes --detach && wscluster ring wait --timeout 5m", ""}},
          .flags = {watching_timeout("Wait for so long, then exit 75"), ring_service_flag()},
          .run = run_ring_wait};
}

Command check_command() {
  return {.path = "ring check",
          .summary = "Check whether everything about the ring is in order",
          .description =
              "Epochs, coverage, misplaced sessions, links, running changes, alarms of every process, and Redis "
              "with its clock. Exit code 1 when something is not. Where client.url and an access key are known, the "
              "session that has been misplaced for longest is named.",
          .examples = {{"wscluster ring check", ""},
                       {"wscluster ring check -o json | jq '.checks[] | select(.ok|not)'", ""}},
          .flags = {ring_service_flag()},
          .run = run_ring_check};
}

Command history_command() {
  return {.path = "ring history",
          .summary = "Show the last changes of the ring",
          .description = "The last 64 are kept.",
          .examples = {{"wscluster ring history", ""}, {"wscluster ring history -n 1 -o json", ""}},
          .flags = {{.name = "limit",
                     .letter = 'n',
                     .value = "N",
                     .type = Type::count,
                     .default_text = "20",
                     .text = "At most so many, the newest first"},
                    ring_service_flag()},
          .run = run_ring_history};
}

Command repair_command() {
  return {.path = "ring repair",
          .summary = "Make what one process holds the ring, after a fork",
          .description =
              "For the alarm that Redis and processes have different documents of one epoch, or rings of different "
              "origins: nobody follows anybody then. The named process writes its document as an epoch above all "
              "others, and everybody follows it. Who followed a ring of another origin drops its sessions.",
          .examples = {{"wscluster ring repair --from node-1 --dry-run", "What Redis and every process have."},
                       {"wscluster ring repair --from node-1 --yes", ""},
                       {"wscluster ring repair --from node-1 --confirm node-1",
                        "Also over something newer or of another origin."}},
          .flags = {{.name = "from",
                     .value = "NODE",
                     .text = "The living node or gateway whose document is right",
                     .complete = Complete::nodes},
                    {.name = "dry-run", .letter = 'n', .text = "Show who holds what, change nothing"},
                    {.name = "yes", .letter = 'y', .text = "Do not ask"},
                    {.name = "confirm",
                     .value = "NODE",
                     .text = "The name again: needed where others have something newer or of another origin",
                     .complete = Complete::nodes},
                    {.name = "timeout",
                     .value = "DUR",
                     .type = Type::duration,
                     .default_text = "30s",
                     .text = "Wait for so long until everybody follows, then exit 75"},
                    ring_service_flag()},
          .run = run_ring_repair};
}

}  // namespace

std::vector<Command> ring_commands() {
  std::vector<Command> commands{
      {.path = "ring",
       .heading = "Operate",
       .summary = "Show and change the ring",
       .examples = {{"wscluster ring show", ""}, {"wscluster ring add node-4 --dry-run", ""}}},
      show_command(),
      with_rest_flags(owner_command()),
      explain_command(),
      with_rest_flags(check_command()),
      history_command()};
  for (auto& command : ring_change_commands())
    commands.push_back(std::move(command));
  commands.push_back(watch_command());
  commands.push_back(wait_command());
  commands.push_back(repair_command());
  return commands;
}

}  // namespace wscluster::app
