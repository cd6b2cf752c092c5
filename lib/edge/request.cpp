// SPDX-License-Identifier: MIT
#include "base/text.hpp"
#include "edge/edge.hpp"

#include <algorithm>

namespace wscluster::edge {

std::optional<std::string_view> Request::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& item) { return iequals(item.first, name); });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

std::string Request::list(std::string_view name) const {
  std::string all;
  for (const auto& [key, value] : headers) {
    if (iequals(key, name)) all.append(all.empty() ? "" : ",").append(value);
  }
  return all;
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  const auto found = std::find_if(query.begin(), query.end(), [&](const auto& item) { return item.first == name; });
  if (found == query.end()) return std::nullopt;
  return found->second;
}

const char* to_string(CloseReason reason) noexcept {
  switch (reason) {
    case CloseReason::client:
      return "client";
    case CloseReason::evicted:
      return "evicted";
    case CloseReason::drain:
      return "drain";
    case CloseReason::idle:
      return "idle";
    case CloseReason::slow_consumer:
      return "slow_consumer";
    case CloseReason::protocol_error:
      return "protocol_error";
    case CloseReason::limit:
      return "limit";
    case CloseReason::handshake:
      return "handshake";
    case CloseReason::refused:
      return "refused";
    case CloseReason::transport:
      return "transport";
    case CloseReason::application:
      return "application";
    case CloseReason::http_done:
      return "http_done";
    case CloseReason::upstream:
      return "upstream";
  }
  return "unknown";
}

}  // namespace wscluster::edge
