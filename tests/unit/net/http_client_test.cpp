// SPDX-License-Identifier: MIT
#include "net/http_client.hpp"

#include "net/listener.hpp"
#include "sockets.hpp"

#include <gtest/gtest.h>
#include <fstream>

namespace wscluster::net {
namespace {

/// Answers the first request with fixed bytes and closes.
class OneAnswer {
 public:
  OneAnswer(std::string answer, TlsServer* tls)
      : answer_(std::move(answer)),
        listener_(core_, {"127.0.0.1", 0}, [this, tls](const Accepted& accepted) { serve(accepted, tls); }) {
    core_.start("answer");
  }
  ~OneAnswer() {
    core_.stop();
    core_.join();
  }

  std::string url(const std::string& scheme, const std::string& path) const {
    return scheme + "://127.0.0.1:" + std::to_string(listener_.local_endpoint().port) + path;
  }
  std::string request() {
    return test::run_on(core_, [this] { return request_; });
  }

 private:
  void serve(const Accepted& accepted, TlsServer* tls) {
    Stream stream = tls != nullptr ? Stream(accepted.descriptor, *tls) : Stream(accepted.descriptor);
    IoStatus status = stream.handshake();
    for (; status == IoStatus::would_block; status = stream.handshake()) {
      if (!test::is_readable(accepted.descriptor, 5000)) return;
    }
    if (status != IoStatus::ok) return;
    if (answer_.empty()) {
      held_ = std::move(stream);
      return;
    }
    request_.clear();
    IoStatus end = IoStatus::would_block;
    while (request_.find("\r\n\r\n") == std::string::npos && end == IoStatus::would_block &&
           test::is_readable(accepted.descriptor, 5000)) {
      request_ += test::read_all(stream, 4096, &end);
    }
    EXPECT_EQ(stream.write(answer_).bytes, answer_.size());
    stream.shutdown_write();
  }

  std::string answer_;
  std::string request_;
  Stream held_;
  Core core_{0};
  Listener listener_;
};

TEST(HttpCall, brings_status_headers_and_body) {
  OneAnswer server("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok", nullptr);
  const auto answer = http_call({server.url("http", "/x?y=z"), "POST", {{"X-Q", "1"}}, "body"});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 202U);
  EXPECT_EQ(answer->body, "ok");
  EXPECT_EQ(*find_header(answer->headers, "x-a"), "b");
  const std::string request = server.request();
  EXPECT_TRUE(request.starts_with("POST /x?y=z HTTP/1.1\r\nHost: 127.0.0.1:")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\nbody")) << request;
}

TEST(HttpCall, verifies_the_server_unless_told_otherwise) {
  TlsServer tls = test::tls_server();
  const std::string ca = testing::TempDir() + "/wscluster_http_ca.pem";
  std::ofstream(ca) << test::certificate().certificate;
  OneAnswer server("HTTP/1.1 200 OK\r\n\r\nuntil the end", &tls);
  HttpCall call{server.url("https", "/")};
  const auto untrusted = http_call(call);
  ASSERT_FALSE(untrusted);
  EXPECT_NE(untrusted.error().message.find("TLS failed"), std::string::npos) << untrusted.error().message;
  call.insecure = true;
  ASSERT_TRUE(http_call(call));
  call.insecure = false;
  call.ca_file = ca;
  const auto trusted = http_call(call);
  ASSERT_TRUE(trusted) << trusted.error().message;
  EXPECT_EQ(trusted->body, "until the end");
}

TEST(HttpCall, gives_up_at_the_deadline) {
  OneAnswer server("", nullptr);
  HttpCall call{server.url("http", "/")};
  call.deadline = Duration(50);
  const auto answer = http_call(call);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
}

TEST(HttpCall, refuses_a_broken_answer) {
  OneAnswer server("HELLO\r\n\r\n", nullptr);
  const auto answer = http_call({server.url("http", "/")});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::protocol);
}

TEST(HttpCall, says_closed_when_the_connection_ends_after_the_request) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", nullptr);
  const auto answer = http_call({server.url("http", "/")});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::closed);
}

TEST(HttpUrl, parses_host_port_and_target) {
  const auto url = HttpUrl::parse("https://[::1]:8443/a?b=c#d");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->is_tls);
  EXPECT_EQ(url->endpoint, (Endpoint{"::1", 8443}));
  EXPECT_EQ(url->target, "/a?b=c");
  EXPECT_EQ(HttpUrl::parse("http://h")->endpoint.port, 80);
  EXPECT_EQ(HttpUrl::parse("https://[::1]")->endpoint.port, 443);
  for (const char* bad : {"", "h:80", "ftp://h", "http://", "http://h:99999", "http://h/a b"}) {
    EXPECT_FALSE(HttpUrl::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace wscluster::net
