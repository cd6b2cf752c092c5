// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wscluster::net {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

/// Value of the first header of that name (any case), or null.
[[nodiscard]] const std::string* find_header(const HttpFields& headers, std::string_view name) noexcept;

struct HttpRequest {
  std::string method;
  std::string target;  ///< origin form, with query; "*" for OPTIONS
  HttpFields headers;  ///< names as received
  std::string body;
  bool is_http11 = true;
  bool keeps_alive = true;
};

struct HttpLimits {
  std::size_t head_bytes = 16U << 10U;
  std::size_t body_bytes = 1U << 20U;
};

/// A strict HTTP/1 request parser without I/O: what is ambiguous between two parsers is refused (bare LF, folded
/// headers, NUL, a space before the colon, two lengths, length and chunks, Host missing, twice or not the one of an
/// absolute target). One request per object.
class RequestParser {
 public:
  enum class State : std::uint8_t { head, body, done, failed };

  explicit RequestParser(const HttpLimits& limits);
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  State feed(std::string_view bytes);
  [[nodiscard]] State state() const noexcept;
  /// Status to answer with and why, after `failed`.
  [[nodiscard]] unsigned failure_status() const noexcept;
  [[nodiscard]] std::string_view failure() const noexcept;
  /// The client waits for "100 Continue" before it sends the body; true once.
  [[nodiscard]] bool takes_continue() noexcept;
  /// After `done`: the request, and the bytes that came behind it. Each once.
  [[nodiscard]] HttpRequest take_request();
  [[nodiscard]] std::string take_rest();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

/// A whole response with Date, Content-Length and Connection. Header values with line ends are left out: nobody injects
/// headers.
[[nodiscard]] std::string serialize_response(unsigned status, std::string_view content_type, const HttpFields& headers,
                                             std::string_view body, bool keep_alive, bool is_head = false);

}  // namespace wscluster::net
