// SPDX-License-Identifier: MIT
#include "config/document.hpp"

#include <yaml-cpp/yaml.h>
#include <algorithm>
#include <map>

#include "base/names.hpp"
#include "base/text.hpp"
#include "config/config.hpp"

namespace wscluster::config {
namespace {

/// Keys below `section` without it; the first part only of the others when `section` is empty.
std::vector<std::string> names_in(const std::string& section) {
  std::vector<std::string> names;
  for (const auto& setting : settings()) {
    const auto dot = setting.key.find('.');
    if (section.empty()) {
      names.push_back(setting.key.substr(0, dot));
    } else if (dot != std::string::npos && setting.key.compare(0, dot, section) == 0) {
      names.push_back(setting.key.substr(dot + 1));
    }
  }
  if (section.empty()) for_each_named_section([&](const auto& named) { names.push_back(named.key); });
  return names;
}

bool is_named_section(const std::string& name) {
  bool is_one = false;
  for_each_named_section([&](const auto& named) { is_one = is_one || named.key == name; });
  return is_one;
}

/// The full key whose last part is nearest to `name`.
std::string elsewhere(const std::string& name) {
  std::vector<std::string> leaves;
  for (const auto& setting : settings())
    leaves.push_back(setting.key.substr(setting.key.find('.') + 1));
  const std::string nearest = closest_match(name, leaves);
  const auto at = std::find(leaves.begin(), leaves.end(), nearest);
  return at == leaves.end() ? "" : settings()[static_cast<std::size_t>(at - leaves.begin())].key;
}

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  Document take() { return std::move(document_); }

  void read(const std::string& text) {
    try {
      const auto all = YAML::LoadAll(text);
      if (all.size() > 1) add(all[1], "", "a second document ('---'): one file holds one configuration");
      if (!all.empty() && !all.front().IsNull()) read_root(all.front());
    } catch (const YAML::Exception& e) {
      document_.problems.push_back(
          {Severity::error, file_, e.mark.line + 1, e.mark.column + 1, "", "not YAML: " + e.msg});
    }
  }

 private:
  using Visit = void (Reader::*)(const std::string& section, const std::string& name, const YAML::Node& key,
                                 const YAML::Node& value);

  void add(const YAML::Node& where, const std::string& path, const std::string& text) {
    const auto mark = where.Mark();
    document_.problems.push_back({Severity::error, file_, mark.line + 1, mark.column + 1, path, text});
  }

  /// Each key of a map once; `section` is what the keys are below.
  void read_map(const YAML::Node& map, const std::string& section, Visit visit) {
    if (map.IsNull()) return;
    if (!map.IsMap()) return add(map, section, "keys and values are expected here ('key: value')");
    std::map<std::string, int> first_line;
    for (const auto& item : map) {
      if (!item.first.IsScalar()) {
        add(item.first, section, "a key must be a plain word");
        continue;
      }
      const std::string& name = item.first.Scalar();
      const auto [seen, is_new] = first_line.emplace(name, item.first.Mark().line + 1);
      if (is_new) {
        (this->*visit)(section, name, item.first, item.second);
      } else {
        add(item.first, section, "duplicate key '" + name + "' (first on line " + std::to_string(seen->second) + ")");
      }
    }
  }

  void read_root(const YAML::Node& root) { read_map(root, "", &Reader::visit_root); }

  void visit_root(const std::string&, const std::string& name, const YAML::Node& key, const YAML::Node& value) {
    if (is_named_section(name)) return read_map(value, name, &Reader::visit_named);
    if (const auto* setting = find_setting(name); setting != nullptr && name.find('.') == std::string::npos) {
      return read_leaf(document_.entries, setting->is_list(), name, name, value);
    }
    if (!names_in(name).empty()) return read_map(value, name, &Reader::visit_section);
    if (const auto* dotted = find_setting(name)) {
      const auto dot = name.find('.');
      return add(key, "",
                 "unknown key '" + dotted->key + "': write '" + name.substr(0, dot) + ":' and below it '" +
                     name.substr(dot + 1) + ":'");
    }
    unknown("", name, key);
  }

