// SPDX-License-Identifier: MIT
#include "fixture.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace wscluster::edge {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

/// A client that shares no code with the server: Beast's WebSocket on asio::ssl.
template <class Stream>
void echo_and_close(Stream& socket) {
  socket.handshake("localhost", "/beast");
  for (const std::size_t size : {0U, 10U, 70'000U, 500'000U}) {
    const std::string sent(size, 'b');
    socket.binary(true);
    socket.write(asio::buffer(sent));
    beast::flat_buffer buffer;
    socket.read(buffer);
    EXPECT_TRUE(socket.got_binary());
    EXPECT_TRUE(beast::buffers_to_string(buffer.data()) == sent);
  }
  socket.auto_fragment(true);
  socket.write_buffer_bytes(64);
  socket.text(true);
  socket.write(asio::buffer(std::string(1000, 'f')));
  beast::flat_buffer buffer;
  EXPECT_EQ(socket.read(buffer), 1000U);
  EXPECT_TRUE(socket.got_text());
  socket.close({beast::websocket::close_code::going_away, "leaving"});
  EXPECT_EQ(socket.reason().code, beast::websocket::close_code::going_away);
}

tcp::endpoint address_of(const test::Server& server) {
  return {asio::ip::make_address("127.0.0.1"), server.endpoint().port};
}

TEST(BeastClient, speaks_plain_websocket_with_the_edge) {
  test::Server server(false);
  asio::io_context context;
  beast::websocket::stream<tcp::socket> socket(context);
  socket.next_layer().connect(address_of(server));
  echo_and_close(socket);
  EXPECT_TRUE(server.sees("gone client 1001"));
}

TEST(BeastClient, speaks_websocket_over_tls_12_and_13_with_the_edge) {
  for (const auto method : {asio::ssl::context::tlsv12_client, asio::ssl::context::tlsv13_client}) {
    test::Server server(true);
    asio::io_context context;
    asio::ssl::context tls(method);
    tls.add_certificate_authority(asio::buffer(test::certificate().certificate));
    tls.set_verify_mode(asio::ssl::verify_peer);
    beast::websocket::stream<asio::ssl::stream<tcp::socket>> socket(context, tls);
    socket.next_layer().next_layer().connect(address_of(server));
    socket.next_layer().handshake(asio::ssl::stream_base::client);
    echo_and_close(socket);
    EXPECT_TRUE(server.sees("gone client 1001"));
  }
}

TEST(BeastClient, reads_the_close_of_the_edge) {
  test::Server server(false);
  asio::io_context context;
  beast::websocket::stream<tcp::socket> socket(context);
  socket.next_layer().connect(address_of(server));
  socket.handshake("localhost", "/");
  const ConnectionId id = server.last_id();
  server.run([&] { server.edge->close(id, 1012, "epoch=2", CloseReason::evicted); });
  beast::flat_buffer buffer;
  beast::error_code failed;
  socket.read(buffer, failed);
  EXPECT_EQ(failed, beast::websocket::error::closed);
  EXPECT_EQ(socket.reason().code, 1012);
  EXPECT_EQ(socket.reason().reason, "epoch=2");
  EXPECT_TRUE(server.sees("gone evicted 1012"));
}

}  // namespace
}  // namespace wscluster::edge
