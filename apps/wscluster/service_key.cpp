// SPDX-License-Identifier: MIT
#include "service_key.hpp"

#include "base/names.hpp"
#include "base/text.hpp"

namespace wscluster::app {

std::vector<Flag> service_flags() {
  return {{.name = "service",
           .value = "NAME",
           .default_note = "the only one",
           .env = "WSCLUSTER_SERVICE",
           .text = "Service of the user"},
          {.name = "key-file",
           .value = "FILE",
           .type = config::Type::file,
           .default_note = "the service's first one",
           .env = "WSCLUSTER_KEY_FILE",
           .text = "File with an access key of the service",
           .complete = Complete::files}};
}

std::vector<Flag> rest_flags() {
  std::vector<Flag> flags{service_flags().back()};
  for (auto& flag : flags_of_roles(config::Roles::client))
    flags.push_back(std::move(flag));
  return flags;
}

std::string chosen_service(const Invocation& invocation, const config::Config& config) {
  const std::string named = invocation.text("service");
  if (!named.empty()) {
    if (const auto good = check_service_name(named); !good) {
      throw Failure(ExitCode::usage, "--service: " + good.error().message);
    }
    return named;
  }
  const auto& doors = config.node.front.services;
  if (doors.size() == 1) return doors.front().service.name;
  std::string names;
  for (const auto& door : doors)
    names += (names.empty() ? "" : ", ") + door.service.name;
  throw Failure(ExitCode::usage,
                doors.empty() ? "the configuration names no service" : "there are several services: " + names,
                "Add --service NAME or set WSCLUSTER_SERVICE");
}

auth::Secret access_key(const Invocation& invocation, const config::Config& config, const std::string& service) {
  std::string file = invocation.text("key-file");
  for (const auto& door : config.node.front.services) {
    if (file.empty() && door.service.name == service && !door.key_files.empty()) file = door.key_files.front();
  }
  if (file.empty()) {
    throw Failure(ExitCode::config, "no access key of the service '" + service + "' is known",
                  "Add --key-file FILE, or set services." + service + ".key_files in the configuration");
  }
  auto secret = read_secret(file);
  if (!secret) {
    throw Failure(secret.error().code == Errc::not_found ? ExitCode::no_input : ExitCode::config,
                  secret.error().message, "It should hold an access key of the service '" + service + "'");
  }
  return auth::Secret(*secret);
}

}  // namespace wscluster::app
