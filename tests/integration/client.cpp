// SPDX-License-Identifier: MIT
#include "client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <type_traits>

#include "base/endpoint.hpp"
#include "child.hpp"

namespace wscluster::integration {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using Code = beast::error_code;

asio::io_context& loop() {
  static asio::io_context context(1);
  return context;
}

struct Url {
  bool is_tls = false;
  tcp::endpoint address;
  std::string host;
  std::string target;

  explicit Url(const std::string& text) {
    is_tls = text.starts_with("wss://");
    const std::string rest = text.substr(text.find("://") + 3);
    const std::size_t slash = rest.find('/');
    host = rest.substr(0, slash);
    target = slash == std::string::npos ? "/" : rest.substr(slash);
    const auto endpoint = Endpoint::parse(host);
    if (!endpoint) throw std::invalid_argument(text);
    address = {asio::ip::make_address(endpoint->host), endpoint->port};
  }
};

asio::ssl::context make_context(const Client::Options& options) {
  using asio::ssl::context;
  context tls(options.tls == Tls::v12   ? context::tlsv12_client
              : options.tls == Tls::v13 ? context::tlsv13_client
                                        : context::tls_client);
  if (!options.ca_file.empty()) {
    tls.load_verify_file(options.ca_file);
    tls.set_verify_mode(asio::ssl::verify_peer);
  }
  return tls;
}

}  // namespace

/// What does not depend on TLS.
class Client::Impl {
 public:
  virtual ~Impl() = default;
  virtual void abandon() = 0;
  virtual void close(unsigned code, const std::string& reason) = 0;
  virtual void cut() = 0;
  virtual std::string tls_version() = 0;

  void send(std::string_view text, bool is_binary) {
    outgoing.push_back({is_binary, std::string(text)});
    if (is_open && outgoing.size() == 1) write_next();
  }

  bool is_open = false;
  bool has_ended = false;
  unsigned http_status = 0;
  std::string failure;
  unsigned close_code = 0;
  std::string close_reason;
  unsigned pings = 0;
  std::deque<Frame> inbox;

 protected:
  virtual void write_next() = 0;

  std::deque<Frame> outgoing;  ///< the first is being written
};

namespace {

template <class Transport>
class Connection final : public Client::Impl, public std::enable_shared_from_this<Connection<Transport>> {
 public:
  static constexpr bool is_tls = !std::is_same_v<Transport, tcp::socket>;

  explicit Connection(const Client::Options& options)
      : url_(options.url), token_(options.token), context_(make_context(options)), stream_(make_stream()) {}

  void start() {
    socket().async_connect(url_.address, [self = this->shared_from_this()](Code ec) { self->on_connected(ec); });
  }

  void abandon() override {
    Code ignored;
    socket().close(ignored);
  }

  void cut() override {
    Code ignored;
    socket().set_option(asio::socket_base::linger(true, 0), ignored);
    socket().close(ignored);
  }

  void close(unsigned code, const std::string& reason) override {
    websocket::close_reason why;
    why.code = static_cast<std::uint16_t>(code);
    why.reason = reason;
    stream_.async_close(why, [self = this->shared_from_this()](Code ec) { self->end(ec); });
  }

  std::string tls_version() override {
    if constexpr (is_tls) return SSL_get_version(stream_.next_layer().native_handle());
    return {};
  }

 private:
  websocket::stream<Transport> make_stream() {
    if constexpr (is_tls) {
      return websocket::stream<Transport>(loop(), context_);
    } else {
      return websocket::stream<Transport>(loop());
    }
  }

  tcp::socket& socket() {
    if constexpr (is_tls) {
      return stream_.next_layer().next_layer();
    } else {
      return stream_.next_layer();
    }
  }

  void on_connected(Code ec) {
    if (ec) return end(ec);
    socket().set_option(tcp::no_delay(true));
    if constexpr (is_tls) {
      stream_.next_layer().async_handshake(asio::ssl::stream_base::client,
                                           [self = this->shared_from_this()](Code failed) { self->upgrade(failed); });
    } else {
      upgrade({});
    }
  }

  void upgrade(Code ec) {
    if (ec) return end(ec);
    if (!token_.empty()) {
      stream_.set_option(websocket::stream_base::decorator(
          [token = token_](websocket::request_type& request) { request.set("Authorization", "Bearer " + token); }));
    }
    stream_.control_callback([this](websocket::frame_type type, beast::string_view) {
      if (type == websocket::frame_type::ping) ++pings;
    });
    stream_.read_message_max(64U << 20U);
    stream_.async_handshake(answer_, url_.host, url_.target,
                            [self = this->shared_from_this()](Code failed) { self->on_upgraded(failed); });
  }

