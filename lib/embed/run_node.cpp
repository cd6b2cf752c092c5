// SPDX-License-Identifier: MIT
#include <unistd.h>
#include <cstdio>

#include "config/check.hpp"
#include "config/serve.hpp"
#include "embed/hosted.hpp"
#include "node/node.hpp"

namespace wscluster::embed {
namespace {

config::Environment environment() {
  config::Environment all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (const auto at = text.find('='); at != std::string_view::npos)
      all.emplace(text.substr(0, at), text.substr(at + 1));
  }
  return all;
}

config::Sources sources_of(const Setup& setup) {
  config::Sources sources;
  if (!setup.config_file.empty()) sources.file = setup.config_file;
  sources.environment = environment();
  for (const auto& [key, text] : setup.settings)
    sources.flags.push_back({key, text, "setting " + key});
  return sources;
}

/// Services that the configuration does not have, and those that would have two applications.
void check_services(const config::Config& config, const std::map<std::string, MakeApplication>& applications) {
  for (const auto& [name, make] : applications) {
    const auto& services = config.node.front.services;
    const auto door = std::find_if(services.begin(), services.end(),
                                   [&service = name](const auto& one) { return one.service.name == service; });
    if (door == services.end()) {
      throw Failure(ExitCode::config, "there is an application for the service '" + name +
                                          "', which the configuration does not have: add it to 'services'");
    }
    if (door->webhook.is_on() && !door->webhook.user_events.empty()) {
      throw Failure(ExitCode::config, "services." + name +
                                          ".webhook_url is set, and this program embeds an application of the "
                                          "service: take one of them away");
    }
  }
}

}  // namespace

int run_node(const Setup& setup, const std::map<std::string, MakeApplication>& applications) {
  try {
    const config::Sources sources = sources_of(setup);
    const config::Loaded loaded = config::load(sources, config::Roles::node);
    for (const config::Problem& problem : loaded.problems) {
      if (problem.severity == config::Severity::error) std::fprintf(stderr, "%s\n", problem.to_string().c_str());
    }
    if (!loaded.usable()) return static_cast<int>(ExitCode::config);
    check_services(loaded.config, applications);
    const node::MakeHandler make_handler = [&](const node::Place& place) -> std::unique_ptr<cluster::Handler> {
      const auto make = applications.find(place.service);
      return make == applications.end() ? nullptr : std::make_unique<Hosted>(place, make->second);
    };
    config::serve(sources, config::Roles::node, loaded.config, loaded.config.node.front.name,
                  [&](const config::Config& current, std::function<void()> reload) {
                    node::run(current.node, current.redis, std::move(reload), make_handler);
                  });
    return static_cast<int>(ExitCode::ok);
  } catch (const Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    if (!failure.hint().empty()) std::fprintf(stderr, "  %s\n", failure.hint().c_str());
    return static_cast<int>(failure.exit());
  }
}

}  // namespace wscluster::embed
