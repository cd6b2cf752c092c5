// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/problem.hpp"

namespace wscluster::config {

using Environment = std::map<std::string, std::string>;

/// A value from the command line.
struct Override {
  std::string key;  ///< "redis.url"
  std::string text;
  std::string flag;  ///< "--redis", for messages and origins
};

/// Where values may come from; flags win over the environment, that over the file, that over the defaults.
struct Sources {
  std::optional<std::string> file;  ///< --config; must exist. Otherwise WSCLUSTER_CONFIG (must exist), then the
                                    ///< user's and the system's file where they exist
  Environment environment;
  std::vector<Override> flags;
};

struct Origin {
  enum class Kind : std::uint8_t { builtin, file, environment, flag };
  Kind kind = Kind::builtin;
  std::string name;  ///< the file, the variable or the flag
  int line = 0;
  int column = 0;

  /// "default", "/etc/wscluster/wscluster.yaml:14", "env WSCLUSTER_REDIS_URL", "flag --redis"
  [[nodiscard]] std::string to_string() const;
};

struct Loaded {
  Config config;
  std::string file;                       ///< that was read; empty: none
  std::map<std::string, Origin> origins;  ///< of every key that is not at its default; services.NAME.KEY as well
  std::vector<Problem> problems;          ///< all of them, in the order file, env, flags, files, contradictions

  [[nodiscard]] bool usable() const { return count_errors(problems) == 0; }
};

/// Reads everything and reports every problem in one run; never throws. `roles` says for whom: only their files are
/// opened and only contradictions that concern them are problems. Relative file names in a file are relative to it.
[[nodiscard]] Loaded load(const Sources& sources, Roles roles);

/// Keys outside the key tables that the command line reads from the environment; not warned about.
[[nodiscard]] const std::vector<std::string>& other_variables();

/// Which file load() would read; empty: none.
[[nodiscard]] std::string find_file(const Sources& sources);

/// Whether the file, environment or flags set anything that only servers use.
[[nodiscard]] bool concerns_servers(const Loaded& loaded);

}  // namespace wscluster::config
