// SPDX-License-Identifier: MIT
#include "websocket/handshake.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <openssl/evp.h>
#include <algorithm>
#include <array>
#include <stdexcept>

namespace wscluster::websocket {
namespace {

constexpr std::string_view accept_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t key_bytes = 16;
constexpr std::size_t key_digits = 22;

bool is_base64_digit(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/// 16 bytes in base64: 22 digits and two of padding.
bool is_key(std::string_view key) noexcept {
  return key.size() == key_digits + 2 && key.ends_with("==") &&
         std::ranges::all_of(key.substr(0, key_digits), is_base64_digit);
}

std::string_view take_line(std::string_view& text) noexcept {
  const auto end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  return line;
}

struct Answer {
  std::string_view connection;
  std::string_view upgrade;
  std::string_view accept;
  std::string_view subprotocol;
};

Answer parse_answer(std::string_view head) {
  Answer answer;
  take_line(head);
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) break;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    if (iequals(name, "connection")) answer.connection = value;
    if (iequals(name, "upgrade")) answer.upgrade = value;
    if (iequals(name, "sec-websocket-accept")) answer.accept = value;
    if (iequals(name, "sec-websocket-protocol")) answer.subprotocol = value;
  }
  return answer;
}

}  // namespace

std::optional<Refusal> check_upgrade(const UpgradeRequest& request) noexcept {
  if (request.method != "GET") return Refusal{405, "a WebSocket begins with GET"};
  if (request.http_version != 11) return Refusal{400, "a WebSocket needs HTTP/1.1"};
  if (request.host_count != 1) return Refusal{400, "exactly one Host header is needed"};
  if (request.has_body) return Refusal{400, "a WebSocket upgrade has no body"};
  if (!has_token(request.upgrade, "websocket")) return Refusal{426, "this address speaks WebSocket only"};
  if (!has_token(request.connection, "upgrade")) return Refusal{400, "Connection does not name Upgrade"};
  if (request.version != "13") return Refusal{426, "Sec-WebSocket-Version must be 13"};
  if (!is_key(request.key)) return Refusal{400, "Sec-WebSocket-Key is not 16 bytes in base64"};
  return std::nullopt;
}

bool has_token(std::string_view list, std::string_view token) noexcept {
  while (true) {
    const auto comma = list.find(',');
    if (iequals(trim(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

std::string accept_key(std::string_view key) {
  std::string text(key);
  text.append(accept_suffix);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL refuses SHA-1, which every WebSocket handshake needs");
  }
  return base64_encode({reinterpret_cast<const char*>(digest.data()), size});
}

std::string_view select_subprotocol(std::string_view offered, std::span<const std::string_view> supported) {
  for (const std::string_view entry : split(offered, ',')) {
    const auto found = std::ranges::find(supported, trim(entry));
    if (found != supported.end()) return *found;
  }
  return {};
}

std::string upgrade_response(std::string_view accept_key, std::string_view subprotocol) {
  std::string head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
  head.append(accept_key);
  if (!subprotocol.empty()) head.append("\r\nSec-WebSocket-Protocol: ").append(subprotocol);
  head.append("\r\n\r\n");
  return head;
}

std::string make_key() {
  std::array<unsigned char, key_bytes> bytes{};
  fill_random(bytes);
  return base64_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string upgrade_request(std::string_view host, std::string_view target, std::string_view key,
                            std::span<const HeaderField> fields) {
  std::string head = "GET ";
  head.append(target).append(" HTTP/1.1\r\nHost: ").append(host);
  head.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
  head.append(key);
  for (const auto& [name, value] : fields)
    head.append("\r\n").append(name).append(": ").append(value);
  head.append("\r\n\r\n");
  return head;
}

unsigned status_of(std::string_view head) noexcept {
  // "HTTP/1.1 101 Switching Protocols"
  if (head.size() < 12 || !head.starts_with("HTTP/1.") || head[8] != ' ') return 0;
  unsigned status = 0;
  for (const char c : head.substr(9, 3)) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + static_cast<unsigned>(c - '0');
  }
  return head.size() > 12 && head[12] != ' ' && head[12] != '\r' ? 0 : status;
}

Result<std::string> check_accept(std::string_view head, std::string_view key) {
  const unsigned status = status_of(head);
  if (status == 0) return error(Errc::protocol, "the server does not answer in HTTP");
  if (status != 101) {
    return error(Errc::unavailable, "the server refused the WebSocket: HTTP " + std::to_string(status));
  }
  const Answer answer = parse_answer(head);
  if (!has_token(answer.upgrade, "websocket") || !has_token(answer.connection, "upgrade")) {
    return error(Errc::protocol, "the server's 101 is not for a WebSocket");
  }
  if (answer.accept != accept_key(key)) return error(Errc::protocol, "the server's Sec-WebSocket-Accept is wrong");
  return std::string(answer.subprotocol);
}

}  // namespace wscluster::websocket
