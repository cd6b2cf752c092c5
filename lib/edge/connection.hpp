// SPDX-License-Identifier: MIT
#pragma once

#include "edge/edge.hpp"
#include "edge/outbox.hpp"
#include "net/http.hpp"
#include "net/poller.hpp"
#include "net/stream.hpp"
#include "websocket/decoder.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace wscluster::edge {

enum class Phase : std::uint8_t {
  free,          ///< the slot is not in use (or waits for the end of the turn)
  fresh,         ///< adopted by a TLS listener; the first record has not come
  queued,        ///< has begun its TLS handshake and waits for its turn
  handshake,     ///< TLS
  idle,          ///< between HTTP requests, no byte of the next one
  head,          ///< inside an HTTP head
  body,          ///< inside an HTTP body
  waiting,       ///< the application has the request
  streaming,     ///< the application has the head; body and answer pass in pieces
  answering,     ///< the response is on its way
  websocket,     ///< open
  closing,       ///< our Close is queued or sent, the client's is awaited
  taking_leave,  ///< the kernel has no room for close_notify yet
  lingering,  ///< nothing to say any more: reads until the client's end, so that the kernel does not reset what we said
};

/// What a connection needs only while it speaks HTTP; gone after the 101.
struct HttpSide {
  HttpSide(const net::HttpLimits& limits, net::StreamsBody streams_body) : parser(limits, std::move(streams_body)) {}

  net::RequestParser parser;
  std::string early;  ///< bytes behind the request: the next one, or frames sent before the 101
  std::string websocket_key;
  bool is_upgrade = false;
  TimePoint asked_at{};  ///< of an upgrade: when its head was complete
  bool is_head = false;
  bool keeps_alive = false;
  bool is_http11 = true;
  // Of a request that streams.
  bool has_whole_body = false;
  bool has_begun = false;  ///< the head of the answer is queued
  bool is_paused = false;
  net::Framing framing = net::Framing::none;  ///< of the answer
  // For the access log; method is empty where there is none, or all is said.
  std::string method;
  std::string path;    ///< without the query, which may hold a token
  std::string client;  ///< see Application::client_of()
  std::int64_t began = 0;
  std::uint64_t bytes_in_before = 0;
  std::uint64_t bytes_out_before = 0;
  unsigned status = 0;
};

/// One client. Lives in a page of the edge's slab at a fixed address, so a callback may end its own connection.
struct Connection final : net::Watcher {
  void on_ready(bool readable, bool writable) override;

  Edge::State* edge = nullptr;
  net::Stream stream;
  std::unique_ptr<HttpSide> http;
  std::unique_ptr<Outbox> out;
  std::optional<websocket::Decoder> decoder;
  std::string peer;
  std::uint64_t frames_written = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::int64_t opened = 0;    ///< when it became a WebSocket
  std::int64_t used = 0;      ///< when a message last came or was sent; pings do not count
  std::int64_t since = 0;     ///< milliseconds of the edge's clock: when the phase began
  std::int64_t heard = 0;     ///< when bytes last came
  std::int64_t progress = 0;  ///< when the kernel last took bytes, or the queue began
  std::int64_t ping_due = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  std::uint16_t close_code = 0;
  Phase phase = Phase::free;
  CloseReason reason = CloseReason::http_done;
  bool is_known = false;  ///< the application has the id and will get on_gone()
  bool is_tls = false;    ///< of a TLS listener, also before the handshake
  bool is_loopback = false;
  bool is_dirty = false;          ///< stands in the list of what is to be flushed
  bool is_handshake_due = false;  ///< stands in the list of handshakes to continue
  bool is_parked = false;         ///< inside its TLS handshake, waiting for its client
  bool is_registered = false;     ///< with the poller
  bool waits_readable = false;
  bool waits_writable = false;
  bool is_paused = false;
  bool ends_after_flush = false;  ///< close when the queue is empty
  bool has_peer_ended = false;    ///< the client will send no more
};

static_assert(sizeof(Connection) <= 384);

}  // namespace wscluster::edge
