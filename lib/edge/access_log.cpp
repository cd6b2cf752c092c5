// SPDX-License-Identifier: MIT
#include "edge/access_log.hpp"

#include "base/log.hpp"

namespace wscluster::edge {
namespace {

double seconds_since(std::int64_t begin, std::int64_t now) {
  return static_cast<double>(now - begin) / 1000;
}

}  // namespace

char cause_of(CloseReason reason) noexcept {
  switch (reason) {
    case CloseReason::client:
      return 'C';
    case CloseReason::evicted:
      return 'E';
    case CloseReason::drain:
      return 'D';
    case CloseReason::idle:
      return 'I';
    case CloseReason::slow_consumer:
      return 'S';
    case CloseReason::protocol_error:
      return 'P';
    case CloseReason::limit:
      return 'L';
    case CloseReason::handshake:
      return 'H';
    case CloseReason::refused:
      return 'R';
    case CloseReason::transport:
      return 'X';
    case CloseReason::application:
      return 'A';
    case CloseReason::upstream:
      return 'U';
    case CloseReason::http_done:
      return '-';
  }
  return '?';
}

void log_websocket(const Connection& c, CloseReason reason, std::uint16_t code, std::int64_t now) {
  const char cause = cause_of(reason);
  log::info("access", "websocket ended",
            {{"cause", std::string_view(&cause, 1)},
             {"reason", to_string(reason)},
             {"code", unsigned{code}},
             {"peer", c.peer},
             {"tls", c.is_tls},
             {"duration_s", seconds_since(c.opened, now)},
             {"in_bytes", c.bytes_in},
             {"out_bytes", c.bytes_out},
             {"out_messages", c.frames_written}});
}

void log_request(const Connection& c, CloseReason reason, std::int64_t now) {
  const HttpSide& http = *c.http;
  const char cause = cause_of(reason);
  log::info("access", "request",
            {{"cause", std::string_view(&cause, 1)},
             {"method", http.method},
             {"path", http.path},
             {"status", http.status},
             {"peer", http.client},
             {"tls", c.is_tls},
             {"duration_s", seconds_since(http.began, now)},
             {"in_bytes", c.bytes_in - http.bytes_in_before},
             {"out_bytes", c.bytes_out - http.bytes_out_before}});
}

}  // namespace wscluster::edge
