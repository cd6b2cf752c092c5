// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wscluster::protocol {

/// What the data of a message is. Persistent, do not renumber: they travel on links.
enum class DataType : std::uint8_t { json = 1, text = 2, binary = 3, protobuf = 4 };

/// As `dataType` has it in frames.
[[nodiscard]] constexpr std::string_view to_string(DataType type) noexcept {
  switch (type) {
    case DataType::json:
      return "json";
    case DataType::text:
      return "text";
    case DataType::binary:
      return "binary";
    case DataType::protobuf:
      return "protobuf";
  }
  return "json";
}

[[nodiscard]] constexpr std::optional<DataType> parse_data_type(std::string_view name) noexcept {
  for (const DataType type : {DataType::json, DataType::text, DataType::binary, DataType::protobuf}) {
    if (to_string(type) == name) return type;
  }
  return std::nullopt;
}

}  // namespace wscluster::protocol
