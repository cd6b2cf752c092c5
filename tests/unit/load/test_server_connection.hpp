// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "net/stream.hpp"
#include "test_server.hpp"
#include "websocket/decoder.hpp"
#include "websocket/frame.hpp"

namespace wscluster::load {

struct TestServer::Connection final : websocket::Sink {
  Connection(TestServer& owner, net::Stream opened) : server(owner), stream(std::move(opened)) {}

  bool on_message(websocket::MessageKind kind, std::string_view payload) override {
    opcode = kind == websocket::MessageKind::text ? websocket::Opcode::text : websocket::Opcode::binary;
    if (!is_closing || server.faults_.executes_after_close) server.take(*this, payload);
    return true;
  }
  bool on_ping(std::string_view /*payload*/) override { return true; }
  bool on_pong(std::string_view /*payload*/) override { return true; }
  void on_close(std::uint16_t code, std::string_view /*reason*/) override {
    if (!is_closing) websocket::append_close(out, code, {});
    is_closing = true;
    has_ended = true;
  }

  TestServer& server;
  net::Stream stream;
  websocket::Decoder decoder{websocket::Role::server};
  std::string head;
  std::string out;
  std::string uid;
  std::string session;  ///< of the subprotocol
  std::string held;     ///< an echo that is to come after the next one
  websocket::Opcode opcode = websocket::Opcode::text;
  bool is_secure = false;
  bool is_open = false;
  bool is_closing = false;
  bool has_ended = false;
};

}  // namespace wscluster::load
