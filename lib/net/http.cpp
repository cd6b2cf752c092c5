// SPDX-License-Identifier: MIT
#include "net/http.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <ctime>
#include <optional>

namespace wscluster::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Parser = http::request_parser<http::string_body>;
using State = RequestParser::State;

struct Flaw {
  unsigned status = 0;
  std::string_view text;
};

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

bool is_token_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// What Beast would let pass and another parser would read differently.
Flaw check_raw_head(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    const char c = head[i];
    if (c == '\0') return {400, "the HTTP head holds a NUL byte"};
    if (c == '\n' && (i == 0 || head[i - 1] != '\r')) return {400, "a line of the HTTP head ends with LF alone"};
    if (c == '\r' && (i + 1 == head.size() || head[i + 1] != '\n'))
      return {400, "a line of the HTTP head ends with CR alone"};
  }
  std::size_t line = head.find("\r\n") + 2;
  while (line < head.size() && head.compare(line, 2, "\r\n") != 0) {
    const std::size_t end = head.find("\r\n", line);
    const std::string_view text = head.substr(line, end - line);
    if (text.front() == ' ' || text.front() == '\t') return {400, "a header is folded over two lines"};
    const std::size_t colon = text.find(':');
    if (colon == 0 || colon == std::string_view::npos) return {400, "a header has no name or no colon"};
    if (!std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), is_token_char)) {
      return {400, "a header name holds a character that is not allowed (a space before the colon?)"};
    }
    line = end + 2;
  }
  return {};
}

Flaw check_request_line(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::size_t last = line.rfind(' ');
  if (last == std::string_view::npos || line.find(' ') == last || std::count(line.begin(), line.end(), ' ') != 2) {
    return {400, "the request line is not METHOD TARGET VERSION"};
  }
  const std::string_view version = line.substr(last + 1);
  if (version == "HTTP/1.1" || version == "HTTP/1.0") return {};
  if (version.substr(0, 5) == "HTTP/") return {505, "only HTTP/1.1 is spoken here"};
  return {400, "the request line does not end with HTTP/1.1"};
}

Flaw check_lengths(const http::request_header<>& head) {
  const bool has_length = head.count(http::field::content_length) > 0;
  const auto chunks = head.count(http::field::transfer_encoding);
  if (head.count(http::field::content_length) > 1) return {400, "Content-Length is given twice"};
  if (has_length && chunks > 0) return {400, "both Content-Length and Transfer-Encoding are given"};
  if (chunks > 1 || (chunks == 1 && !iequals(view(head[http::field::transfer_encoding]), "chunked"))) {
    return {501, "the only Transfer-Encoding known here is chunked"};
  }
  if (chunks == 1 && head.version() < 11) return {400, "HTTP/1.0 knows no Transfer-Encoding"};
  return {};
}

/// Host once, and the target in origin form; an absolute target must name the same host and loses it.
Flaw check_target(http::request_header<>& head) {
  const auto hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) return {400, "exactly one Host header is needed"};
  const std::string target(view(head.target()));
  if (target.starts_with('/') || (target == "*" && head.method() == http::verb::options)) {
    return target.find('#') == std::string::npos ? Flaw{} : Flaw{400, "the target holds a fragment"};
  }
  const std::size_t scheme = target.find("://");
  if (scheme == std::string::npos ||
      (!iequals(target.substr(0, scheme), "http") && !iequals(target.substr(0, scheme), "https"))) {
    return {400, "the target must begin with /"};
  }
  const std::size_t path = std::min(target.find_first_of("/?", scheme + 3), target.size());
  const std::string authority = target.substr(scheme + 3, path - scheme - 3);
  if (hosts == 0 || !iequals(authority, view(head[http::field::host]))) {
    return {400, "the absolute target and the Host header name different hosts"};
  }
  const std::string rest = target.substr(path);
  head.target(rest.starts_with('/') ? rest : "/" + rest);
  return {};
}

unsigned status_of(const boost::system::error_code& failed) {
  if (failed == http::error::body_limit) return 413;
  if (failed == http::error::header_limit) return 431;
  if (failed == http::error::bad_version) return 505;
  return 400;
}

}  // namespace

struct RequestParser::Impl {
  explicit Impl(const HttpLimits& with) : limits(with), parser(std::in_place) {
    parser->header_limit(static_cast<std::uint32_t>(limits.head_bytes));
    parser->body_limit(limits.body_bytes);
  }

  void fail(unsigned code, std::string_view why) {
    state = State::failed;
    status = code;
    text = why;
  }

  bool fails(const Flaw& failure) {
    if (failure.status != 0) fail(failure.status, failure.text);
    return failure.status != 0;
  }

