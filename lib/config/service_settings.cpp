// SPDX-License-Identifier: MIT
#include "config/config.hpp"

namespace wscluster::config {
namespace {

using enum Type;

std::vector<ServiceSetting> make_table() {
  std::vector<ServiceSetting> t;
  const auto add = [&t](ServiceSetting setting, auto access) {
    setting.roles = Roles::servers;
    t.push_back(bind(std::move(setting), access));
  };
  add(
      {.key = "paths", .type = list, .text = "WebSocket paths, exact", .default_note = "/NAME"},
      [](auto& d) -> auto& { return d.paths; });
  add(
      {.key = "auth",
       .type = choice,
       .text = "jwt: a token signed with an access key, its sub is the uid; insecure: ?uid= without proof, only on "
               "loopback",
       .choices = {"jwt", "insecure"}},
      [](auto& d) -> auto& { return d.auth; });
  add(
      {.key = "key_files",
       .type = files,
       .text = "Files with the access keys, newest first; each accepts clients' and applications' tokens",
       .reloadable = true,
       .is_secret_file = true},
      [](auto& d) -> auto& { return d.key_files; });
  add(
      {.key = "raw",
       .type = choice,
       .text = "A message of a client without a subprotocol: echo returns it; relay sends {\"to\":\"uid\",\"data\":…} "
               "to that user",
       .choices = {"echo", "relay"}},
      [](auto& d) -> auto& { return d.service.raw; });
  add(
      {.key = "slow_consumer",
       .type = choice,
       .text = "What happens when a client does not read and its outbox is full",
       .choices = {"close", "drop_oldest", "drop_newest"}},
      [](auto& d) -> auto& { return d.service.slow_consumer; });
  add(
      {.key = "outbox_messages", .type = count, .text = "Waiting for one session, beyond the window in flight"},
      [](auto& d) -> auto& { return d.service.outbox_messages; });
  add(
      {.key = "outbox_bytes", .type = size, .text = "The same in bytes"},
      [](auto& d) -> auto& { return d.service.outbox_bytes; });
  add(
      {.key = "window_messages", .type = count, .text = "Sent to the edge and not yet written to the client's socket"},
      [](auto& d) -> auto& { return d.service.window_messages; });
  add(
      {.key = "window_bytes", .type = size, .text = "The same in bytes; also of a client's unanswered messages"},
      [](auto& d) -> auto& { return d.service.window_bytes; });
  add(
      {.key = "max_open_sends", .type = count, .text = "Messages of one client without an answer; then it is not read"},
      [](auto& d) -> auto& { return d.service.max_open_sends; });
  add(
      {.key = "max_sessions_per_user", .type = count, .text = "Devices of one user; beyond it new ones are refused"},
      [](auto& d) -> auto& { return d.service.max_sessions_per_user; });
  add(
      {.key = "hold", .type = duration, .text = "Messages for an evicted user wait so long for the return"},
      [](auto& d) -> auto& { return d.service.hold; });
  add(
      {.key = "inbox",
       .type = choice,
       .text =
           "A message to a user without a session: off answers offline; memory keeps it, and it moves with the user",
       .choices = {"off", "memory"}},
      [](auto& d) -> auto& { return d.service.inbox; });
  add(
      {.key = "inbox_time", .type = duration, .text = "A message waits so long in the inbox"},
      [](auto& d) -> auto& { return d.service.inbox_time; });
  add(
      {.key = "inbox_messages", .type = count, .text = "Kept for one user at most, in the inbox or for a return"},
      [](auto& d) -> auto& { return d.service.inbox_messages; });
  add(
      {.key = "inbox_bytes", .type = size, .text = "The same in bytes"},
      [](auto& d) -> auto& { return d.service.inbox_bytes; });
  add(
      {.key = "send_timeout", .type = duration, .text = "Deadline of a send that names none"},
      [](auto& d) -> auto& { return d.service.send_timeout; });
  add(
      {.key = "retention", .type = duration, .text = "A reliable session waits so long for its client to come back"},
      [](auto& d) -> auto& { return d.service.retention; });
  add(
      {.key = "unacknowledged_messages",
       .type = count,
       .text = "Of a reliable session, which ends when its client leaves more unacknowledged"},
      [](auto& d) -> auto& { return d.service.unacknowledged_messages; });
  add(
      {.key = "unacknowledged_bytes", .type = size, .text = "The same in bytes"},
      [](auto& d) -> auto& { return d.service.unacknowledged_bytes; });
  add(
      {.key = "max_groups_per_session", .type = count, .text = "Groups that one connection may be in"},
      [](auto& d) -> auto& { return d.service.max_groups_per_session; });
  return t;
}

}  // namespace

const std::vector<ServiceSetting>& service_settings() {
  static const std::vector<ServiceSetting> table = make_table();
  return table;
}

}  // namespace wscluster::config
