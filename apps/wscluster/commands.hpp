// SPDX-License-Identifier: MIT
#pragma once

#include "invocation.hpp"

/// Every command of the program: its declaration and the function behind it. The declaration is in cmd_NAME.cpp.
namespace wscluster::app {

[[nodiscard]] Command serve_gateway_command();
[[nodiscard]] Command serve_node_command();
[[nodiscard]] Command demo_command();
[[nodiscard]] std::vector<Command> ring_commands();
/// The part of them that writes epochs.
[[nodiscard]] std::vector<Command> ring_change_commands();
[[nodiscard]] std::vector<Command> session_commands();
[[nodiscard]] Command presence_command();
[[nodiscard]] Command send_command();
[[nodiscard]] Command token_command();
[[nodiscard]] Command load_test_command();
[[nodiscard]] std::vector<Command> config_commands();
[[nodiscard]] Command completion_command();
[[nodiscard]] Command version_command();
[[nodiscard]] Command help_command();
[[nodiscard]] Command complete_command();
[[nodiscard]] Command generate_command();

/// Servers: the configuration is loaded and good, `--check` has been dealt with. They return the exit code.
[[nodiscard]] int serve_gateway(const Invocation& invocation, const config::Config& config);
[[nodiscard]] int serve_node(const Invocation& invocation, const config::Config& config);

[[nodiscard]] int run_demo(const Invocation& invocation);
[[nodiscard]] int run_load_test(const Invocation& invocation);
[[nodiscard]] int run_session_list(const Invocation& invocation);
[[nodiscard]] int run_session_show(const Invocation& invocation);
[[nodiscard]] int run_session_evict(const Invocation& invocation);
[[nodiscard]] int run_presence(const Invocation& invocation);
[[nodiscard]] int run_send(const Invocation& invocation);
[[nodiscard]] int run_ring_show(const Invocation& invocation);
[[nodiscard]] int run_ring_owner(const Invocation& invocation);
[[nodiscard]] int run_ring_add(const Invocation& invocation);
[[nodiscard]] int run_ring_remove(const Invocation& invocation);
[[nodiscard]] int run_ring_drain(const Invocation& invocation);
[[nodiscard]] int run_ring_undrain(const Invocation& invocation);
[[nodiscard]] int run_ring_weight(const Invocation& invocation);
[[nodiscard]] int run_ring_abort(const Invocation& invocation);
[[nodiscard]] int run_ring_watch(const Invocation& invocation);
[[nodiscard]] int run_ring_wait(const Invocation& invocation);
[[nodiscard]] int run_ring_history(const Invocation& invocation);
[[nodiscard]] int run_ring_explain(const Invocation& invocation);
[[nodiscard]] int run_ring_repair(const Invocation& invocation);
[[nodiscard]] int run_ring_check(const Invocation& invocation);

/// "0.1.0"
[[nodiscard]] std::string version();

}  // namespace wscluster::app
