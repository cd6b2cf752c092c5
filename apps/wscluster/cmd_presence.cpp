// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "service_key.hpp"

namespace wscluster::app {

using config::Type;

Command presence_command() {
  Command command{
      .path = "presence",
      .heading = "Operate",
      .summary = "Tell whether users are connected, and who is in a group",
      .description =
          "A user is present who has a session: connected, or away for a moment and expected back by the protocol "
          "(AWAY). SINCE is the beginning of the oldest one.\n\n"
          "Exit 0 when all of them are present, or somebody is in the group; 67 when nobody is, 1 when only some are. "
          "Exit 69 when a node did not answer.",
      .examples = {{"wscluster presence alice && echo alice is there", ""},
                   {"wscluster presence --group news", ""},
                   {"wscluster presence - -o jsonl < uids | jq -r 'select(.present).uid'", ""}},
      .flags = {{.name = "group", .letter = 'g', .value = "GROUP", .text = "Instead of UID: the members of this group"},
                {.name = "limit",
                 .letter = 'n',
                 .value = "N",
                 .type = Type::count,
                 .default_text = "10k",
                 .text = "With --group: about so many sessions; the last user comes whole"}},
      .arguments = {{.name = "UID", .text = "Users; - reads them from stdin, one a line", .least = 0, .most = 0}},
      .run = run_presence};
  for (auto& flag : service_flags())
    command.flags.push_back(std::move(flag));
  for (auto& flag : flags_of_roles(config::Roles::client))
    command.flags.push_back(std::move(flag));
  return command;
}

}  // namespace wscluster::app
