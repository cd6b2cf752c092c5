// SPDX-License-Identifier: MIT
#include "net/http.hpp"

#include "base/text.hpp"
#include "net/http_parser.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <ctime>
#include <optional>

namespace wscluster::net {
namespace {

namespace http = boost::beast::http;
using Parser = ParserCore<true>;
using Flaw = HttpFlaw;

bool is_token_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
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

/// Host once, and the target in origin form; an absolute target must name the same host and loses it.
Flaw check_target(Parser& head) {
  const auto hosts = head.count("Host");
  if (hosts > 1 || (hosts == 0 && head.version >= 11)) return {400, "exactly one Host header is needed"};
  const std::string target = head.target;
  if (target.starts_with('/') || (target == "*" && head.method == "OPTIONS")) {
    return target.find('#') == std::string::npos ? Flaw{} : Flaw{400, "the target holds a fragment"};
  }
  const std::size_t scheme = target.find("://");
  if (scheme == std::string::npos ||
      (!iequals(target.substr(0, scheme), "http") && !iequals(target.substr(0, scheme), "https"))) {
    return {400, "the target must begin with /"};
  }
  const std::size_t path = std::min(target.find_first_of("/?", scheme + 3), target.size());
  const std::string authority = target.substr(scheme + 3, path - scheme - 3);
  if (hosts == 0 || !iequals(authority, head.value_of("Host"))) {
    return {400, "the absolute target and the Host header name different hosts"};
  }
  const std::string rest = target.substr(path);
  head.target = rest.starts_with('/') ? rest : "/" + rest;
  return {};
}

unsigned status_of(const boost::system::error_code& failed) {
  if (failed == http::error::body_limit) return 413;
  if (failed == http::error::header_limit) return 431;
  if (failed == http::error::bad_version) return 505;
  return 400;
}

}  // namespace

HttpFlaw check_raw_head(std::string_view head) {
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

struct RequestParser::Impl {
  Impl(const HttpLimits& with, StreamsBody asked) : limits(with), asks(std::move(asked)) {
    parser.header_limit(static_cast<std::uint32_t>(limits.head_bytes));
    parser.body_limit(boost::none);
    parser.max_framing_bytes = limits.head_bytes / 4;
    parser.eager(false);
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
    const bool goes_on = parser.put_some(buffer, failed);
    if (failed) fail(status_of(failed), "malformed HTTP");
    return goes_on;
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
    if (!put()) {
      if (state != State::failed) fail(400, "malformed HTTP head");
      return;
    }
    if (fails(check_lengths(parser)) || fails(check_target(parser))) return;
    request = take_head();
    is_streamed = asks && asks(request);
    if (!is_streamed && parser.content_length().value_or(0) > limits.body_bytes)
      return fail(413, "the body is over the limit");
    wants_continue = parser.version >= 11 && iequals(parser.value_of("Expect"), "100-continue");
    state = State::body;
    parser.eager(true);
    read_body();
  }

  HttpRequest take_head() {
    HttpRequest head;
    head.method = std::move(parser.method);
    head.target = std::move(parser.target);
    head.is_http11 = parser.version >= 11;
    head.keeps_alive = parser.keep_alive();
    head.is_chunked = parser.chunked();
    head.headers = parser.fields;
    return head;
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
    while (!parser.is_done() && put())
      continue;
    if (state != State::body) return;
    if (!is_streamed && parser.body.size() > limits.body_bytes) return fail(413, "the body is over the limit");
    // Chunks hide their overhead from the limit of the body.
    if (buffer.size() > parser.most_unparsed() && !parser.is_done())
      return fail(431, "a chunk's head or the trailers are over the limit");
    if (parser.is_done()) state = State::done;
  }

  HttpLimits limits;
  StreamsBody asks;
  Parser parser;
  HttpRequest request;
  std::string buffer;
  State state = State::head;
  unsigned status = 0;
  std::string_view text;
  bool wants_continue = false;
  bool is_streamed = false;
};

RequestParser::RequestParser(const HttpLimits& limits, StreamsBody streams_body)
    : impl_(std::make_unique<Impl>(limits, std::move(streams_body))) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

RequestParser::State RequestParser::feed(std::string_view bytes) {
  feed_reader(*impl_, bytes);
  return impl_->state;
}

RequestParser::State RequestParser::state() const noexcept {
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
  if (!impl_->is_streamed) impl_->request.body = std::move(impl_->parser.body);
  return std::move(impl_->request);
}

bool RequestParser::is_streamed() const noexcept {
  return impl_->is_streamed;
}

std::string RequestParser::take_body() {
  return std::exchange(impl_->parser.body, {});
}

HttpFields RequestParser::take_trailers() {
  return std::move(impl_->parser.trailers);
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
  if (status == 103) return "Early Hints";  // Beast does not know it
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

}  // namespace

bool is_clean_header(std::string_view text) noexcept {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string serialize_response(unsigned status, std::string_view content_type, const HttpFields& headers,
                               std::string_view body, bool keep_alive, bool is_head) {
  std::string out;
  out.reserve(256 + body.size());
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_phrase(status)).append("\r\nDate: ");
  out.append(http_date()).append("\r\n");
  if (may_have_body(status)) {
    out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    if (!body.empty() && is_clean_header(content_type))
      out.append("Content-Type: ").append(content_type).append("\r\n");
  }
  for (const auto& [name, value] : headers) {
    if (is_clean_header(name) && is_clean_header(value)) out.append(name).append(": ").append(value).append("\r\n");
  }
  out.append(keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
  if (may_have_body(status) && !is_head) out.append(body);
  return out;
}

std::string serialize_response_head(const HttpResponseHead& head) {
  std::string out;
  out.reserve(512);
  out.append("HTTP/1.1 ").append(std::to_string(head.status)).append(" ");
  out.append(head.reason.empty() || !is_clean_header(head.reason) ? reason_phrase(head.status) : head.reason);
  out.append("\r\n");
  if (head.status >= 200 && find_header(head.headers, "Date") == nullptr)
    out.append("Date: ").append(http_date()).append("\r\n");
  for (const auto& [name, value] : head.headers) {
    if (is_clean_header(name) && is_clean_header(value)) out.append(name).append(": ").append(value).append("\r\n");
  }
  if (head.framing == Framing::length)
    out.append("Content-Length: ").append(std::to_string(head.length)).append("\r\n");
  if (head.framing == Framing::chunks) out.append("Transfer-Encoding: chunked\r\n");
  if (head.status >= 200) out.append(head.keeps_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
  return out.append("\r\n");
}

std::string serialize_request_head(std::string_view method, std::string_view target, const HttpFields& headers) {
  std::string out;
  out.reserve(512);
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  for (const auto& [name, value] : headers)
    out.append(name).append(": ").append(value).append("\r\n");
  return out.append("\r\n");
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  std::array<char, 17> size{};
  const auto [end, failed] = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16);
  out.append(size.data(), end).append("\r\n").append(bytes).append("\r\n");
}

void append_last_chunk(std::string& out, const HttpFields& trailers) {
  out += "0\r\n";
  for (const auto& [name, value] : trailers) {
    if (is_clean_header(name) && is_clean_header(value)) out.append(name).append(": ").append(value).append("\r\n");
  }
  out += "\r\n";
}

}  // namespace wscluster::net
