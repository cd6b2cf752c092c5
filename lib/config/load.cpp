// SPDX-License-Identifier: MIT
#include "config/load.hpp"

#include <unistd.h>
#include <algorithm>
#include <filesystem>

#include "base/text.hpp"
#include "config/check.hpp"
#include "config/document.hpp"

namespace wscluster::config {
namespace {

constexpr std::string_view system_file = "/etc/wscluster/wscluster.yaml";

std::string variable(const Environment& environment, const std::string& name) {
  const auto at = environment.find(name);
  return at == environment.end() ? "" : at->second;
}

bool is_file_type(Type type) {
  return type == Type::file || type == Type::path || type == Type::files || type == Type::certificates;
}

/// Names in a file are meant from where the file is, not from where the program was started.
void make_absolute(Entry& entry, Type type, const std::string& file) {
  if (!is_file_type(type)) return;
  for (auto& value : entry.values) {
    const std::filesystem::path path(value);
    if (!value.empty() && path.is_relative()) value = (std::filesystem::path(file).parent_path() / path).string();
  }
}

template <class Record>
Result<> apply(const BasicSetting<Record>& setting, Record& record, std::vector<std::string> values) {
  if (!setting.is_list() && values.size() != 1) return error(Errc::invalid, "a single value is expected");
  return setting.set(record, setting, values);
}

class Loading {
 public:
  explicit Loading(const Sources& sources) : sources_(sources) {}

  Loaded run(Roles roles) {
    loaded_.file = find_file(sources_);
    if (!loaded_.file.empty()) read_the_file();
    read_environment();
    read_flags();
    finish();
    check_config(loaded_, roles);
    return std::move(loaded_);
  }

 private:
  void add(Problem problem) { loaded_.problems.push_back(std::move(problem)); }

  void read_the_file() {
    const auto text = read_file(loaded_.file, 1U << 20U);
    if (!text) return add({Severity::error, "", 0, 0, "", text.error().message});
    auto document = read_document(*text, loaded_.file);
    for (auto& entry : document.entries)
      read_entry(entry);
    for (auto& entry : document.named)
      read_named(entry);
    // Positions of both kinds of problems in one order, as an editor shows them.
    loaded_.problems.insert(loaded_.problems.end(), document.problems.begin(), document.problems.end());
    std::stable_sort(loaded_.problems.begin(), loaded_.problems.end(), [](const Problem& a, const Problem& b) {
      return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    });
  }

  Origin origin_of(const Entry& entry) const { return {Origin::Kind::file, loaded_.file, entry.line, entry.column}; }

  void read_entry(Entry& entry) {
    const auto& setting = *find_setting(entry.key);
    make_absolute(entry, setting.type, loaded_.file);
    if (const auto set = apply(setting, loaded_.config, entry.values); !set) {
      return add({Severity::error, loaded_.file, entry.line, entry.column, entry.key, set.error().message});
    }
    loaded_.origins[entry.key] = origin_of(entry);
  }

  void read_named(NamedEntry& entry) {
    loaded_.origins[entry.section + "." + entry.name] = {Origin::Kind::file, loaded_.file, entry.line, entry.column};
    for_each_named_section([&](const auto& section) {
      if (section.key == entry.section) read_record(section, entry);
    });
  }

  template <class Record>
  void read_record(const NamedSection<Record>& section, NamedEntry& named) {
    Record record = section.make(named.name);
    for (auto& entry : named.entries) {
      const auto& setting = *section.find(entry.key);
      const std::string path = section.key + "." + named.name + "." + entry.key;
      make_absolute(entry, setting.type, loaded_.file);
      if (const auto set = apply(setting, record, entry.values); !set) {
        add({Severity::error, loaded_.file, entry.line, entry.column, path, set.error().message});
      } else {
        loaded_.origins[path] = origin_of(entry);
      }
    }
    (loaded_.config.node.front.*section.records).push_back(std::move(record));
  }

