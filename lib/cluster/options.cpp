// SPDX-License-Identifier: MIT
#include "cluster/options.hpp"

#include "base/names.hpp"
#include "base/units.hpp"

namespace wscluster::cluster {

std::vector<std::string> problems(const ServiceOptions& options) {
  std::vector<std::string> found;
  if (const auto good = check_service_name(options.name); !good) found.push_back(good.error().message);
  const auto key = [&](const char* name) { return "services." + options.name + "." + name; };
  const auto at_least_one = [&](const char* name, std::uint64_t value) {
    if (value == 0) found.push_back(key(name) + " must be at least 1");
  };
  at_least_one("outbox_messages", options.outbox_messages);
  at_least_one("outbox_bytes", options.outbox_bytes);
  at_least_one("window_messages", options.window_messages);
  at_least_one("window_bytes", options.window_bytes);
  at_least_one("max_open_sends", options.max_open_sends);
  at_least_one("max_sessions_per_user", options.max_sessions_per_user);
  at_least_one("unacknowledged_messages", options.unacknowledged_messages);
  at_least_one("unacknowledged_bytes", options.unacknowledged_bytes);
  if (options.retention.count() < 0 || options.retention > std::chrono::minutes(10)) {
    found.push_back(key("retention") + " is " + format_duration(options.retention) + "; it must be between 0 and 10m");
  }
  if (options.hold.count() < 0 || options.hold > std::chrono::minutes(10)) {
    found.push_back(key("hold") + " is " + format_duration(options.hold) + "; it must be between 0 and 10m");
  }
  const bool keeps = options.hold.count() > 0 || options.inbox != Inbox::off;
  if (keeps && (options.inbox_messages == 0 || options.inbox_bytes == 0)) {
    found.push_back(key("inbox") +
                    " and hold keep nothing while inbox_messages or inbox_bytes is 0; write hold: 0s and inbox: off");
  }
  if (options.delivery == Delivery::broadcast && options.inbox != Inbox::off) {
    found.push_back(key("inbox") + " must be off where delivery is broadcast: every node would keep the message");
  }
  if (options.inbox_time < std::chrono::seconds(1) || options.inbox_time > std::chrono::hours(24 * 7)) {
    found.push_back(key("inbox_time") + " is " + format_duration(options.inbox_time) +
                    "; it must be between 1s and 168h");
  }
  if (options.send_timeout < std::chrono::milliseconds(10) || options.send_timeout > std::chrono::minutes(5)) {
    found.push_back(key("send_timeout") + " is " + format_duration(options.send_timeout) +
                    "; it must be between 10ms and 5m");
  }
  return found;
}

}  // namespace wscluster::cluster
