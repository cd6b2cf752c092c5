// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "ring_state.hpp"

namespace wscluster::app {

using config::Type;

namespace {

std::vector<Flag> change_flags() {
  return {{.name = "dry-run", .letter = 'n', .text = "Show the plan, change nothing"},
          {.name = "yes", .letter = 'y', .text = "Do not ask"},
          {.name = "if-epoch",
           .value = "N",
           .type = Type::count,
           .text = "Only if the ring is at this epoch; else exit 75"},
          {.name = "rate",
           .value = "RATE",
           .type = Type::rate,
           .default_text = "500/s",
           .text = "Closes per second, over all donors together"},
          {.name = "spread", .value = "DUR", .type = Type::duration, .text = "Instead of --rate: take about so long"},
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

Argument node_argument(const char* text) {
  return {.name = "NODE", .text = text, .complete = Complete::nodes};
}

Command show_command() {
  return {.path = "ring show",
          .summary = "Show nodes, their share of the ring, sessions and states",
          .examples = {{"wscluster ring show", ""},
                       {"wscluster ring show -o json | jq .sessions", ""},
                       {"wscluster ring show --ranges -o csv", "Every key range with its owner."}},
          .flags = {{.name = "ranges", .text = "Key ranges with their owners"}, ring_service_flag()},
          .run = run_ring_show};
}

Command owner_command() {
  return {.path = "ring owner",
          .summary = "Show which node owns users",
          .description = "While a change is running, EARLIER names nodes that may still hold the user.",
          .examples = {{"wscluster ring owner alice bob", ""},
                       {"cut -d, -f1 users.csv | wscluster ring owner - -o csv", "One uid a line."},
                       {"wscluster ring owner alice --with node-4", "And after a planned change."}},
          .flags = {{.name = "with",
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

Command add_command() {
  Command command{
      .path = "ring add",
      .summary = "Add a node and evict the sessions that now belong to it",
      .description =
          "Writes one new epoch with its policy; the nodes carry it out and this command only watches, so that ending "
          "it "
          "changes nothing. The same command again goes on watching; when all is done it has nothing to do.",
      .examples = {{"wscluster ring add node-4 --dry-run", "Which ranges and how many sessions would move."},
                   {"wscluster ring add node-4 --rate 200/s --yes", ""},
                   {"wscluster ring add node-4 --if-epoch 42 --yes -o json",
                    "Exactly the plan of epoch 42, for scripts."}},
      .flags = change_flags(),
      .arguments = {node_argument("A registered node ('serve-node --standby' waits for this)")},
      .run = run_ring_add};
  command.flags.insert(command.flags.begin(), {.name = "weight",
                                               .value = "X",
                                               .type = Type::number,
                                               .default_text = "1",
                                               .text = "Share of the ring relative to the others"});
  return command;
}

Command remove_command() {
  Command command{
      .path = "ring remove",
      .summary = "Take a node out and evict its sessions",
      .description =
          "The node stays in the ring document with weight 0 until it is empty and then leaves it by itself. For a "
          "dead "
          "node add --force: nobody waits for it.",
      .examples = {{"wscluster ring remove node-1 --dry-run", ""},
                   {"wscluster ring remove node-1 --spread 2m --yes", "Evict its sessions over two minutes."},
                   {"wscluster ring remove node-4 --force --yes", "It is dead."}},
      .flags = change_flags(),
      .arguments = {node_argument("A member of the ring")},
      .run = run_ring_remove};
  command.flags.insert(command.flags.begin(),
                       {{.name = "force", .text = "The node is dead: do not wait for it"},
                        {.name = "confirm",
                         .value = "NODE",
                         .text = "The name again: needed for the last node or more than half of the sessions",
                         .complete = Complete::nodes}});
  return command;
}

}  // namespace

std::vector<Command> ring_commands() {
  return {{.path = "ring",
           .heading = "Operate",
           .summary = "Show and change the ring",
           .examples = {{"wscluster ring show", ""}, {"wscluster ring add node-4 --dry-run", ""}}},
          show_command(),
          owner_command(),
          add_command(),
          remove_command()};
}

}  // namespace wscluster::app
