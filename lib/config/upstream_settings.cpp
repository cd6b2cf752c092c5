// SPDX-License-Identifier: MIT
#include "base/names.hpp"
#include "config/config.hpp"

namespace wscluster::config {
namespace {

using enum Type;

std::vector<UpstreamSetting> make_table() {
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
      .settings = make_table(),
      .check_name = check_service_name,
      .records = &front::Options::upstreams,
      .make =
          [](const std::string& name) {
            return front::UpstreamService{.name = name, .instances = {}, .key_files = {}};
          },
      .name_of = [](const front::UpstreamService& service) -> const std::string& { return service.name; }};
  return section;
}

}  // namespace wscluster::config
