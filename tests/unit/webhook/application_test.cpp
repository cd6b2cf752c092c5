// SPDX-License-Identifier: MIT
#include "webhook/application.hpp"

#include <gtest/gtest.h>
#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>

#include "../net/sockets.hpp"
#include "net/http.hpp"
#include "net/listener.hpp"

namespace wscluster::webhook {
namespace {

using namespace std::chrono_literals;

/// An HTTP server for one request on each connection.
class Server {
 public:
  using Answer = std::function<std::string(const net::HttpRequest&)>;  ///< bytes; empty: none, and it is held

  explicit Server(Answer answer, net::TlsServer* tls = nullptr)
      : answer_(std::move(answer)),
        tls_(tls),
        listener_(core_, {"127.0.0.1", 0}, [this](const net::Accepted& accepted) { serve(accepted.descriptor); }) {
    core_.start("server");
  }
  ~Server() {
    core_.stop();
    core_.join();
  }
  [[nodiscard]] std::string url() const {
    return (tls_ == nullptr ? "http://127.0.0.1:" : "https://127.0.0.1:") +
           std::to_string(listener_.local_endpoint().port) + "/{event}";
  }
  std::vector<net::HttpRequest> requests() {
    return net::test::run_on(core_, [this] { return requests_; });
  }

 private:
  void serve(int descriptor) {
    net::Stream stream = tls_ == nullptr ? net::Stream(descriptor) : net::Stream(descriptor, *tls_);
    net::IoStatus status = stream.handshake();
    for (; status == net::IoStatus::would_block; status = stream.handshake()) {
      if (!net::test::is_readable(descriptor, 5000)) return;
    }
    if (status != net::IoStatus::ok) return;
    net::RequestParser parser({});
    net::IoStatus end = net::IoStatus::would_block;
    while (parser.state() != net::RequestParser::State::done && end == net::IoStatus::would_block &&
           net::test::is_readable(descriptor, 5000))
      parser.feed(net::test::read_all(stream, 65536, &end));
    if (parser.state() != net::RequestParser::State::done) return;
    requests_.push_back(parser.take_request());
    const std::string answer = answer_(requests_.back());
    if (answer.empty()) {
      held_.push_back(std::move(stream));
      return;
    }
    EXPECT_EQ(stream.write(answer).bytes, answer.size());
    stream.shutdown_write();
  }

  Answer answer_;
  net::TlsServer* tls_;
  std::vector<net::HttpRequest> requests_;
  std::vector<net::Stream> held_;
  net::Core core_{0};
  net::Listener listener_;
};

std::string allow(const std::string& origin = "*") {
  return net::serialize_response(200, "", {{"WebHook-Allowed-Origin", origin}}, "", false);
}

std::string say(unsigned status, std::string_view body = "", const net::HttpFields& headers = {}) {
  return net::serialize_response(status, "text/plain", headers, body, false);
}

/// An application on a core of its own, and what it replies.
class Client {
 public:
  explicit Client(const Server& server, std::uint64_t concurrency = 4, Duration timeout = 2s,
                  const std::string& ca_file = {}) {
    Options options;
    options.ca_file = ca_file;
    options.url = server.url();
    options.concurrency = concurrency;
    options.timeout = timeout;
    application = std::make_unique<Application>(core, "chat", options, 7);
    application->on_reply([this](std::uint64_t number, cluster::EventReply reply) {
      const std::lock_guard lock(mutex_);
      replies_[number] = std::move(reply);
      order_.push_back(number);
      changed_.notify_all();
    });
    core.start("client");
  }
  ~Client() {
    core.stop();
    core.join();
  }
  void send(std::uint64_t number, const std::string& event = "e", const std::string& connection = "c") {
    net::test::run_on(core, [&] {
      EXPECT_TRUE(
          application->on_event({connection, "alice", "", ""}, {event, protocol::DataType::text, "hi"}, number));
    });
  }
  std::map<std::uint64_t, cluster::EventReply> replies(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 10s, [&] { return replies_.size() >= count; }));
    return replies_;
  }
  std::vector<std::uint64_t> order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }
  std::uint64_t count(CallKind kind, CallResult result) {
    return net::test::run_on(core, [&] {
      return application->counters().calls[static_cast<std::size_t>(kind)][static_cast<std::size_t>(result)];
    });
  }

  net::Core core{1};
  std::unique_ptr<Application> application;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, cluster::EventReply> replies_;
  std::vector<std::uint64_t> order_;
};

TEST(WebhookApplication, asks_whether_it_may_call_and_then_calls) {
  Server server([](const net::HttpRequest& request) {
    return request.method == "OPTIONS" ? allow("wscluster") : say(200, "hello", {{"ce-connectionState", "s"}});
  });
  Client client(server);
  client.send(1);
  const auto replies = client.replies(1);
  EXPECT_TRUE(replies.at(1).is_done);
  EXPECT_EQ(replies.at(1).message->data, "hello");
  EXPECT_EQ(replies.at(1).state, "s");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].target, "/validate");
  EXPECT_EQ(requests[1].target, "/e");
  EXPECT_EQ(requests[1].body, "hi");
  EXPECT_NE(net::find_header(requests[1].headers, "ce-id"), nullptr);
  client.send(2);
  client.replies(2);
  EXPECT_EQ(server.requests().size(), 3U) << "allowed is allowed";
}

