// SPDX-License-Identifier: MIT
// The commands of `ring` that write an epoch. All take the same policy.
#include "commands.hpp"
#include "ring_state.hpp"

namespace wscluster::app {

using config::Type;

namespace {

std::vector<Flag> consent_flags() {
  return {
      {.name = "dry-run", .letter = 'n', .text = "Show the plan, change nothing"},
      {.name = "yes", .letter = 'y', .text = "Do not ask"},
      {.name = "confirm",
       .value = "NODE",
       .text =
           "The node's name again: needed where nobody would own anything or more than half of the sessions feel it",
       .complete = Complete::nodes},
      {.name = "if-epoch",
       .value = "N",
       .type = Type::count,
       .text = "Only if the ring is at this epoch; else exit 75"}};
}

std::vector<Flag> policy_flags() {
  return {{.name = "evict",
           .value = "WHOM",
           .type = Type::choice,
           .choices = {"moved", "all", "none"},
           .default_text = "moved",
           .text = "Close direct clients whose state moved, all clients of nodes that lose keys, or nobody"},
          {.name = "rate",
           .value = "RATE",
           .type = Type::rate,
           .default_text = "500/s",
           .text = "Closes per second, over all donors together"},
          {.name = "spread", .value = "DUR", .type = Type::duration, .text = "Instead of --rate: take about so long"},
          {.name = "lb-wait",
           .value = "DUR",
           .type = Type::duration,
           .default_note = "2s where a node leaves, else 0s",
           .text = "Closes begin only then, so that load balancers know before"},
          {.name = "deadline",
           .value = "DUR",
           .type = Type::duration,
           .default_note = "none",
           .text = "After it the rest is closed at once and counted as forced"},
          {.name = "settle",
           .value = "DUR",
           .type = Type::duration,
           .default_text = "30s",
           .text = "How long closed clients may take to come back before the change is done"},
          {.name = "close-code",
           .value = "N",
           .type = Type::count,
           .default_text = "1012",
           .text = "WebSocket close code: 1012, 1001 or 3000 to 4999"},
          {.name = "close-reason", .value = "TEXT", .text = "Words in front of the epoch in the close reason"},
          {.name = "detach", .text = "Return when the epoch is written; the nodes carry it out"},
          {.name = "timeout",
           .value = "DUR",
           .type = Type::duration,
           .default_text = "10m",
           .text = "Watch for so long, then exit 75; the change keeps running"},
          {.name = "ranges", .text = "The moved key ranges, too"},
          ring_service_flag()};
}

/// `own` first, then what all of them have.
Command with_change_flags(Command command, std::vector<Flag> own = {}) {
  command.flags = std::move(own);
  for (auto flags : {consent_flags(), policy_flags()})
    command.flags.insert(command.flags.end(), flags.begin(), flags.end());
  return command;
}

Argument node_argument(const char* text) {
  return {.name = "NODE", .text = text, .complete = Complete::nodes};
}

Flag weight_flag() {
  return {.name = "weight",
          .value = "X",
          .type = Type::number,
          .default_text = "1",
          .default_note = "what the node asks for",
          .text = "Share of the ring relative to the others"};
}

Command add_command() {
  return with_change_flags(
      {.path = "ring add",
       .summary = "Add a node and move the sessions to it that it now owns",
       .description =
           "Writes one new epoch with its policy; the nodes carry it out and this command only watches, so that ending "
           "it changes nothing. The same command again goes on watching; when all is done it has nothing to do. Behind "
           "a gateway sessions are moved with open sockets; direct clients are closed and come back.",
       .examples = {{"wscluster ring add node-4 --dry-run", "Which ranges and how many sessions would move."},
                    {"wscluster ring add node-4 --rate 200/s --yes", ""},
                    {"wscluster ring add node-4 --if-epoch 42 --yes -o json",
                     "Exactly the plan of epoch 42, for scripts."}},
       .arguments = {node_argument("A registered node ('serve-node --standby' waits for this)")},
       .run = run_ring_add},
      {weight_flag()});
}

Command remove_command() {
  return with_change_flags(
      {.path = "ring remove",
       .summary = "Take a node out and move its sessions to the others",
       .description =
           "The node stays in the ring document with weight 0 until it is empty and then leaves it by itself. "
           "For a dead node add --force: nobody waits for it.",
       .examples = {{"wscluster ring remove node-1 --dry-run", ""},
                    {"wscluster ring remove node-1 --spread 2m --yes", "Close its direct clients over two minutes."},
                    {"wscluster ring remove node-4 --force --yes", "It is dead."}},
       .arguments = {node_argument("A member of the ring")},
       .run = run_ring_remove},
      {{.name = "force", .text = "The node is dead: do not wait for it"}});
}

Command drain_command() {
  return with_change_flags(
      {.path = "ring drain",
       .summary = "Empty a node, but keep it in the ring",
       .description = "Its weight becomes 0 and its sessions move to the others, as with 'ring remove'; but it stays a "
                      "member, and 'ring undrain' gives its weight back. When it is stopped it leaves the ring; "
                      "started again it enters with the weight it asks for.",
       .examples = {{"wscluster ring drain node-2 --yes", "Nobody is on it while you look at it."},
                    {"wscluster ring drain node-2 --spread 5m --yes", "Close its direct clients over five minutes."}},
       .arguments = {node_argument("A member of the ring")},
       .run = run_ring_drain});
}

Command undrain_command() {
  return with_change_flags({.path = "ring undrain",
                            .summary = "Give a drained node the weight back that it had",
                            .examples = {{"wscluster ring undrain node-2 --yes", ""}},
                            .arguments = {node_argument("A drained member of the ring")},
                            .run = run_ring_undrain});
}

Command weight_command() {
  return with_change_flags(
      {.path = "ring weight",
       .summary = "Change a node's share of the ring",
       .examples = {{"wscluster ring weight node-2 1.5 --dry-run", ""},
                    {"wscluster ring weight node-2 0.5 --yes", "Half of what the others have."}},
       .arguments = {node_argument("A member of the ring"),
                     {.name = "W", .text = "Its weight, above 0 and at most 1000; the others have mostly 1"}},
       .run = run_ring_weight});
}

Command abort_command() {
  return with_change_flags(
      {.path = "ring abort",
       .summary = "Take a running change back",
       .description =
           "Writes a new epoch with the members as they were before the change; what has moved moves back, what "
           "has not stays. Without EPOCH the newest running change is meant. The same command again goes on "
           "watching. With --confirm give the node that the change was about.",
       .examples = {{"wscluster ring abort --yes", ""}, {"wscluster ring abort 43 --dry-run", "What would move back."}},
       .arguments = {{.name = "EPOCH", .text = "The epoch that the change has made", .least = 0}},
       .run = run_ring_abort});
}

}  // namespace

std::vector<Command> ring_change_commands() {
  return {add_command(), remove_command(), drain_command(), undrain_command(), weight_command(), abort_command()};
}

}  // namespace wscluster::app
