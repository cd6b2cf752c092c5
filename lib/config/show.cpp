// SPDX-License-Identifier: MIT
#include "config/show.hpp"

#include <algorithm>

namespace wscluster::config {
namespace {

Origin origin_of(const Loaded& loaded, const std::string& key) {
  const auto at = loaded.origins.find(key);
  return at == loaded.origins.end() ? Origin{} : at->second;
}

/// A password does not belong into an url, but somebody may have put it there.
std::string without_password(const std::string& url) {
  const auto scheme = url.find("://");
  const auto at = url.rfind('@');
  if (scheme == std::string::npos || at == std::string::npos || at < scheme) return url;
  const auto colon = url.find(':', scheme + 3);
  return colon < at ? url.substr(0, colon + 1) + "***" + url.substr(at) : url;
}

/// Quoted where its first character means something to YAML.
std::string as_scalar(std::string_view value) {
  const bool is_plain =
      !value.empty() && std::string_view("*&!|>%@`[{'\"").find(value.front()) == std::string_view::npos;
  return is_plain ? std::string(value) : "'" + std::string(value) + "'";
}

/// A value as YAML takes it back.
template <class Record>
std::string as_yaml(const BasicSetting<Record>& setting, const std::string& value) {
  if (!setting.is_list()) return as_scalar(value);
  std::string out;
  for (const std::string& item : parse_list(value))
    out += (out.empty() ? "" : ",") + as_scalar(item);
  return "[" + out + "]";
}

void add_comment(std::string& out, const std::string& indent, const std::string& text) {
  out += indent + "# " + text + "\n";
}

/// Commented keys with their defaults; `wanted` are written without the comment sign.
template <class Record>
void add_setting(std::string& out, const BasicSetting<Record>& setting, const std::string& indent,
                 const std::string& name, const std::string& wanted) {
  static const Record untouched{};
  add_comment(out, indent,
              setting.text + (setting.default_note.empty() ? "" : " (default: " + setting.default_note + ")"));
  if (wanted.empty()) {
    out += indent + "#" + name + ": " + as_yaml(setting, setting.get(untouched, setting)) + "\n";
  } else {
    out += indent + name + ": " + wanted + "\n";
  }
}

std::string wanted_value(const std::string& key, Roles role) {
  const bool is_gateway = role == Roles::gateway;
  if (key == "redis.url") return "redis://127.0.0.1:6379/0";
  if (key == "cluster.key_file") return "/etc/wscluster/cluster.key";
  if (key == "listen") return is_gateway ? "0.0.0.0:8443" : "127.0.0.1:9001";
  if (key == "advertise" && is_gateway) return "ws.example.org:443";
  if (key == "tls.cert_file" && is_gateway) return "/etc/wscluster/cert.pem";
  if (key == "tls.key_file" && is_gateway) return "/etc/wscluster/key.pem";
  if (key == "node.name") return "node-1";
  if (key == "node.link_listen") return "127.0.0.1:9101";
  if (key == "client.url") return "https://ws.example.org";
  return "";
}

template <class Record>
void add_section(std::string& out, const NamedSection<Record>& section) {
  out += "\n";
  add_comment(out, "", section.comment);
  // An upstream service is nothing that everybody has.
  const bool is_wanted = section.key == "services";
  const std::string sign = is_wanted ? "" : "#";
  out += sign + section.key + ":\n" + sign + "  " + section.example + ":\n";
  for (const auto& setting : section.settings) {
    add_setting(out, setting, "    ", setting.key,
                is_wanted && setting.key == "key_files" ? "[/etc/wscluster/chat.key]" : "");
  }
}

}  // namespace

std::vector<ShownValue> show(const Loaded& loaded) {
  std::vector<ShownValue> rows;
  for (const auto& setting : settings()) {
    rows.push_back({setting.key, without_password(setting.get(loaded.config, setting)), origin_of(loaded, setting.key),
                    setting.reloadable});
    const auto add_password = [&](const char* key, const std::string& password) {
      rows.push_back({key, password.empty() ? "" : "***", origin_of(loaded, setting.key), false});
    };
    const auto& redis = loaded.config.redis;
    if (setting.key == "redis.password_file") add_password("redis.password", redis.password);
    if (setting.key == "redis.sentinel_password_file") add_password("redis.sentinel_password", redis.sentinel_password);
  }
  for_each_named_section([&](const auto& section) {
    for (const auto& record : section.records_of(loaded.config)) {
      for (const auto& setting : section.settings) {
        const std::string key = section.key + "." + section.name_of(record) + "." + setting.key;
        rows.push_back({key, setting.get(record, setting), origin_of(loaded, key), setting.reloadable});
      }
    }
  });
  return rows;
}

std::string example(Roles role) {
  std::string out;
  add_comment(out, "", "wscluster.yaml: see wscluster.yaml(5). Lines behind '#' show the defaults.");
  std::string section;
  bool has_services = false;
  for (const auto& setting : settings()) {
    if (!any_of(setting.roles, role)) continue;
    const auto dot = setting.key.find('.');
    const std::string its_section = dot == std::string::npos ? "" : setting.key.substr(0, dot);
    if (its_section == "limits" && !has_services) {
      for_each_named_section([&](const auto& named) {
        if (any_of(named.roles, role)) add_section(out, named);
      });
      has_services = true;
    }
    if (its_section != section || its_section.empty()) out += "\n";
    if (its_section != section && !its_section.empty()) out += its_section + ":\n";
    section = its_section;
    const std::string name = dot == std::string::npos ? setting.key : setting.key.substr(dot + 1);
    add_setting(out, setting, its_section.empty() ? "" : "  ", name, wanted_value(setting.key, role));
  }
  return out;
}

namespace {

template <class Record, class Note>
void compare_records(const NamedSection<Record>& section, const Config& before, const Config& after, Note note) {
  const auto& old_records = section.records_of(before);
  const auto& new_records = section.records_of(after);
  const auto named = [&](const auto& records, const std::string& name) {
    return std::find_if(records.begin(), records.end(), [&](const Record& r) { return section.name_of(r) == name; });
  };
  for (const Record& record : new_records) {
    const std::string path = section.key + "." + section.name_of(record);
    const auto old = named(old_records, section.name_of(record));
    if (old == old_records.end()) {
      note(path, false);
      continue;
    }
    for (const auto& setting : section.settings) {
      if (setting.get(*old, setting) != setting.get(record, setting))
        note(path + "." + setting.key, setting.reloadable);
    }
  }
  for (const Record& record : old_records) {
    if (named(new_records, section.name_of(record)) == new_records.end())
      note(section.key + "." + section.name_of(record), false);
  }
}

}  // namespace

Differences differences(const Config& before, const Config& after) {
  Differences found;
  const auto note = [&](const std::string& key, bool reloadable) {
    (reloadable ? found.reloadable : found.restart).push_back(key);
  };
  for (const auto& setting : settings()) {
    if (setting.get(before, setting) != setting.get(after, setting)) note(setting.key, setting.reloadable);
  }
  if (before.redis.password != after.redis.password) note("redis.password", false);
  if (before.redis.sentinel_password != after.redis.sentinel_password) note("redis.sentinel_password", false);
  for_each_named_section([&](const auto& section) { compare_records(section, before, after, note); });
  return found;
}

}  // namespace wscluster::config
