// SPDX-License-Identifier: MIT
#include "test_server_connection.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/text.hpp"
#include "load/reliable.hpp"
#include "net/address.hpp"
#include "protocol/envelope.hpp"
#include "protocol/relay.hpp"
#include "websocket/handshake.hpp"

namespace wscluster::load {

namespace {

std::string header_of(const std::string& head, const std::string& name) {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

}  // namespace

TestServer::TestServer(Speaks speaks, Faults faults, const net::SelfSigned* certificate)
    : speaks_(speaks), faults_(faults) {
  if (certificate != nullptr) tls_ = net::TlsServer::from_pem(certificate->certificate, certificate->key).value();
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 512) != 0) {
    throw std::runtime_error("cannot listen");
  }
  port_ = net::local_port(listener_);
  wakeup_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  thread_ = std::thread([this] { serve(); });
}

TestServer::~TestServer() {
  stopping_ = true;
  ::eventfd_write(wakeup_, 1);
  thread_.join();
  connections_.clear();
  ::close(listener_);
  ::close(wakeup_);
}

std::string TestServer::url() const {
  return (tls_ ? "wss://127.0.0.1:" : "ws://127.0.0.1:") + std::to_string(port_) + "/chat";
}

void TestServer::close_some(unsigned count, std::uint16_t code, std::string reason) {
  const std::scoped_lock lock(mutex_);
  orders_.push_back({count, code, std::move(reason)});
  ::eventfd_write(wakeup_, 1);
}

std::string TestServer::last_authorization() const {
  const std::scoped_lock lock(mutex_);
  return authorization_;
}

std::vector<std::string> TestServer::uids() const {
  const std::scoped_lock lock(mutex_);
  return uids_;
}

void TestServer::serve() {
  while (!stopping_) {
    std::vector<pollfd> waiting{{listener_, POLLIN, 0}, {wakeup_, POLLIN, 0}};
    for (const auto& connection : connections_) {
      const bool writes = !connection->out.empty() || connection->stream.wants_write();
      waiting.push_back({connection->stream.descriptor(), static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN), 0});
    }
    ::poll(waiting.data(), waiting.size(), -1);
    eventfd_t ignored = 0;
    ::eventfd_read(wakeup_, &ignored);
    std::vector<CloseOrder> orders;
    {
      const std::scoped_lock lock(mutex_);
      orders.swap(orders_);
    }
    for (const auto& order : orders)
      obey(order);
    for (std::size_t i = 0; i + 2 < waiting.size(); ++i) {
      if (waiting[i + 2].revents != 0) advance(*connections_[i]);
    }
    for (auto& connection : connections_) {
      if (connection->out.empty() || !connection->stream.is_open()) continue;
      const auto sent = connection->stream.write(connection->out);
      connection->out.erase(0, sent.bytes);
      if (sent.status == net::IoStatus::failed) connection->stream.close();
      if (connection->has_ended && connection->out.empty()) connection->stream.shutdown_write();
    }
    std::erase_if(connections_, [this](const auto& connection) {
      if (connection->stream.is_open()) return false;
      const auto known = by_uid_.find(connection->uid);
      if (known != by_uid_.end() && known->second == connection.get()) by_uid_.erase(known);
      const auto session = sessions_.find(connection->session);
      if (session != sessions_.end() && session->second.connection == connection.get())
        session->second.connection = nullptr;
      return true;
    });
    if ((waiting[0].revents & POLLIN) != 0) accept();
  }
}

void TestServer::accept() {
  for (;;) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return;
    net::Stream stream = tls_ ? net::Stream(descriptor, *tls_) : net::Stream(descriptor);
    connections_.push_back(std::make_unique<Connection>(*this, std::move(stream)));
  }
}

void TestServer::advance(Connection& connection) {
  if (!connection.is_secure) {
    const auto status = connection.stream.handshake();
    if (status == net::IoStatus::failed || status == net::IoStatus::closed) connection.stream.close();
    if (status != net::IoStatus::ok) return;
    connection.is_secure = true;
  }
  std::array<char, 16'384> buffer{};
  while (connection.stream.is_open()) {
    const auto got = connection.stream.read(buffer);
    if (got.status == net::IoStatus::would_block) return;
    if (got.status != net::IoStatus::ok) return connection.stream.close();
    if (!connection.is_open) {
      connection.head.append(buffer.data(), got.bytes);
      if (connection.head.ends_with("\r\n\r\n")) upgrade(connection);
      continue;
    }
    if (!connection.decoder.feed({buffer.data(), got.bytes}, connection).ok()) connection.stream.close();
  }
}