  void read_environment() {
    std::vector<std::string> known = other_variables();
    for (const auto& setting : settings()) {
      const std::string name = env_name(setting);
      known.push_back(name);
      const std::string text = variable(sources_.environment, name);
      if (text.empty()) continue;
      take(setting, text, {Origin::Kind::environment, name}, "env");
    }
    for (const auto& [name, text] : sources_.environment) {
      if (!name.starts_with("WSCLUSTER_") || std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::string nearest = closest_match(name, known);
      add({Severity::warning, "env", 0, 0, "",
           name + " is not known" + (nearest.empty() ? "" : " (did you mean " + nearest + "?)")});
    }
  }

  void read_flags() {
    for (const auto& flag : sources_.flags) {
      if (const auto* setting = find_setting(flag.key)) {
        take(*setting, flag.text, {Origin::Kind::flag, flag.flag}, flag.flag);
      }
    }
  }

  void take(const Setting& setting, const std::string& text, Origin origin, const std::string& place) {
    auto values = setting.is_list() ? parse_list(text) : std::vector<std::string>{text};
    if (const auto set = apply(setting, loaded_.config, std::move(values)); !set) {
      const std::string path = origin.kind == Origin::Kind::environment ? origin.name : "";
      return add({Severity::error, place, 0, 0, path, set.error().message});
    }
    loaded_.origins[setting.key] = std::move(origin);
  }

  /// What follows from several keys: names, copies for both servers, paths of services.
  void finish() {
    auto& config = loaded_.config;
    auto& front = config.node.front;
    for (auto& door : front.services) {
      if (door.paths.empty()) door.paths.push_back("/" + door.service.name);
    }
    config.redis.cluster = front.cluster;
    if (!loaded_.origins.contains("redis.min_replicas"))
      config.redis.min_replicas = registry::has_sentinels(config.redis) ? 1 : 0;
    std::string gateway_name = config.gateway.front.name;
    if (front.name.empty()) front.name = host_name();
    if (gateway_name.empty()) gateway_name = host_name();
    config.gateway.front = front;
    config.gateway.front.name = gateway_name;
  }

  static std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
  }

  const Sources& sources_;
  Loaded loaded_;
};

}  // namespace

std::string Origin::to_string() const {
  switch (kind) {
    case Kind::builtin:
      return "default";
    case Kind::file:
      return name + ":" + std::to_string(line);
    case Kind::environment:
      return "env " + name;
    case Kind::flag:
      return "flag " + name;
  }
  return "default";
}

const std::vector<std::string>& other_variables() {
  static const std::vector<std::string> names{"WSCLUSTER_CONFIG",   "WSCLUSTER_OUTPUT",  "WSCLUSTER_COLOR",
                                              "WSCLUSTER_PROGRESS", "WSCLUSTER_TIMEOUT", "WSCLUSTER_NO_INPUT",
                                              "WSCLUSTER_SERVICE",  "WSCLUSTER_KEY_FILE"};
  return names;
}

std::string find_file(const Sources& sources) {
  if (sources.file) return *sources.file;
  if (auto named = variable(sources.environment, "WSCLUSTER_CONFIG"); !named.empty()) return named;
  std::string base = variable(sources.environment, "XDG_CONFIG_HOME");
  const std::string home = variable(sources.environment, "HOME");
  if (base.empty() && !home.empty()) base = home + "/.config";
  std::error_code ignored;
  if (!base.empty() && std::filesystem::exists(base + "/wscluster/config.yaml", ignored)) {
    return base + "/wscluster/config.yaml";
  }
  return std::filesystem::exists(system_file, ignored) ? std::string(system_file) : "";
}

bool concerns_servers(const Loaded& loaded) {
  return std::any_of(loaded.origins.begin(), loaded.origins.end(), [](const auto& origin) {
    const auto* setting = find_setting(origin.first);
    return setting == nullptr || !any_of(setting->roles, Roles::client);
  });
}

Loaded load(const Sources& sources, Roles roles) {
  return Loading(sources).run(roles);
}

}  // namespace wscluster::config