TEST(WebhookApplication, sends_nothing_to_who_does_not_allow_it) {
  Server server(
      [](const net::HttpRequest& request) { return request.method == "OPTIONS" ? allow("somebody.else") : say(200); });
  Client client(server);
  client.send(1);
  EXPECT_FALSE(client.replies(1).at(1).is_done);
  client.send(2);
  EXPECT_FALSE(client.replies(2).at(2).is_done);
  EXPECT_EQ(server.requests().size(), 1U) << "nor is it asked again at once";
  EXPECT_EQ(client.count(CallKind::user, CallResult::not_called), 2U);
}

TEST(WebhookApplication, events_of_a_connection_are_sent_in_order_and_see_the_state_of_the_last) {
  Server server([](const net::HttpRequest& request) {
    if (request.method == "OPTIONS") return allow();
    const std::string* state = net::find_header(request.headers, "ce-connectionState");
    return say(200, "", {{"ce-connectionState", (state == nullptr ? "" : *state) + request.target.substr(1)}});
  });
  Client client(server);
  for (std::uint64_t n = 0; n < 5; ++n)
    client.send(n, std::to_string(n));
  const auto replies = client.replies(5);
  EXPECT_EQ(client.order(), (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(replies.at(4).state, "01234");
}

TEST(WebhookApplication, one_that_hangs_costs_its_connection_the_deadline_and_others_nothing) {
  Server server([](const net::HttpRequest& request) {
    if (request.method == "OPTIONS") return allow();
    return request.target == "/hang" ? std::string() : say(204);
  });
  Client client(server, 4, 300ms);
  client.send(1, "hang", "a");
  client.send(2, "fine", "b");
  const auto replies = client.replies(2);
  EXPECT_EQ(client.order(), (std::vector<std::uint64_t>{2, 1}));
  EXPECT_FALSE(replies.at(1).is_done);
  EXPECT_EQ(client.count(CallKind::user, CallResult::timed_out), 1U);
}

TEST(WebhookApplication, who_has_no_turn_in_time_is_told_so) {
  Server server([](const net::HttpRequest& request) { return request.method == "OPTIONS" ? allow() : std::string(); });
  Client client(server, 1, 300ms);
  client.send(1, "hang", "a");
  client.send(2, "hang", "b");
  client.replies(2);
  EXPECT_EQ(client.count(CallKind::user, CallResult::timed_out), 2U);
}

TEST(WebhookApplication, too_many_are_told_at_once) {
  Server server([](const net::HttpRequest& request) { return request.method == "OPTIONS" ? allow() : std::string(); });
  Client client(server, 1, 1s);
  for (std::uint64_t n = 0; n < 40; ++n)
    client.send(n, "hang", std::to_string(n));
  client.replies(40);
  EXPECT_GE(client.count(CallKind::user, CallResult::not_called), 20U);
}

TEST(WebhookApplication, is_left_alone_after_failures_in_a_row) {
  Server server([](const net::HttpRequest& request) { return request.method == "OPTIONS" ? allow() : say(500); });
  Client client(server);
  for (std::uint64_t n = 0; n < 10; ++n)
    client.send(n);
  client.replies(10);
  EXPECT_EQ(server.requests().size(), 1 + Breaker::failures_in_a_row);
  EXPECT_EQ(client.count(CallKind::user, CallResult::failed), Breaker::failures_in_a_row);
}

TEST(WebhookApplication, a_refusal_is_its_decision_and_no_failure) {
  Server server([](const net::HttpRequest& request) { return request.method == "OPTIONS" ? allow() : say(403); });
  Client client(server);
  for (std::uint64_t n = 0; n < 10; ++n)
    client.send(n);
  const auto replies = client.replies(10);
  EXPECT_FALSE(replies.at(9).is_done);
  EXPECT_EQ(client.count(CallKind::user, CallResult::refused), 10U);
}

TEST(WebhookApplication, follows_no_redirect_and_reads_no_megabytes) {
  Server server([](const net::HttpRequest& request) {
    if (request.method == "OPTIONS") return allow();
    if (request.target == "/away") return say(302, "", {{"Location", "/elsewhere"}});
    return say(200, std::string(2U << 20U, 'x'));
  });
  Client client(server);
  client.send(1, "away", "a");
  client.send(2, "large", "b");
  const auto replies = client.replies(2);
  EXPECT_FALSE(replies.at(1).is_done);
  EXPECT_FALSE(replies.at(2).is_done);
  for (const auto& request : server.requests())
    EXPECT_NE(request.target, "/elsewhere");
}

TEST(WebhookApplication, over_tls_only_to_a_server_that_is_trusted) {
  net::TlsServer tls = net::test::tls_server();
  Server server([](const net::HttpRequest& request) { return request.method == "OPTIONS" ? allow() : say(200, "hi"); },
                &tls);
  const std::string ca = testing::TempDir() + "/wscluster_webhook_ca.pem";
  std::ofstream(ca) << net::test::certificate().certificate;
  Client trusting(server, 4, 2s, ca);
  trusting.send(1);
  EXPECT_TRUE(trusting.replies(1).at(1).is_done);
  const std::size_t before = server.requests().size();
  Client stranger(server);
  stranger.send(1);
  EXPECT_FALSE(stranger.replies(1).at(1).is_done);
  EXPECT_EQ(server.requests().size(), before) << "nothing was told to a server that may be anybody";
}

TEST(WebhookApplication, events_that_nobody_wants_are_not_taken) {
  net::Core core(0);
  Options options;
  options.url = "http://127.0.0.1:1/";
  options.user_events = {"order"};
  Application application(core, "chat", options, 7);
  EXPECT_FALSE(application.on_event({"c", "", "", ""}, {"other", protocol::DataType::text, ""}, 1));
  EXPECT_EQ(application.open(), 0U);
}

}  // namespace
}  // namespace wscluster::webhook
