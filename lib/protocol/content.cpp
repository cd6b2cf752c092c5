// SPDX-License-Identifier: MIT
#include "protocol/content.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"
#include "protocol/client_frame.hpp"
#include "protocol/json_scanner.hpp"

namespace wscluster::protocol {
namespace {

constexpr std::array<std::pair<DataType, std::string_view>, 4> names{{{DataType::text, "text/plain"},
                                                                      {DataType::json, "application/json"},
                                                                      {DataType::binary, "application/octet-stream"},
                                                                      {DataType::protobuf, "application/x-protobuf"}}};

}  // namespace

std::optional<DataType> type_of_content(std::string_view content_type) noexcept {
  const std::string_view media = trim(content_type.substr(0, content_type.find(';')));
  for (const auto& [type, name] : names) {
    if (iequals(media, name)) return type;
  }
  return std::nullopt;
}

std::string_view content_type_of(DataType type) noexcept {
  for (const auto& [known, name] : names) {
    if (known == type) return name;
  }
  return "application/octet-stream";
}

Result<> check_content(DataType type, std::string_view body) {
  if (type == DataType::binary || type == DataType::protobuf) return {};
  if (!is_valid_utf8(body)) return error(Errc::invalid, "the body is not UTF-8; send it as application/octet-stream");
  if (type != DataType::json) return {};
  JsonScanner scanner(body, max_frame_depth);
  JsonValue value;
  if (scanner.read_value(value) && scanner.read_end()) return {};
  return error(Errc::invalid,
               "the body is not JSON: at byte " + std::to_string(scanner.position() + 1) + ": " + scanner.what());
}

}  // namespace wscluster::protocol
