// SPDX-License-Identifier: MIT
#include "uid_arguments.hpp"

#include <iostream>

#include "base/names.hpp"
#include "protocol/names.hpp"

namespace wscluster::app {

std::vector<std::string> uids_of(const Invocation& invocation) {
  std::vector<std::string> uids;
  for (const auto& word : invocation.arguments()) {
    if (word != "-") {
      uids.push_back(word);
      continue;
    }
    for (std::string line; std::getline(std::cin, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty()) uids.push_back(line);
    }
  }
  for (const auto& uid : uids) {
    if (const auto good = check_uid(uid); !good) {
      throw Failure(ExitCode::data, (uid.empty() ? "" : "'" + uid + "': ") + good.error().message);
    }
  }
  return uids;
}

std::string group_named(const Invocation& invocation) {
  std::string group = invocation.text("group");
  if (!invocation.has("group")) return group;
  if (const auto good = protocol::check_group_name(group); !good)
    throw Failure(ExitCode::data, "--group: " + good.error().message);
  return group;
}

}  // namespace wscluster::app
