// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "service_key.hpp"

namespace wscluster::app {

using config::Type;

Command send_command() {
  Command command{
      .path = "send",
      .heading = "Operate",
      .summary = "Deliver a message to a user or a group",
      .description =
          "Calls the REST API of a gateway or node (client.url) and tells what is known: delivered means written to "
          "the "
          "user's sockets, queued means kept for the return, offline means nobody was there, unknown means that no "
          "answer came in time. What is sent to a group is queued when every node with members has it; --wait does not "
          "apply.\n\n"
          "Exit 0 when everything was delivered or queued (with --wait none: taken over), 67 offline, 75 expired or "
          "unknown, 1 when only some recipients got it.",
      .examples = {{"wscluster send --to alice --message hello", ""},
                   {"wscluster send --to alice --to bob --file picture.png --binary", ""},
                   {"tail -f log | wscluster send --to alice --lines", "Each line is a message."},
                   {"wscluster send --jsonl < messages.jsonl",
                    "Lines like {\"to\":\"alice\",\"message\":\"hi\"} or {\"group\":\"news\",\"message\":\"hi\"}."},
                   {"wscluster send --group news --message hello", ""}},
      .flags =
          {{.name = "to", .value = "UID", .text = "Recipient", .repeats = true},
           {.name = "group", .letter = 'g', .value = "GROUP", .text = "All members of this group", .repeats = true},
           {.name = "except",
            .value = "CONNECTION",
            .text = "With --group: not this connection, an id of 'session list -o wide'",
            .repeats = true},
           {.name = "message", .letter = 'm', .value = "TEXT", .text = "The message itself"},
           {.name = "file",
            .letter = 'f',
            .value = "FILE",
            .type = Type::file,
            .text = "The file's content is the message",
            .complete = Complete::files},
           {.name = "stdin", .text = "All of stdin is the message"},
           {.name = "lines", .letter = 'l', .text = "Each line of stdin is a message"},
           {.name = "jsonl", .text = "Each line of stdin names recipient or group, and message"},
           {.name = "binary", .text = "Arrives as a binary frame"},
           {.name = "wait",
            .value = "WHAT",
            .type = Type::choice,
            .choices = {"delivered", "queued", "none"},
            .default_text = "delivered",
            .text = "What to wait for"},
           {.name = "repeat", .value = "N", .type = Type::count, .default_text = "1", .text = "Send so many times"},
           {.name = "interval",
            .value = "DUR",
            .type = Type::duration,
            .default_text = "1s",
            .text = "Between two repeats"},
           {.name = "dry-run", .letter = 'n', .text = "Say what would be sent, send nothing"}},
      .run = run_send};
  for (auto& flag : service_flags())
    command.flags.push_back(std::move(flag));
  for (auto& flag : flags_of_roles(config::Roles::client))
    command.flags.push_back(std::move(flag));
  return command;
}

}  // namespace wscluster::app
