// SPDX-License-Identifier: MIT
#include "net/http_client.hpp"

#include "net/connect.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"

#include <poll.h>
#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

namespace wscluster::net {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t max_answer_bytes = 64U << 20U;

/// One blocking connection with a deadline.
struct Connection {
  Stream stream;
  Endpoint endpoint;
  TimePoint deadline;

  [[nodiscard]] Error failed(Errc code, std::string_view why) const {
    return error(code, endpoint.to_string() + ": " + std::string(why));
  }

  [[nodiscard]] Result<> wait(short events) const {
    const auto left = std::chrono::duration_cast<Duration>(deadline - Clock::now()).count();
    pollfd item{stream.descriptor(), events, 0};
    if (left > 0 && ::poll(&item, 1, static_cast<int>(std::min<std::int64_t>(left, 1'000'000'000))) != 0) return {};
    return failed(Errc::timed_out, "no answer in time");
  }

  [[nodiscard]] Result<> handshake() {
    for (;;) {
      const IoStatus status = stream.handshake();
      if (status == IoStatus::ok) return {};
      if (status != IoStatus::would_block)
        return failed(Errc::protocol, "TLS failed: " + std::string(stream.failure()));
      if (const auto ready = wait(stream.wants_write() ? POLLOUT : POLLIN); !ready) return ready.error();
    }
  }

  [[nodiscard]] Result<> write(std::string_view bytes) {
    while (!bytes.empty()) {
      const IoResult result = stream.write(bytes);
      if (result.status == IoStatus::failed) return failed(Errc::unavailable, stream.failure());
      bytes.remove_prefix(result.bytes);
      if (bytes.empty()) break;
      if (const auto ready = wait(POLLOUT); !ready) return ready.error();
    }
    return {};
  }

  [[nodiscard]] Result<IoResult> read(std::span<char> into) {
    for (;;) {
      const IoResult result = stream.read(into);
      if (result.status != IoStatus::would_block) return result;
      if (const auto ready = wait(POLLIN); !ready) return ready.error();
    }
  }
};

std::string request_text(const HttpCall& call, const HttpUrl& url) {
  const bool is_default_port = url.endpoint.port == (url.is_tls ? 443 : 80);
  std::string out = call.method + " " + url.target + " HTTP/1.1\r\nHost: ";
  out += is_default_port ? url.endpoint.host : url.endpoint.to_string();
  out += "\r\nConnection: close\r\nUser-Agent: wscluster\r\n";
  for (const auto& [name, value] : call.headers)
    out.append(name).append(": ").append(value).append("\r\n");
  if (!call.body.empty() || call.method == "POST" || call.method == "PUT") {
    out += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  }
  return out + "\r\n" + call.body;
}

HttpAnswer answer_from(http::response<http::string_body>& message) {
  HttpAnswer answer;
  answer.status = message.result_int();
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    answer.headers.emplace_back(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
  }
  answer.body = std::move(message.body());
  return answer;
}

Result<HttpAnswer> read_answer(Connection& connection, bool is_head) {
  http::response_parser<http::string_body> parser;
  parser.body_limit(max_answer_bytes);
  parser.skip(is_head);
  parser.eager(true);
  std::string buffer;
  std::array<char, 16'384> chunk{};
  while (!parser.is_done()) {
    const auto got = connection.read(chunk);
    if (!got) return got.error();
    boost::system::error_code failed;
    if (got->status == IoStatus::ok) {
      buffer.append(chunk.data(), got->bytes);
      std::size_t used = 0;
      do {
        used = parser.put(boost::asio::buffer(buffer), failed);
        buffer.erase(0, used);
      } while (!failed && used > 0 && !buffer.empty() && !parser.is_done());
      if (failed == http::error::need_more) failed = {};
    } else if (got->status == IoStatus::failed) {
      // The request is written: whether it was executed, nobody here knows.
      return connection.failed(Errc::closed, connection.stream.failure());
    } else {
      parser.put_eof(failed);
      if (failed || !parser.is_done()) return connection.failed(Errc::closed, "closed before the answer was complete");
    }
    if (failed) return connection.failed(Errc::protocol, "not a valid HTTP answer: " + failed.message());
  }
  return answer_from(parser.get());
}

}  // namespace

Result<HttpUrl> HttpUrl::parse(std::string_view text) {
  const auto bad = [&] {
    return error(Errc::invalid,
                 "'" + std::string(text) + "' is not a URL like http://HOST:PORT/PATH or https://HOST:PORT/PATH");
  };
  HttpUrl url;
  std::string_view rest = text;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    url.is_tls = true;
    rest.remove_prefix(8);
  } else {
    return bad();
  }
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string authority(rest.substr(0, end));
  const std::string_view target = rest.substr(end, rest.find('#') - end);
  if (!target.empty()) url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; })) return bad();
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string::npos || authority.find(']', colon) != std::string::npos)
    authority += url.is_tls ? ":443" : ":80";
  auto endpoint = Endpoint::parse(authority);
  if (!endpoint) return bad();
  url.endpoint = std::move(*endpoint);
  return url;
}

Result<HttpAnswer> http_call(const HttpCall& call) {
  const auto url = HttpUrl::parse(call.url);
  if (!url) return url.error();
  const TimePoint deadline = Clock::now() + call.deadline;
  std::optional<TlsClient> tls;
  if (url->is_tls && call.insecure) {
    tls = TlsClient::insecure();
  } else if (url->is_tls) {
    auto made = TlsClient::trusting(call.ca_file);
    if (!made) return made.error();
    tls = std::move(*made);
  }
  const auto socket = connect_blocking(url->endpoint, deadline);
  if (!socket) return socket.error();
  Connection connection{tls ? Stream(*socket, *tls, url->endpoint.host) : Stream(*socket), url->endpoint, deadline};
  if (const auto done = connection.handshake(); !done) return done.error();
  if (const auto sent = connection.write(request_text(call, *url)); !sent) return sent.error();
  return read_answer(connection, call.method == "HEAD");
}

}  // namespace wscluster::net
