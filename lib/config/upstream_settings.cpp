// SPDX-License-Identifier: MIT
#include "base/names.hpp"
#include "config/config.hpp"

namespace wscluster::config {
namespace {

using enum Type;

std::vector<UpstreamSetting> make_upstream_table() {
  std::vector<UpstreamSetting> t;
  const auto add = [&t](UpstreamSetting setting, auto access) {
    setting.roles = Roles::gateway;
    t.push_back(bind(std::move(setting), access));
  };
  add(
      {.key = "instances",
       .type = list,
       .text = "Its application servers, as [NAME=]http://HOST:PORT[*WEIGHT]; others may register over REST or Eureka",
       .default_note = "none"},
      [](auto& s) -> auto& { return s.instances; });
  add(
      {.key = "key_files",
       .type = files,
       .text = "Files with access keys: who has a token of one may register instances over REST; operators may always",
       .default_note = "none",
       .reloadable = true,
       .is_secret_file = true},
      [](auto& s) -> auto& { return s.key_files; });
  add(
      {.key = "balance",
       .type = choice,
       .text = "Which server gets a request that says no user",
       .choices = {"round_robin", "least_connections"}},
      [](auto& s) -> auto& { return s.proxy.balance; });
  add(
      {.key = "unreachable",
       .type = choice,
       .text =
           "A user whose server cannot be reached: fail is 503; next takes the next one on the ring, until it is back",
       .choices = {"fail", "next"}},
      [](auto& s) -> auto& { return s.proxy.unreachable; });
  add(
      {.key = "connect_timeout", .type = duration, .text = "For connecting to a server"},
      [](auto& s) -> auto& { return s.proxy.connect_timeout; });
  add(
      {.key = "response_timeout", .type = duration, .text = "From the end of a request to the beginning of its answer"},
      [](auto& s) -> auto& { return s.proxy.response_timeout; });
  add(
      {.key = "idle_timeout",
       .type = duration,
       .text =
           "Between two pieces of an answer; a WebSocket's server that is silent so long, and to a ping, is given up"},
      [](auto& s) -> auto& { return s.proxy.idle_timeout; });
  add(
      {.key = "keep_alive", .type = duration, .text = "A connection to a server is kept so long without a request"},
      [](auto& s) -> auto& { return s.proxy.keep_alive; });
  add(
      {.key = "max_idle", .type = count, .text = "Kept connections, per server and core"},
      [](auto& s) -> auto& { return s.proxy.max_idle; });
  add(
      {.key = "max_connections",
       .type = count,
       .text = "Requests and WebSockets under way, per server and core; then 503"},
      [](auto& s) -> auto& { return s.proxy.max_connections; });
  add(
      {.key = "retries", .type = count, .text = "Other attempts for what was certainly not executed"},
      [](auto& s) -> auto& { return s.proxy.retries; });
  add(
      {.key = "eject_after", .type = count, .text = "Failures in a row that take a server out for a while; 0: never"},
      [](auto& s) -> auto& { return s.proxy.eject_after; });
  add(
      {.key = "eject_time", .type = duration, .text = "For so long, times how often in a row"},
      [](auto& s) -> auto& { return s.proxy.eject_time; });
  add(
      {.key = "health_path",
       .type = text,
       .text = "Asked for with GET by every core; two failures in a row take a server out, two successes bring it back",
       .default_note = "no checks"},
      [](auto& s) -> auto& { return s.proxy.health_path; });
  add(
      {.key = "health_interval", .type = duration, .text = "Between two of these"},
      [](auto& s) -> auto& { return s.proxy.health_interval; });
  add(
      {.key = "max_head_bytes", .type = size, .text = "Status line and headers of an answer"},
      [](auto& s) -> auto& { return s.proxy.max_head_bytes; });
  add(
      {.key = "evict_rate",
       .type = rate,
       .text = "WebSockets closed per second by each gateway when the ring moves their users; 0: at once"},
      [](auto& s) -> auto& { return s.proxy.evict_rate; });
  return t;
}

}  // namespace

const NamedSection<front::UpstreamService>& upstreams_section() {
  static const NamedSection<front::UpstreamService> section{
      .key = "upstreams",
      .of_each = "upstream service",
      .comment = "Services whose application servers are no nodes of wscluster. The same on every gateway.",
      .example = "shop",
      .roles = Roles::gateway,
      .settings = make_upstream_table(),
      .check_name = check_service_name,
      .records = &front::Options::upstreams,
      .make =
          [](const std::string& name) {
            return front::UpstreamService{.name = name, .instances = {}, .key_files = {}, .proxy = {}};
          },
      .name_of = [](const front::UpstreamService& service) -> const std::string& { return service.name; }};
  return section;
}

}  // namespace wscluster::config