  void visit_section(const std::string& section, const std::string& name, const YAML::Node& key,
                     const YAML::Node& value) {
    const std::string path = section + "." + name;
    const auto* setting = find_setting(path);
    if (setting == nullptr) return unknown(section, name, key);
    if (setting->type == Type::certificates) return read_certificates(path, value);
    read_leaf(document_.entries, setting->is_list(), path, path, value);
  }

  void visit_named(const std::string& section, const std::string& name, const YAML::Node& key,
                   const YAML::Node& value) {
    Result<> good;
    for_each_named_section([&](const auto& named) {
      if (named.key == section) good = named.check_name(name);
    });
    if (!good) return add(key, section, good.error().message);
    document_.named.push_back({section, name, key.Mark().line + 1, key.Mark().column + 1, {}});
    read_map(value, section + "." + name, &Reader::visit_named_key);
  }

  void visit_named_key(const std::string& section, const std::string& name, const YAML::Node& key,
                       const YAML::Node& value) {
    NamedEntry& entry = document_.named.back();
    for_each_named_section([&](const auto& named) {
      if (named.key != entry.section) return;
      if (const auto* setting = named.find(name)) {
        return read_leaf(entry.entries, setting->is_list(), name, section + "." + name, value);
      }
      std::vector<std::string> names;
      for (const auto& setting : named.settings)
        names.push_back(setting.key);
      suggest(section, name, key, closest_match(name, names));
    });
  }

  void read_leaf(std::vector<Entry>& entries, bool is_list, const std::string& key, const std::string& path,
                 const YAML::Node& value) {
    Entry entry{key, {}, value.Mark().line + 1, value.Mark().column + 1};
    if (value.IsNull()) return add(value, path, "no value: give one or remove the key");
    if (value.IsScalar()) {
      entry.values.push_back(value.Scalar());
    } else if (value.IsSequence() && is_list) {
      for (const auto& item : value) {
        if (!item.IsScalar()) return add(item, path, "plain text is expected in this list");
        entry.values.push_back(item.Scalar());
      }
    } else {
      return add(value, path, is_list ? "a list is expected here" : "a single value is expected here");
    }
    entries.push_back(std::move(entry));
  }

  /// The values are certificate and key in turn.
  void read_certificates(const std::string& path, const YAML::Node& value) {
    if (!value.IsSequence()) return add(value, path, "a list is expected here: [{cert_file: FILE, key_file: FILE}]");
    Entry entry{path, {}, value.Mark().line + 1, value.Mark().column + 1};
    for (const auto& item : value) {
      const bool is_pair =
          item.IsMap() && item.size() == 2 && is_file_name(item["cert_file"]) && is_file_name(item["key_file"]);
      if (!is_pair)
        return add(item, path, "each entry is exactly a cert_file and its key_file: {cert_file: FILE, key_file: FILE}");
      entry.values.push_back(item["cert_file"].Scalar());
      entry.values.push_back(item["key_file"].Scalar());
    }
    document_.entries.push_back(std::move(entry));
  }

  static bool is_file_name(const YAML::Node& node) {
    return node.IsDefined() && node.IsScalar() && !node.Scalar().empty();
  }

  /// The nearest key of the same section, else the same name in another one.
  void unknown(const std::string& section, const std::string& name, const YAML::Node& key) {
    std::string nearest = closest_match(name, names_in(section));
    if (nearest.empty()) nearest = elsewhere(name);
    suggest(section, name, key, nearest);
  }

  void suggest(const std::string& section, const std::string& name, const YAML::Node& key, const std::string& nearest) {
    add(key, section, "unknown key '" + name + "'" + (nearest.empty() ? "" : " (did you mean '" + nearest + "'?)"));
  }

  std::string file_;
  Document document_;
};

}  // namespace

Document read_document(const std::string& text, const std::string& file) {
  Reader reader(file);
  reader.read(text);
  return reader.take();
}

}  // namespace wscluster::config