  bool put() {
    boost::system::error_code failed;
    const std::size_t used = parser->put(asio::buffer(buffer), failed);
    buffer.erase(0, used);
    if (failed && failed != http::error::need_more) {
      fail(status_of(failed), status_of(failed) == 413 ? "the body is over the limit" : "malformed HTTP");
      return false;
    }
    return !failed && used > 0;
  }

  void read_head(std::size_t from) {
    // Empty lines before a request are allowed between pipelined ones.
    while (buffer.starts_with("\r\n"))
      buffer.erase(0, 2), from = 0;
    const std::size_t end = buffer.find("\r\n\r\n", from);
    const std::size_t size = end == std::string::npos ? buffer.size() : end + 4;
    if (size > limits.head_bytes) return fail(431, "the HTTP head is over the limit");
    if (end == std::string::npos) return check_beginning();
    const std::string_view head(buffer.data(), size);
    if (fails(check_request_line(head)) || fails(check_raw_head(head))) return;
    parser->eager(false);
    if (!put()) {
      if (state != State::failed) fail(400, "malformed HTTP head");
      return;
    }
    if (fails(check_lengths(parser->get())) || fails(check_target(parser->get()))) return;
    if (parser->content_length().value_or(0) > limits.body_bytes) return fail(413, "the body is over the limit");
    wants_continue = parser->get().version() >= 11 && iequals(view(parser->get()[http::field::expect]), "100-continue");
    state = State::body;
    parser->eager(true);
    read_body();
  }

  /// What can never become a request is refused at once instead of at the deadline: TLS on a plain port, a bare LF.
  void check_beginning() {
    if (buffer == "\r") return;  // of an empty line before the request
    if (!buffer.empty() && !is_token_char(buffer.front())) return fail(400, "this is not HTTP");
    const std::size_t lf = buffer.find('\n');
    if (lf != std::string::npos && (lf == 0 || buffer[lf - 1] != '\r'))
      fail(400, "a line of the HTTP head ends with LF alone");
  }

  void read_body() {
    while (!parser->is_done() && put())
      continue;
    if (state == State::body && parser->is_done()) state = State::done;
  }

  HttpLimits limits;
  std::optional<Parser> parser;
  std::string buffer;
  State state = State::head;
  unsigned status = 0;
  std::string_view text;
  bool wants_continue = false;
};

RequestParser::RequestParser(const HttpLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

State RequestParser::feed(std::string_view bytes) {
  const std::size_t before = impl_->buffer.size();
  impl_->buffer.append(bytes);
  if (impl_->state == State::head) {
    impl_->read_head(before < 3 ? 0 : before - 3);
  } else if (impl_->state == State::body) {
    impl_->read_body();
  }
  return impl_->state;
}

State RequestParser::state() const noexcept {
  return impl_->state;
}
unsigned RequestParser::failure_status() const noexcept {
  return impl_->status;
}
std::string_view RequestParser::failure() const noexcept {
  return impl_->text;
}

bool RequestParser::takes_continue() noexcept {
  return std::exchange(impl_->wants_continue, false) && impl_->state == State::body;
}

HttpRequest RequestParser::take_request() {
  auto& message = impl_->parser->get();
  HttpRequest request;
  request.method = view(message.method_string());
  request.target = view(message.target());
  request.is_http11 = message.version() >= 11;
  request.keeps_alive = message.keep_alive();
  for (const auto& field : message)
    request.headers.emplace_back(view(field.name_string()), view(field.value()));
  request.body = std::move(message.body());
  return request;
}

std::string RequestParser::take_rest() {
  return std::move(impl_->buffer);
}

const std::string* find_header(const HttpFields& headers, std::string_view name) noexcept {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& header) { return iequals(header.first, name); });
  return found == headers.end() ? nullptr : &found->second;
}

std::string_view reason_phrase(unsigned status) noexcept {
  const auto text = http::obsolete_reason(http::int_to_status(status));
  return {text.data(), text.size()};
}

namespace {

std::string_view http_date() {
  thread_local std::time_t last = 0;
  thread_local std::array<char, 40> text{};
  if (const std::time_t now = std::time(nullptr); now != last) {
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    last = now;
  }
  return text.data();
}

bool is_clean(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

std::string serialize_response(unsigned status, std::string_view content_type, const HttpFields& headers,
                               std::string_view body, bool keep_alive, bool is_head) {
  std::string out;
  out.reserve(256 + body.size());
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_phrase(status)).append("\r\nDate: ");
  out.append(http_date()).append("\r\n");
  const bool may_have_body = status >= 200 && status != 204 && status != 304;
  if (may_have_body) {
    out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    if (!body.empty() && is_clean(content_type)) out.append("Content-Type: ").append(content_type).append("\r\n");
  }
  for (const auto& [name, value] : headers) {
    if (is_clean(name) && is_clean(value)) out.append(name).append(": ").append(value).append("\r\n");
  }
  out.append(keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
  if (may_have_body && !is_head) out.append(body);
  return out;
}

}  // namespace wscluster::net
