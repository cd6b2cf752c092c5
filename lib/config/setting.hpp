// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/value.hpp"

namespace wscluster::config {

/// Which programs use a setting. Only their files are opened and only their contradictions are reported.
enum class Roles : std::uint8_t { none = 0, gateway = 1, node = 2, client = 4, servers = 3, all = 7 };

[[nodiscard]] constexpr bool any_of(Roles a, Roles b) {
  return (static_cast<unsigned>(a) & static_cast<unsigned>(b)) != 0;
}

/// One key, declared once: the source of the parser, `config show`, `config init`, flags, help, man page and README.
/// `Record` is Config for the ordinary keys and front::ServiceDoor for the keys of one service.
template <class Record>
struct BasicSetting {
  using Values = std::vector<std::string>;

  // Every field has an initialiser, so that a declaration may leave out what it does not need.
  std::string key{};  ///< "redis.url"; of a service: "hold"
  Type type = Type::text;
  std::string text{};  ///< one line, no full stop
  Roles roles = Roles::all;
  std::vector<std::string_view> choices{};  ///< of Type::choice, in the order of the enum
  std::string flag{};                       ///< "redis" for --redis; empty: no flag
  std::string negative_flag{};              ///< "standby" for --standby, which sets false; empty: none
  std::string flag_value{};                 ///< the word in help; empty: value_name(type)
  std::string env{};                        ///< instead of the derived WSCLUSTER_SECTION_KEY
  std::string default_note{};               ///< shown where the default is empty or computed: "the host's name"
  bool reloadable = false;                  ///< SIGHUP takes a new value over
  bool is_secret_file = false;              ///< the named file holds a secret; its content is never shown

  /// One value, or several for the list types. Leaves the record alone on an error.
  Result<> (*set)(Record&, const BasicSetting&, const Values&) = nullptr;
  std::string (*get)(const Record&, const BasicSetting&) = nullptr;

  [[nodiscard]] bool is_list() const { return type == Type::list || type == Type::files || type == Type::certificates; }
};

/// The name of the environment variable: WSCLUSTER_LIMITS_MAX_CONNECTIONS for limits.max_connections.
[[nodiscard]] std::string env_name_for(std::string_view key);

/// Ties a setting to its field. `access` is a captureless generic lambda: [](auto& c) -> auto& { return c.log.level; }
template <class Record, class Access>
[[nodiscard]] BasicSetting<Record> bind(BasicSetting<Record> setting, Access) {
  using Setting = BasicSetting<Record>;
  using Field = std::remove_cvref_t<decltype(Access{}(std::declval<Record&>()))>;
  if constexpr (std::is_enum_v<Field>) {
    setting.set = [](Record& record, const Setting& self, const typename Setting::Values& values) -> Result<> {
      const auto index = parse_choice(self.choices, values.front());
      if (!index) return index.error();
      Access{}(record) = static_cast<Field>(*index);
      return {};
    };
    setting.get = [](const Record& record, const Setting& self) {
      return std::string(self.choices.at(static_cast<std::size_t>(Access{}(record))));
    };
  } else {
    setting.set = [](Record& record, const Setting& self, const typename Setting::Values& values) -> Result<> {
      if constexpr (std::is_same_v<Field, std::vector<std::string>>) {
        Access{}(record) = values;
        return {};
      } else if constexpr (std::is_same_v<Field, std::vector<net::CertificateFiles>>) {
        return read_values(values, Access{}(record));
      } else {
        return read_value(self.type, values.front(), Access{}(record));
      }
    };
    setting.get = [](const Record& record, const Setting& self) { return write_value(self.type, Access{}(record)); };
  }
  return setting;
}

}  // namespace wscluster::config
