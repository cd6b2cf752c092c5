// SPDX-License-Identifier: MIT
#include "base/names.hpp"
#include "config/config.hpp"

namespace wscluster::config {
namespace {

using enum Type;

std::vector<RouteSetting> make_route_table() {
  std::vector<RouteSetting> t;
  const auto add = [&t](RouteSetting setting, auto access) {
    setting.roles = Roles::gateway;
    t.push_back(bind(std::move(setting), access));
  };
  add(
      {.key = "host",
       .type = text,
       .text = "Host that the client asks for: app.example.org, *.example.org",
       .default_note = "any"},
      [](auto& r) -> auto& { return r.host; });
  add(
      {.key = "path",
       .type = text,
       .text = "Path, exact or with /** at its end for all below; the longest one that matches is taken"},
      [](auto& r) -> auto& { return r.path; });
  add(
      {.key = "strip_prefix", .type = count, .text = "So many path segments are taken off before the server sees it"},
      [](auto& r) -> auto& { return r.strip_prefix; });
  add(
      {.key = "to",
       .type = list,
       .text = "lb://SERVICE, an upstream service or one of the nodes; or http://HOST:PORT of each server"},
      [](auto& r) -> auto& { return r.to; });
  add(
      {.key = "user",
       .type = text,
       .text =
           "Where a request says whose it is, so that the owner on the ring gets it: none, jwt, jwt:CLAIM, query:NAME, "
           "header:NAME, cookie:NAME, session"},
      [](auto& r) -> auto& { return r.user; });
  add(
      {.key = "user_for",
       .type = choice,
       .text = "What is refused with 401 when it says no user; other requests go to any server then",
       .choices = {"websockets", "all"}},
      [](auto& r) -> auto& { return r.user_for; });
  add(
      {.key = "key_files",
       .type = files,
       .text = "With user jwt: files with the keys of the tokens, newest first",
       .default_note = "none",
       .reloadable = true,
       .is_secret_file = true},
      [](auto& r) -> auto& { return r.key_files; });
  add(
      {.key = "origins",
       .type = list,
       .text = "Web pages that may open WebSockets; others get 403",
       .default_note = "all"},
      [](auto& r) -> auto& { return r.origins; });
  add(
      {.key = "missing_origin",
       .type = choice,
       .text = "With origins: a client that names no Origin, which browsers always do",
       .choices = {"allow", "refuse"}},
      [](auto& r) -> auto& { return r.missing_origin; });
  return t;
}

}  // namespace

const NamedSection<front::RouteOptions>& routes_section() {
  static const NamedSection<front::RouteOptions> section{
      .key = "routes",
      .of_each = "route",
      .comment = "Which requests a gateway passes on, and to whom. What no route takes is for wscluster itself.",
      .example = "shop",
      .roles = Roles::gateway,
      .settings = make_route_table(),
      .check_name = check_service_name,
      .records = &front::Options::routes,
      .make =
          [](const std::string& name) {
            front::RouteOptions route;
            route.name = name;
            return route;
          },
      .name_of = [](const front::RouteOptions& route) -> const std::string& { return route.name; }};
  return section;
}

}  // namespace wscluster::config
