// SPDX-License-Identifier: MIT
#include "net/http.hpp"
#include "net/http_parser.hpp"

#include <algorithm>
#include <utility>

namespace wscluster::net {
struct ResponseParser::Impl {
  Impl(std::size_t head_bytes, bool has_no_body) : max_head_bytes(head_bytes) {
    parser.header_limit(static_cast<std::uint32_t>(head_bytes));
    parser.body_limit(boost::none);
    parser.max_framing_bytes = head_bytes / 4;
    parser.eager(false);
    parser.skip(has_no_body);
    is_head_answer = has_no_body;
  }

  void fail(std::string_view why) {
    state = State::failed;
    text = why;
  }

  bool put() {
    boost::system::error_code failed;
    const bool goes_on = parser.put_some(buffer, failed);
    if (failed) fail("the answer is malformed HTTP");
    return goes_on;
  }

  void read_head(std::size_t from) {
    const std::size_t end = buffer.find("\r\n\r\n", from);
    const std::size_t size = end == std::string::npos ? buffer.size() : end + 4;
    if (size > max_head_bytes) return fail("the head of the answer is over the limit");
    constexpr std::string_view beginning = "HTTP/1.";
    const std::size_t known = std::min(buffer.size(), beginning.size());
    if (std::string_view(buffer).substr(0, known) != beginning.substr(0, known))
      return fail("the answer is not HTTP/1");
    if (end == std::string::npos) return;
    if (const HttpFlaw flaw = check_raw_head(std::string_view(buffer).substr(0, size)); flaw.status != 0)
      return fail(flaw.text);
    if (!put()) {
      if (state != State::failed) fail("the head of the answer is malformed HTTP");
      return;
    }
    if (const HttpFlaw flaw = check_lengths(parser); flaw.status != 0) return fail(flaw.text);
    if (parser.status < 100) return fail("the status of the answer is none");
    take_head();
    state = State::body;
    parser.eager(true);
    read_body();
  }

  void take_head() {
    head.status = parser.status;
    head.reason = std::move(parser.reason);
    head.headers = std::move(parser.fields);
    head.is_http11 = parser.version >= 11;
    head.keeps_alive = parser.keep_alive();
    if (!may_have_body(head.status) || is_head_answer) return;
    if (parser.chunked()) {
      head.framing = Framing::chunks;
    } else if (const auto length = parser.content_length()) {
      head.framing = Framing::length;
      head.length = *length;
    } else {
      head.framing = Framing::end_of_connection;
      head.keeps_alive = false;
    }
  }

  void read_body() {
    while (!parser.is_done() && put())
      continue;
    if (state != State::body) return;
    if (buffer.size() > parser.most_unparsed() && !parser.is_done())
      return fail("a chunk's head or the trailers of the answer are over the limit");
    if (parser.is_done()) state = State::done;
  }

  std::size_t max_head_bytes;
  ParserCore<false> parser;
  HttpResponseHead head;
  std::string buffer;
  State state = State::head;
  std::string_view text;
  bool is_head_answer = false;
};

ResponseParser::ResponseParser(std::size_t max_head_bytes, bool has_no_body)
    : impl_(std::make_unique<Impl>(max_head_bytes, has_no_body)) {}
ResponseParser::~ResponseParser() = default;
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;

ResponseParser::State ResponseParser::feed(std::string_view bytes) {
  feed_reader(*impl_, bytes);
  return impl_->state;
}

ResponseParser::State ResponseParser::end() {
  if (impl_->state == State::body && impl_->head.framing == Framing::end_of_connection) {
    impl_->state = State::done;
  } else if (impl_->state != State::done && impl_->state != State::failed) {
    impl_->fail(impl_->state == State::head ? "the connection ended before the answer"
                                            : "the connection ended inside the answer");
  }
  return impl_->state;
}

ResponseParser::State ResponseParser::state() const noexcept {
  return impl_->state;
}
std::string_view ResponseParser::failure() const noexcept {
  return impl_->text;
}
const HttpResponseHead& ResponseParser::head() const noexcept {
  return impl_->head;
}

std::string ResponseParser::take_body() {
  return std::exchange(impl_->parser.body, {});
}

HttpFields ResponseParser::take_trailers() {
  return std::move(impl_->parser.trailers);
}

std::string ResponseParser::take_rest() {
  return std::move(impl_->buffer);
}

}  // namespace wscluster::net
