// SPDX-License-Identifier: MIT
#include "commands.hpp"

#include <iterator>

namespace wscluster::app {

const std::vector<Command>& commands() {
  static const std::vector<Command> table = [] {
    std::vector<Command> all;
    const auto add_group = [&all](std::vector<Command> group) {
      all.insert(all.end(), std::make_move_iterator(group.begin()), std::make_move_iterator(group.end()));
    };
    all.push_back(serve_gateway_command());
    all.push_back(serve_node_command());
    all.push_back(demo_command());
    add_group(ring_commands());
    add_group(session_commands());
    all.push_back(presence_command());
    all.push_back(send_command());
    all.push_back(token_command());
    all.push_back(load_test_command());
    add_group(config_commands());
    all.push_back(completion_command());
    all.push_back(version_command());
    all.push_back(help_command());
    all.push_back(complete_command());
    all.push_back(generate_command());
    return all;
  }();
  return table;
}

}  // namespace wscluster::app