  void on_upgraded(Code ec) {
    http_status = answer_.result_int();
    if (ec) return end(ec);
    is_open = true;
    if (!outgoing.empty()) write_next();
    read_next();
  }

  void read_next() {
    stream_.async_read(buffer_, [self = this->shared_from_this()](Code ec, std::size_t) {
      if (ec) return self->end(ec);
      self->inbox.push_back({self->stream_.got_binary(), beast::buffers_to_string(self->buffer_.data())});
      self->buffer_.consume(self->buffer_.size());
      self->read_next();
    });
  }

  void write_next() override {
    stream_.binary(outgoing.front().is_binary);
    stream_.async_write(asio::buffer(outgoing.front().text), [self = this->shared_from_this()](Code ec, std::size_t) {
      if (ec) return;
      self->outgoing.pop_front();
      if (!self->outgoing.empty()) self->write_next();
    });
  }

  void end(Code ec) {
    if (has_ended) return;
    if (is_open) {
      const bool was_closed = stream_.reason().code != websocket::close_code::none;
      close_code = was_closed ? stream_.reason().code : 1006;
      close_reason = std::string(stream_.reason().reason.data(), stream_.reason().reason.size());
    }
    failure = ec.message();
    is_open = false;
    has_ended = true;
    Code ignored;
    socket().close(ignored);
  }

  const Url url_;
  const std::string token_;
  asio::ssl::context context_;
  websocket::stream<Transport> stream_;
  websocket::response_type answer_;
  beast::flat_buffer buffer_;
};

template <class Transport>
std::shared_ptr<Client::Impl> start(const Client::Options& options) {
  auto connection = std::make_shared<Connection<Transport>>(options);
  connection->start();
  return connection;
}

}  // namespace

bool wait_until(const std::function<bool()>& condition, Duration patience) {
  const TimePoint deadline = Clock::now() + scaled(patience);
  while (!condition()) {
    if (Clock::now() >= deadline) return false;
    loop().restart();
    if (loop().run_one_for(std::chrono::milliseconds(5)) > 0) loop().poll();
    if (loop().stopped()) ::usleep(2000);
  }
  return true;
}

void run_clients_for(Duration time) {
  const TimePoint end = Clock::now() + time;
  static_cast<void>(wait_until([&] { return Clock::now() >= end; }, time * 2));
}

Client::Client(const Options& options)
    : impl_(options.url.starts_with("wss://") ? start<asio::ssl::stream<tcp::socket>>(options)
                                              : start<tcp::socket>(options)) {}

Client::~Client() {
  if (impl_) impl_->abandon();
}

Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  if (impl_) impl_->abandon();
  impl_ = std::move(other.impl_);
  return *this;
}

bool Client::connect() {
  static_cast<void>(wait_until([&] { return impl_->is_open || impl_->has_ended; }));
  return impl_->is_open;
}

bool Client::is_open() const {
  return impl_->is_open;
}
bool Client::has_ended() const {
  return impl_->has_ended;
}
unsigned Client::http_status() const {
  return impl_->is_open ? 0 : impl_->http_status;
}
const std::string& Client::failure() const {
  return impl_->failure;
}
unsigned Client::close_code() const {
  return impl_->close_code;
}
const std::string& Client::close_reason() const {
  return impl_->close_reason;
}
unsigned Client::pings() const {
  return impl_->pings;
}
std::string Client::tls_version() const {
  return impl_->tls_version();
}
void Client::send(std::string_view text, bool is_binary) {
  impl_->send(text, is_binary);
}
void Client::close(unsigned code, const std::string& reason) {
  impl_->close(code, reason);
}
void Client::cut() {
  impl_->cut();
}
std::deque<Client::Frame>& Client::inbox() {
  return impl_->inbox;
}

Client::Frame Client::read() {
  if (!wait_until([&] { return !impl_->inbox.empty() || impl_->has_ended; }) || impl_->inbox.empty()) {
    ADD_FAILURE() << "no message came; " << (impl_->has_ended ? "the connection ended: " + impl_->failure : "")
                  << " close " << impl_->close_code << " " << impl_->close_reason;
    return {};
  }
  Frame frame = std::move(impl_->inbox.front());
  impl_->inbox.pop_front();
  return frame;
}

std::string Client::ask(std::string_view text) {
  send(text);
  return read().text;
}

}  // namespace wscluster::integration
