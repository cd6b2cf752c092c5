// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace wscluster::registry {

/// A Lua program that Redis runs as one step. Embedded from scripts/*.lua when the build is configured.
struct Script {
  std::string_view name;
  std::string_view sha1;  ///< of the text, as EVALSHA wants it
  const char* text;
};

/// All take one key, the prefix of all our names (Redis Cluster finds the slot by it), and answer a list whose first
/// element is "ok" or the word that says why not. The head of each .lua file lists arguments and answers.
extern const Script heartbeat_script;
extern const Script commit_script;
extern const Script remove_dead_script;
extern const Script progress_script;
extern const Script leave_script;
extern const Script put_back_script;
extern const Script repair_script;
extern const Script instance_renew_script;
extern const Script instance_write_script;

}  // namespace wscluster::registry
