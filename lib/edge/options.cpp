// SPDX-License-Identifier: MIT
#include "edge/options.hpp"

#include "base/units.hpp"

namespace wscluster::edge {

std::vector<std::string> problems(const Options& options) {
  std::vector<std::string> found;
  const auto positive = [&](const char* name, Duration value) {
    if (value <= Duration::zero())
      found.push_back(std::string(name) + " must be more than 0: without it a silent client stays for ever");
  };
  positive("handshake_timeout", options.handshake_timeout);
  positive("head_timeout", options.head_timeout);
  positive("body_timeout", options.body_timeout);
  positive("keep_alive_timeout", options.keep_alive_timeout);
  positive("close_timeout", options.close_timeout);
  positive("close_notify_flush_timeout", options.close_notify_flush_timeout);
  positive("close_notify_read_timeout", options.close_notify_read_timeout);
  positive("write_timeout", options.write_timeout);
  if (options.max_connections == 0) found.emplace_back("max_connections must be at least 1");
  if (options.max_handshakes == 0) found.emplace_back("max_handshakes must be at least 1");
  if (options.max_open_handshakes < options.max_handshakes)
    found.emplace_back("max_open_handshakes must be at least max_handshakes");
  if (options.max_head_bytes < 1024 || options.max_head_bytes > (1U << 20U)) {
    found.emplace_back("max_head_bytes must be between 1KiB and 1MiB: browsers send up to 8KiB of cookies");
  }
  if (options.max_message_bytes == 0) found.emplace_back("max_message_bytes must be at least 1B");
  if (options.idle_timeout < Duration::zero() || options.ping_interval < Duration::zero() ||
      options.user_timeout < Duration::zero()) {
    found.emplace_back("ping_interval, idle_timeout and user_timeout must not be negative (0 switches off)");
  }
  if (options.idle_timeout > Duration::zero() && options.idle_timeout <= options.ping_interval) {
    found.push_back("idle_timeout (" + format_duration(options.idle_timeout) + ") must be longer than ping_interval (" +
                    format_duration(options.ping_interval) +
                    "): otherwise quiet clients are cut off before they are asked");
  }
  if (options.idle_timeout > Duration::zero() && options.ping_interval == Duration::zero()) {
    found.emplace_back(
        "idle_timeout without ping_interval cuts off clients that have nothing to say: set ping_interval, or "
        "idle_timeout to 0");
  }
  return found;
}

}  // namespace wscluster::edge