void TestServer::upgrade(Connection& connection) {
  ++attempts_;
  const bool is_refused = faults_.refuse_connect != 0 && attempts_ % faults_.refuse_connect == 0;
  if (refusals_ > 0 || is_refused) {
    if (refusals_ > 0) --refusals_;
    connection.out = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    connection.has_ended = true;
    return;
  }
  const auto at = connection.head.find("uid=");
  if (at != std::string::npos) {
    const auto end = connection.head.find_first_of("& ", at);
    connection.uid = percent_decode(connection.head.substr(at + 4, end - at - 4)).value_or("");
  }
  const bool has_groups = speaks_ == Speaks::groups;
  connection.out = websocket::upgrade_response(websocket::accept_key(header_of(connection.head, "Sec-WebSocket-Key")),
                                               has_groups ? reliable_subprotocol : std::string_view());
  connection.is_open = true;
  by_uid_[connection.uid] = &connection;
  for (const auto& text : std::exchange(queued_[connection.uid], {}))
    send(connection, text);
  if (has_groups) begin_session(connection);
  const std::scoped_lock lock(mutex_);
  authorization_ = header_of(connection.head, "Authorization");
  uids_.push_back(connection.uid);
}

void TestServer::send(Connection& connection, std::string_view payload) {
  websocket::append_frame(connection.out, connection.opcode, true, payload);
}

void TestServer::take(Connection& connection, std::string_view payload) {
  ++number_;
  if (speaks_ == Speaks::groups) return take_frame(connection, payload);
  if (speaks_ == Speaks::relay) return relay(connection, payload);
  if (connection.is_closing || strikes(faults_.lose)) return;
  if (strikes(faults_.swap) && connection.held.empty()) {
    connection.held = payload;
    return;
  }
  send(connection, payload);
  if (strikes(faults_.duplicate)) send(connection, payload);
  if (!connection.held.empty()) send(connection, std::exchange(connection.held, {}));
}

void TestServer::relay(Connection& connection, std::string_view payload) {
  const auto request = protocol::parse_relay(payload);
  if (!request) return send(connection, protocol::relay_error("invalid", request.error().message));
  if (strikes(faults_.ignore)) return;
  std::string packed;
  protocol::append_group_envelope(packed, "user:" + request->to, protocol::DataType::json, request->data,
                                  strikes(faults_.wrong_sender) ? "somebody" : connection.uid);
  std::string text;
  protocol::append_relayed(text, protocol::open_envelope(packed).value());
  const bool is_here = by_uid_.contains(request->to);
  const bool is_silent = strikes(faults_.lose) || strikes(faults_.offline);
  const std::string& recipient = strikes(faults_.misdeliver) ? connection.uid : request->to;
  auto& held = swapped_[recipient];
  if (strikes(faults_.swap) && held.empty()) {
    held = text;
  } else if (!is_silent) {
    deliver(recipient, text);
    if (strikes(faults_.duplicate)) deliver(recipient, text);
    if (!held.empty()) deliver(recipient, std::exchange(held, {}));
  }
  if (strikes(faults_.keep_receipt) || connection.is_closing) return;
  protocol::ReceiptText receipt;
  receipt.to = request->to;
  receipt.status = strikes(faults_.deny) || strikes(faults_.offline) ? "offline" : is_here ? "delivered" : "queued";
  receipt.sessions = 1;
  const bool has_moved = has_changed_ && (request->to.back() - '0') % 2 != 0;
  receipt.node = has_moved || strikes(faults_.other_node) ? "node-2" : "node-1";
  receipt.epoch = has_changed_ ? 43 : 42;
  send(connection, protocol::relay_receipt(request->id, receipt));
}

void TestServer::deliver(const std::string& uid, const std::string& text) {
  const auto known = by_uid_.find(uid);
  if (known == by_uid_.end() || known->second->is_closing) {
    queued_[uid].push_back(text);
  } else {
    send(*known->second, text);
  }
}

void TestServer::obey(const CloseOrder& order) {
  unsigned left = order.count;
  for (auto& connection : connections_) {
    if (left == 0 || !connection->is_open || connection->is_closing) continue;
    --left;
    connection->is_closing = true;
    if (order.code == websocket::CloseCode::abnormal) {
      connection->stream.close();
    } else {
      websocket::append_close(connection->out, order.code, order.reason);
    }
  }
}

}  // namespace wscluster::load
