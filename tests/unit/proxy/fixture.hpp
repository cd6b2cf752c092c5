// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../edge/fixture.hpp"
#include "proxy/forwarding.hpp"
#include "proxy/proxy.hpp"
#include "ring/key.hpp"

namespace wscluster::proxy::test {

using edge::test::Client;
using edge::test::Server;

/// A gateway of one core for the service "shop": every request goes there, for the user in ?user= if there is one.
class Gateway final : public edge::Application {
 public:
  explicit Gateway(const edge::Options& edge_options = {}) {
    edge_ = std::make_unique<edge::Edge>(core, edge_options, *this);
    proxy = std::make_unique<Proxy>(core, *edge_, 1, edge_options.max_message_bytes);
    listener_ = std::make_unique<net::Listener>(core, Endpoint{"127.0.0.1", 0}, [this](net::Accepted accepted) {
      edge_->adopt(accepted.descriptor, std::move(accepted.peer), accepted.is_loopback, false);
    });
    core.start("gateway");
  }
  ~Gateway() override {
    run([this] {
      listener_.reset();
      proxy.reset();
      edge_.reset();
    });
  }

  /// The servers by name; each new set is a new epoch.
  void serve(const std::map<std::string, Endpoint>& servers, const Options& options = {}) {
    auto service = std::make_shared<Service>();
    service->name = "shop";
    service->options = options;
    service->epoch = ++epoch_;
    std::vector<ring::Member> members;
    for (const auto& [name, endpoint] : servers) {
      service->targets.push_back({name, endpoint, 1});
      ring::Member member;
      member.name = name;
      member.incarnation = 1;
      members.push_back(member);
    }
    service->ring = ring::HashRing(members, 0);
    last = service;
    run([&] { proxy->adopt(std::make_shared<const Table>(Table{{"shop", service}})); });
  }
  [[nodiscard]] std::string owner_of(const std::string& user) const {
    return last->ring.owner_of(ring::hash_uid(user, 0))->name;
  }
  [[nodiscard]] std::string user_of(const std::string& server) const {
    for (int i = 0;; ++i) {
      if (owner_of("user" + std::to_string(i)) == server) return "user" + std::to_string(i);
    }
  }

  template <class Function>
  std::invoke_result_t<Function> run(Function function) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto result = task.get_future();
    core.post([&task] { task(); });
    return result.get();
  }
  template <class Predicate>
  bool eventually(Predicate predicate) {
    const TimePoint end = Clock::now() + Duration(10'000);
    while (!run(predicate)) {
      if (Clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  ServiceReport report() {
    return run([this] { return proxy->report()["shop"]; });
  }
  std::unique_ptr<Client> connect(int receive_buffer = 0) {
    return std::make_unique<Client>(listener_->local_endpoint(), false, receive_buffer);
  }
  std::size_t connections() {
    return run([this] { return edge_->size(); });
  }

  net::Core core{0};
  std::unique_ptr<Proxy> proxy;
  std::shared_ptr<const Service> last;

 private:
  bool streams(const net::HttpRequest&) override { return true; }
  Call call_of(edge::ConnectionId id, const edge::Request& request) {
    Call call;
    call.id = id;
    call.method = request.method;
    call.target = request.target;
    Provenance from;
    from.host = request.header("Host").value_or("");
    from.request_id = "r";
    if (const auto user = request.parameter("user")) call.user = *user;
    call.headers = request_headers(request.headers, from, request.peer, "X-Wscluster-Uid", call.user);
    if (request.is_chunked) {
      call.length.reset();
    } else if (const auto length = request.header("Content-Length")) {
      call.length = std::strtoull(std::string(*length).c_str(), nullptr, 10);
    }
    if (const auto offered = request.header("Sec-WebSocket-Protocol")) call.subprotocols.emplace_back(*offered);
    return call;
  }
  void on_request(edge::ConnectionId id, edge::Request request) override {
    proxy->request("shop", call_of(id, request));
  }
  void on_upgrade(edge::ConnectionId id, edge::Request request) override {
    proxy->upgrade("shop", call_of(id, request));
  }
  void on_body(edge::ConnectionId id, std::string_view bytes, bool is_last) override {
    proxy->on_body(id, bytes, is_last);
  }
  void on_drained(edge::ConnectionId id) override { proxy->on_drained(id); }
  void on_message(edge::ConnectionId id, websocket::MessageKind kind, std::string_view payload) override {
    proxy->on_message(id, kind == websocket::MessageKind::binary, payload);
  }
  void on_written(edge::ConnectionId id, std::uint64_t) override { proxy->on_written(id); }
  void on_gone(edge::ConnectionId id, edge::CloseReason, std::uint16_t code) override { proxy->on_gone(id, code); }

  std::unique_ptr<edge::Edge> edge_;
  std::unique_ptr<net::Listener> listener_;
  std::uint64_t epoch_ = 0;
};

/// Accepts connections and says to each request head the same bytes, then closes if it is to.
class Script {
 public:
  Script(std::string answer, bool closes) : answer_(std::move(answer)), closes_(closes) {
    listener_ = std::make_unique<net::Listener>(core_, Endpoint{"127.0.0.1", 0}, [this](const net::Accepted& accepted) {
      descriptors_.push_back(accepted.descriptor);
      threads_.emplace_back([this, fd = accepted.descriptor] { talk(fd); });
    });
    core_.start("script");
  }
  ~Script() {
    std::promise<void> done;
    core_.post([&] {
      listener_.reset();
      for (const int fd : descriptors_)
        ::shutdown(fd, SHUT_RDWR);
      done.set_value();
    });
    done.get_future().wait();
    for (std::thread& thread : threads_)
      thread.join();
  }
  [[nodiscard]] Endpoint endpoint() const { return listener_->local_endpoint(); }

 private:
  void talk(int fd) {
    net::Stream stream(fd);
    std::string got;
    std::array<char, 4096> buffer{};
    for (int quiet = 0; quiet < 100;) {
      const auto read = stream.read(buffer);
      if (read.status == net::IoStatus::would_block) {
        pollfd item{fd, POLLIN, 0};
        quiet += ::poll(&item, 1, 50) == 0 ? 1 : 0;
        continue;
      }
      if (read.status != net::IoStatus::ok) return;
      got.append(buffer.data(), read.bytes);
      if (got.find("\r\n\r\n") == std::string::npos) continue;
      got.clear();
      static_cast<void>(stream.write(answer_));
      if (closes_) return;
    }
  }

  std::string answer_;
  bool closes_;
  net::Core core_{1};
  std::vector<int> descriptors_;
  std::vector<std::thread> threads_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace wscluster::proxy::test
