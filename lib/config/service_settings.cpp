// SPDX-License-Identifier: MIT
#include "base/names.hpp"
#include "config/config.hpp"

namespace wscluster::config {
namespace {

using enum Type;

std::vector<ServiceSetting> make_service_table() {
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
               "loopback; session: who has logged in over HTTP, see http_session",
       .choices = {"jwt", "insecure", "session"}},
      [](auto& d) -> auto& { return d.auth; });
  add(
      {.key = "key_files",
       .type = files,
       .text = "Files with the access keys, newest first; each accepts clients' and applications' tokens",
       .reloadable = true,
       .is_secret_file = true},
      [](auto& d) -> auto& { return d.key_files; });
  add(
      {.key = "delivery",
       .type = choice,
       .text = "ring: the node of a user is computed; broadcast: a session lives where it connected, and a send asks "
               "every node",
       .choices = {"ring", "broadcast"}},
      [](auto& d) -> auto& { return d.service.delivery; });
  add(
      {.key = "origins",
       .type = list,
       .text = "Web pages that may connect: https://app.example.org, https://*.example.org; others get 403",
       .default_note = "all",
       .reloadable = true},
      [](auto& d) -> auto& { return d.origins; });
  add(
      {.key = "missing_origin",
       .type = choice,
       .text = "With origins: a client that names no Origin, which browsers always do",
       .choices = {"allow", "refuse"},
       .reloadable = true},
      [](auto& d) -> auto& { return d.missing_origin; });
  add(
      {.key = "raw",
       .type = choice,
       .text = "A message of a client without a subprotocol: echo returns it; relay sends {\"to\":\"uid\",\"data\":…} "
               "to that user; event is an event 'message' for the application",
       .choices = {"echo", "relay", "event"}},
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
  add(
      {.key = "webhook_url",
       .type = text,
       .text = "Where the application of the service is told and asked about its clients (CloudEvents); {hub} and "
               "{event} stand for the names",
       .default_note = "none"},
      [](auto& d) -> auto& { return d.webhook.url; });
  add(
      {.key = "webhook_system_events",
       .type = list,
       .text = "Which of connect (asked before a client may come in), connected and disconnected are sent"},
      [](auto& d) -> auto& { return d.webhook.system_events; });
  add(
      {.key = "webhook_user_events",
       .type = list,
       .text = "Events of clients that are sent; 'name*' is all that begin so"},
      [](auto& d) -> auto& { return d.webhook.user_events; });
  add(
      {.key = "webhook_timeout", .type = duration, .text = "Deadline of one call; at most send_timeout"},
      [](auto& d) -> auto& { return d.webhook.timeout; });
  add(
      {.key = "webhook_concurrency", .type = count, .text = "Calls under way on each core; others wait"},
      [](auto& d) -> auto& { return d.webhook.concurrency; });
  add(
      {.key = "webhook_origin",
       .type = text,
       .text = "Our name in WebHook-Request-Origin, which the application must allow"},
      [](auto& d) -> auto& { return d.webhook.origin; });
  add(
      {.key = "webhook_ca_file",
       .type = file,
       .text = "Certificate authorities (PEM) for the application's TLS",
       .default_note = "the system's"},
      [](auto& d) -> auto& { return d.webhook.ca_file; });
  return t;
}

}  // namespace

const NamedSection<front::ServiceDoor>& services_section() {
  static const NamedSection<front::ServiceDoor> section{
      .key = "services",
      .of_each = "service",
      .comment = "Each service has its own ring, users and keys. The same on every process of the cluster.",
      .example = "chat",
      .roles = Roles::servers,
      .settings = make_service_table(),
      .check_name = check_service_name,
      .records = &front::Options::services,
      .make =
          [](const std::string& name) {
            front::ServiceDoor door;
            door.service.name = name;
            return door;
          },
      .name_of = [](const front::ServiceDoor& door) -> const std::string& { return door.service.name; }};
  return section;
}

}  // namespace wscluster::config
