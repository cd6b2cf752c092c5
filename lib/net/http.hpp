// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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
  bool is_chunked = false;  ///< the body comes in chunks; its length is not known before
};

struct HttpLimits {
  std::size_t head_bytes = 16U << 10U;
  std::size_t body_bytes = 1U << 20U;  ///< not of a body that is streamed
};

/// Asked once, when the head is there: the body is not kept whole, but taken in pieces.
using StreamsBody = std::function<bool(const HttpRequest& head)>;

/// A strict HTTP/1 request parser without I/O: what is ambiguous between two parsers is refused (bare LF, folded
/// headers, NUL, a space before the colon, two lengths, length and chunks, Host missing, twice or not the one of an
/// absolute target). One request per object.
class RequestParser {
 public:
  enum class State : std::uint8_t { head, body, done, failed };

  explicit RequestParser(const HttpLimits& limits, StreamsBody streams_body = {});
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
  /// After `done`: the request, and the bytes that came behind it. Each once. Of a request that is streamed the head,
  /// as soon as is_streamed().
  [[nodiscard]] HttpRequest take_request();
  [[nodiscard]] std::string take_rest();
  [[nodiscard]] bool is_streamed() const noexcept;
  /// Of a request that is streamed: what has come of the body since the last call.
  [[nodiscard]] std::string take_body();
  [[nodiscard]] HttpFields take_trailers();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// How the end of a response's body is told.
enum class Framing : std::uint8_t { none, length, chunks, end_of_connection };

/// Whether a body may follow, as far as the status says.
[[nodiscard]] constexpr bool may_have_body(unsigned status) noexcept {
  return status >= 200 && status != 204 && status != 304;
}

struct HttpResponseHead {
  unsigned status = 0;
  std::string reason;
  HttpFields headers;  ///< names as received
  Framing framing = Framing::none;
  std::uint64_t length = 0;  ///< of the body, with Framing::length
  bool is_http11 = true;
  bool keeps_alive = true;
};

/// A strict HTTP/1 response parser without I/O, with the rules of RequestParser. One response per object; an interim
/// one (1xx) is one of its own.
class ResponseParser {
 public:
  enum class State : std::uint8_t { head, body, done, failed };

  /// `has_no_body`: the answer to HEAD.
  ResponseParser(std::size_t max_head_bytes, bool has_no_body);
  ~ResponseParser();
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;

  State feed(std::string_view bytes);
  /// The connection has ended: `done` where that ends the body, else `failed`.
  State end();
  [[nodiscard]] State state() const noexcept;
  /// Why, after `failed`.
  [[nodiscard]] std::string_view failure() const noexcept;
  /// From `body` on.
  [[nodiscard]] const HttpResponseHead& head() const noexcept;
  /// What has come of the body since the last call.
  [[nodiscard]] std::string take_body();
  /// After `done`.
  [[nodiscard]] HttpFields take_trailers();
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

/// Only the head, for a body that follows in pieces. As above; the headers bring their own Content-Type, and Date when
/// they have one. `reason` empty: the usual one.
[[nodiscard]] std::string serialize_response_head(const HttpResponseHead& head);
/// A head of a request of ours. Method, target and headers must be clean already.
[[nodiscard]] std::string serialize_request_head(std::string_view method, std::string_view target,
                                                 const HttpFields& headers);
/// A piece of a body in chunks, none for no bytes, and its end.
void append_chunk(std::string& out, std::string_view bytes);
void append_last_chunk(std::string& out, const HttpFields& trailers);

/// No line end and no NUL: cannot become another header.
[[nodiscard]] bool is_clean_header(std::string_view text) noexcept;

}  // namespace wscluster::net
