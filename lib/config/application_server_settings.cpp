// SPDX-License-Identifier: MIT
#include "config/application_server_settings.hpp"

namespace wscluster::config {
namespace {

using enum Roles;
using enum Type;

using Table = std::vector<Setting>;

void add_eureka(Table& t) {
  t.push_back(bind(
      Setting{.key = "eureka.enabled",
              .type = boolean,
              .text = "Answer Eureka's clients at /eureka/ and /eureka/v2/: application servers register themselves",
              .roles = gateway},
      [](auto& c) -> auto& { return c.node.front.eureka.is_enabled; }));
  t.push_back(bind(
      Setting{.key = "eureka.password_file",
              .type = file,
              .text = "File with the password of Eureka's clients (Basic auth); without it only this host may call",
              .roles = gateway,
              .reloadable = true,
              .is_secret_file = true},
      [](auto& c) -> auto& { return c.node.front.eureka.password_file; }));
  t.push_back(bind(
      Setting{.key = "eureka.user",
              .type = text,
              .text = "Name that Eureka's clients must say beside the password",
              .roles = gateway,
              .default_note = "any",
              .reloadable = true},
      [](auto& c) -> auto& { return c.node.front.eureka.user; }));
}

void add_routing(Table& t) {
  const auto key = [&t](Setting setting, auto access) {
    setting.roles = gateway;
    t.push_back(bind(std::move(setting), access));
  };
  key(
      {.key = "locator.enabled",
       .type = boolean,
       .text = "/SERVICE/** is a route to every upstream service that is known"},
      [](auto& c) -> auto& { return c.node.front.locator.is_enabled; });
  key(
      {.key = "locator.user", .type = text, .text = "As the key user of a route"},
      [](auto& c) -> auto& { return c.node.front.locator.user; });
  key(
      {.key = "locator.user_for",
       .type = choice,
       .text = "As the key user_for of a route",
       .choices = {"websockets", "all"}},
      [](auto& c) -> auto& { return c.node.front.locator.user_for; });
  key(
      {.key = "locator.key_files",
       .type = files,
       .text = "As the key key_files of a route",
       .default_note = "none",
       .reloadable = true,
       .is_secret_file = true},
      [](auto& c) -> auto& { return c.node.front.locator.key_files; });
  key(
      {.key = "user_header",
       .type = text,
       .text = "Header that tells application servers whose a request is; clients cannot send it"},
      [](auto& c) -> auto& { return c.node.front.user_header; });
  t.push_back(bind(
      Setting{
          .key = "trusted_proxies",
          .type = list,
          .text =
              "Addresses and networks (10.0.0.0/8) of proxies in front, whose X-Forwarded-* and Forwarded are believed",
          .roles = servers,
          .default_note = "none"},
      [](auto& c) -> auto& { return c.node.front.trusted_proxies; }));
}

void add_http_session(Table& t) {
  const auto key = [&t](Setting setting, auto access) {
    setting.key = "http_session." + setting.key;
    setting.roles = servers;
    t.push_back(bind(std::move(setting), access));
  };
  key(
      {.key = "kind",
       .type = choice,
       .text = "Whose HTTP sessions tell who a client is: off; spring (Spring Session); generic (express-session, …)",
       .choices = {"off", "spring", "generic"}},
      [](auto& c) -> auto& { return c.node.front.http_session.kind; });
  key(
      {.key = "redis_url", .type = text, .text = "Redis that has the sessions", .default_note = "as redis.url"},
      [](auto& c) -> auto& { return c.node.front.http_session.redis_url; });
  key(
      {.key = "redis_username",
       .type = text,
       .text = "ACL user of that Redis; needs +@connection +hstrlen +hmget +getrange"},
      [](auto& c) -> auto& { return c.node.front.http_session.redis_username; });
  key(
      {.key = "redis_password_file",
       .type = file,
       .text = "File with the password for that Redis",
       .is_secret_file = true},
      [](auto& c) -> auto& { return c.http_session_password_file; });
  key(
      {.key = "namespace", .type = text, .text = "spring: spring.session.redis.namespace of the applications"},
      [](auto& c) -> auto& { return c.node.front.http_session.name_space; });
  key(
      {.key = "cookie",
       .type = text,
       .text = "Cookie with the session's id",
       .default_note = "SESSION; generic: connect.sid"},
      [](auto& c) -> auto& { return c.node.front.http_session.cookie; });
  key(
      {.key = "header",
       .type = text,
       .text = "Header with the session's id, looked at before cookies: X-Auth-Token",
       .default_note = "none"},
      [](auto& c) -> auto& { return c.node.front.http_session.header; });
  key(
      {.key = "attribute",
       .type = text,
       .text = "spring: attribute of the session that holds the user id",
       .default_note = "the principal of Spring Security"},
      [](auto& c) -> auto& { return c.node.front.http_session.attribute; });
  key(
      {.key = "key", .type = text, .text = "generic: key in Redis, with {id} for the session's id"},
      [](auto& c) -> auto& { return c.node.front.http_session.key; });
  key(
      {.key = "field",
       .type = text,
       .text = "generic: field of the hash under that key",
       .default_note = "none; the key holds a text"},
      [](auto& c) -> auto& { return c.node.front.http_session.field; });
  key(
      {.key = "json_path",
       .type = text,
       .text = "generic: where the JSON that is found there has the user id: passport.user",
       .default_note = "none; all of it is the user id"},
      [](auto& c) -> auto& { return c.node.front.http_session.json_path; });
  key(
      {.key = "secret_file",
       .type = file,
       .text = "generic: file with the secret of signed cookies (express-session's secret); others are not looked up",
       .default_note = "none; signatures are not checked",
       .is_secret_file = true},
      [](auto& c) -> auto& { return c.node.front.http_session.secret_file; });
  key(
      {.key = "timeout", .type = duration, .text = "Deadline of one look-up; then 503"},
      [](auto& c) -> auto& { return c.node.front.http_session.timeout; });
  key(
      {.key = "cache_time",
       .type = duration,
       .text = "A user who was found is not looked up again so long, nor is a logout noticed; nobody: at most 1s; 0: "
               "each time"},
      [](auto& c) -> auto& { return c.node.front.http_session.cache_time; });
  key(
      {.key = "cache_entries", .type = count, .text = "Sessions that the process remembers"},
      [](auto& c) -> auto& { return c.node.front.http_session.cache_entries; });
  key(
      {.key = "max_waiting", .type = count, .text = "Look-ups under way in the process; beyond it 503"},
      [](auto& c) -> auto& { return c.node.front.http_session.max_waiting; });
}

}  // namespace

void add_application_servers(std::vector<Setting>& table) {
  add_eureka(table);
  add_routing(table);
  add_http_session(table);
}

}  // namespace wscluster::config
