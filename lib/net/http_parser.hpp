// SPDX-License-Identifier: MIT
#pragma once

// Private to the sources of this folder: Beast's parser with what we take from it.

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <string>
#include <string_view>

#include "net/http.hpp"

namespace wscluster::net {

/// Collects head, body and trailers. The body grows until somebody takes it.
template <bool is_request>
class ParserCore final : public boost::beast::http::basic_parser<is_request> {
 public:
  using Error = boost::beast::error_code;
  using View = boost::beast::string_view;

  /// Gives it the bytes of `buffer` and takes off what it used; false when it can do nothing with the rest now.
  bool put_some(std::string& buffer, Error& failed) {
    const std::size_t used = this->put(boost::asio::buffer(buffer), failed);
    buffer.erase(0, used);
    if (failed == boost::beast::http::error::need_more) {
      failed = {};
      return false;
    }
    return !failed && used > 0;
  }

  [[nodiscard]] std::size_t count(std::string_view name) const {
    std::size_t found = 0;
    for (const auto& [key, value] : fields)
      found += iequals_ascii(key, name) ? 1 : 0;
    return found;
  }
  [[nodiscard]] std::string_view value_of(std::string_view name) const {
    const std::string* value = find_header(fields, name);
    return value == nullptr ? std::string_view() : std::string_view(*value);
  }

  /// More of a body's framing (the extensions of one chunk, all trailers) is refused. Unparsed bytes beyond
  /// most_unparsed() can only become that.
  std::size_t max_framing_bytes = 4U << 10U;
  [[nodiscard]] std::size_t most_unparsed() const noexcept { return 2 * max_framing_bytes + 64; }

  std::string method;
  std::string target;
  std::string reason;
  unsigned status = 0;
  int version = 0;  ///< 10, 11
  HttpFields fields;
  HttpFields trailers;
  std::string body;

 private:
  static bool iequals_ascii(std::string_view a, std::string_view b) { return boost::beast::iequals(a, b); }

  void on_request_impl(boost::beast::http::verb, View method_text, View target_text, int with, Error& failed) override {
    method = method_text;
    target = target_text;
    version = with;
    failed = {};
  }
  void on_response_impl(int code, View text, int with, Error& failed) override {
    status = static_cast<unsigned>(code);
    reason = text;
    version = with;
    failed = {};
  }
  void on_field_impl(boost::beast::http::field, View name, View value, Error& failed) override {
    failed = {};
    if (!this->is_header_done()) {
      fields.emplace_back(std::string(name), std::string(value));
      return;
    }
    trailer_bytes_ += name.size() + value.size() + 4;
    if (trailer_bytes_ > max_framing_bytes) failed = boost::beast::http::error::header_limit;
    trailers.emplace_back(std::string(name), std::string(value));
  }
  void on_header_impl(Error& failed) override { failed = {}; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error& failed) override { failed = {}; }
  std::size_t on_body_impl(View bytes, Error& failed) override {
    body.append(bytes.data(), bytes.size());
    failed = {};
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, View extensions, Error& failed) override {
    failed = {};
    if (extensions.size() > max_framing_bytes) failed = boost::beast::http::error::header_limit;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, Error& failed) override {
    body.append(bytes.data(), bytes.size());
    failed = {};
    return bytes.size();
  }
  void on_finish_impl(Error& failed) override { failed = {}; }

  std::size_t trailer_bytes_ = 0;
};

/// Gives a message more bytes: to its head, from where the end of that may begin, or to its body. Reader: the state of
/// RequestParser or ResponseParser.
template <class Reader>
void feed_reader(Reader& reader, std::string_view bytes) {
  using State = decltype(reader.state);
  const std::size_t before = reader.buffer.size();
  reader.buffer.append(bytes);
  if (reader.state == State::head) {
    reader.read_head(before < 3 ? 0 : before - 3);
  } else if (reader.state == State::body) {
    reader.read_body();
  }
}

/// A rule that a message breaks, and the status to answer a request with; 0: none.
struct HttpFlaw {
  unsigned status = 0;
  std::string_view text;
};

/// What Beast would let pass in a head and another parser would read differently.
[[nodiscard]] HttpFlaw check_raw_head(std::string_view head);

/// Length and transfer coding, which must leave no doubt where the body ends.
template <bool is_request>
[[nodiscard]] HttpFlaw check_lengths(const ParserCore<is_request>& message) {
  const std::size_t lengths = message.count("Content-Length");
  const std::size_t codings = message.count("Transfer-Encoding");
  if (lengths > 1) return {400, "Content-Length is given twice"};
  if (lengths > 0 && codings > 0) return {400, "both Content-Length and Transfer-Encoding are given"};
  if (message.value_of("Content-Length").find_first_not_of("0123456789") != std::string_view::npos) {
    return {400, "Content-Length is not a number"};
  }
  const bool is_chunked = codings == 1 && boost::beast::iequals(message.value_of("Transfer-Encoding"), "chunked");
  if (codings > 0 && !is_chunked) return {501, "the only Transfer-Encoding known here is chunked"};
  if (codings > 0 && message.version < 11) return {400, "HTTP/1.0 knows no Transfer-Encoding"};
  return {};
}

}  // namespace wscluster::net
