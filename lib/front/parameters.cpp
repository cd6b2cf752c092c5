// SPDX-License-Identifier: MIT
#include "front/parameters.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "protocol/client_frame.hpp"
#include "protocol/content.hpp"
#include "protocol/filter.hpp"

namespace wscluster::front {
namespace {

constexpr std::uint64_t longest_message_lifetime = 300;
/// Chosen by the application, and kept for a minute for every message that has one.
constexpr std::size_t most_request_id_bytes = 128;

}  // namespace

Result<std::uint64_t> number_parameter(const edge::Request& request, std::string_view name, std::uint64_t fallback,
                                       std::uint64_t least, std::uint64_t most) {
  const auto text = request.parameter(name);
  if (!text) return fallback;
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (ec != std::errc{} || end != text->data() + text->size() || value < least || value > most) {
    return error(Errc::invalid,
                 std::string(name) + " must be a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

std::vector<std::string> all_parameters(const edge::Request& request, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& [key, value] : request.query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::vector<session::SessionId> excluded_sessions(const edge::Request& request) {
  std::vector<session::SessionId> ids;
  for (const std::string& text : all_parameters(request, "excluded")) {
    if (const auto id = session::SessionId::parse(text)) ids.push_back(*id);
  }
  return ids;
}

Result<std::string> filter_parameter(const edge::Request& request) {
  const std::string_view text = request.parameter("filter").value_or("");
  if (const auto filter = protocol::Filter::parse(text); !filter) return filter.error();
  return std::string(text);
}

Result<std::optional<Duration>> message_lifetime(const edge::Request& request) {
  if (!request.parameter("messageTtlSeconds")) return std::optional<Duration>{};
  const auto seconds = number_parameter(request, "messageTtlSeconds", 0, 0, longest_message_lifetime);
  if (!seconds) return seconds.error();
  return std::optional<Duration>(std::chrono::seconds(*seconds));
}

Result<std::string_view> request_id(const edge::Request& request) {
  const std::string_view id = request.header("x-ms-client-request-id").value_or("");
  const bool is_good = id.size() <= most_request_id_bytes &&
                       std::all_of(id.begin(), id.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  if (is_good) return id;
  return error(Errc::invalid, "x-ms-client-request-id must be at most " + std::to_string(most_request_id_bytes) +
                                  " visible ASCII characters");
}

Result<protocol::DataType> type_of_body(const edge::Request& request) {
  const auto header = request.header("Content-Type");
  if (!header) return protocol::DataType::text;
  const auto type = protocol::type_of_content(*header);
  if (type && *type != protocol::DataType::protobuf) return *type;
  return error(Errc::protocol, "the body must be text/plain, application/json or application/octet-stream");
}

std::string origin_of(const edge::Request& request, const TrustedProxies& trusted) {
  const proxy::Provenance from = provenance_of(request, trusted);
  return from.scheme + "://" + from.host;
}

}  // namespace wscluster::front
