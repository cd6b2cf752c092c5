// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "edge/options.hpp"
#include "metrics/histogram.hpp"
#include "net/certificate.hpp"
#include "websocket/frame.hpp"

namespace wscluster::net {
class Core;
class TlsServer;
class Stream;
struct HttpRequest;
}  // namespace wscluster::net

namespace wscluster::edge {

/// Names one client connection of one core: slot and generation, so an id of an ended connection never meets a new one.
/// Never 0.
using ConnectionId = std::uint64_t;

/// One parsed HTTP request. Owned by the callee of on_request / on_upgrade.
struct Request {
  std::string method;
  std::string target;                                        ///< as received, with query
  std::string path;                                          ///< still percent-encoded: split first, decode after
  std::vector<std::pair<std::string, std::string>> query;    ///< decoded, in order
  std::vector<std::pair<std::string, std::string>> headers;  ///< names as received
  std::string body;
  std::string peer;  ///< address of the client, without port
  bool is_tls = false;
  bool is_loopback = false;  ///< the peer is on this host
  bool is_http11 = true;
  bool is_chunked = false;  ///< of one that streams: the length of the body is not known
  std::optional<net::ClientCertificate> client_certificate;  ///< found good by the TLS handshake

  /// First header of that name (case-insensitive) or query parameter of that name.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
  /// All headers of that name as one list, as RFC 9110 section 5.3 reads them; empty: none.
  [[nodiscard]] std::string list(std::string_view name) const;
};

/// The head of an answer whose body follows in pieces.
struct ResponseHead {
  unsigned status = 200;
  std::string reason;  ///< empty: the usual one
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::uint64_t> length;  ///< not known: in chunks, or, to HTTP/1.0, until the end of the connection
};

struct Response {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  bool close = false;  ///< end the connection after it
};

/// Why a connection ended. One per connection; logged and counted in one place. Persistent names (metrics).
enum class CloseReason : std::uint8_t {
  client,          ///< the client closed or went away in order
  evicted,         ///< the ring changed (1012)
  drain,           ///< this process stops
  idle,            ///< no frame and no pong for the idle time
  slow_consumer,   ///< did not read what was sent
  protocol_error,  ///< broke RFC 6455 or HTTP
  limit,           ///< of messages, heads, connections, memory
  handshake,       ///< TLS or HTTP head did not complete in time or failed
  refused,         ///< answered with an HTTP error
  transport,       ///< reset or TLS failure in the middle
  application,     ///< the holder or application asked for it
  http_done,       ///< an HTTP connection that never became a WebSocket ended in order
  upstream,        ///< the application server behind us closed, or has gone
};
[[nodiscard]] const char* to_string(CloseReason reason) noexcept;
/// The letter of the access log: C client, E evicted, D drain, I idle, S slow consumer, P protocol, L limit, H
/// handshake, R refused, X transport, A application, U upstream, - in order. Persistent.
[[nodiscard]] char cause_of(CloseReason reason) noexcept;

/// The upper half of the edge: routing in the gateway, sessions in the node. Lives on the same core. Callbacks never
/// nest inside a call to Edge by the application itself, except on_written (which may come from a flush).
class Application {
 public:
  virtual ~Application() = default;
  /// Asked with the head of an ordinary request: its body is to come in pieces, with on_body().
  virtual bool streams(const net::HttpRequest& head) {
    static_cast<void>(head);
    return false;
  }
  /// Whom the access log names as the peer: who stands behind it, where it is a proxy whose word counts.
  virtual std::string client_of(const Request& request) { return request.peer; }
  /// A piece of the body of a request that streams, after its on_request(); `is_last` comes once, maybe with no bytes.
  virtual void on_body(ConnectionId id, std::string_view bytes, bool is_last) {
    static_cast<void>(id), static_cast<void>(bytes), static_cast<void>(is_last);
  }
  /// The kernel has taken all that Edge::write() queued for an answer in pieces.
  virtual void on_drained(ConnectionId id) { static_cast<void>(id); }
  /// A complete ordinary request, or the head of one that streams. Answer exactly once with Edge::respond(), now or
  /// later (the edge reads no further request of that connection until then). on_gone() tells when the client left
  /// before.
  virtual void on_request(ConnectionId id, Request request) = 0;
  /// A valid WebSocket upgrade request. Answer with Edge::accept() or Edge::respond() (which refuses). Until then no
  /// client byte is read.
  virtual void on_upgrade(ConnectionId id, Request request) = 0;
  /// A whole message; the view is valid during the call only.
  virtual void on_message(ConnectionId id, websocket::MessageKind kind, std::string_view payload) = 0;
  /// `frames` = how many messages queued by Edge::send() since accept() the kernel has taken whole, cumulative.
  virtual void on_written(ConnectionId id, std::uint64_t frames) = 0;
  /// The last call for this id: after accept() whatever the way of ending (code: what the client said, or what we said
  /// to it), or when a client left while a request or upgrade waited for its answer. Not called after respond().
  virtual void on_gone(ConnectionId id, CloseReason reason, std::uint16_t code) = 0;
};

/// How refused upgrades are counted; what is none of them stands last, as 0.
inline constexpr std::array<unsigned, 14> upgrade_refusals{400, 401, 403, 404, 405, 408, 426,
                                                           429, 500, 501, 502, 503, 504, 0};

/// Counters of one core since its start; copied out by the scrape.
struct Counters {
  std::uint64_t accepted = 0;
  std::uint64_t handshakes_full = 0;
  std::uint64_t handshakes_resumed = 0;
  std::uint64_t handshakes_failed = 0;
  std::uint64_t upgrades = 0;
  std::uint64_t upgrades_refused[upgrade_refusals.size()] = {};
  std::uint64_t requests = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t pings = 0;
  std::uint64_t ended[13] = {};  ///< by CloseReason
  std::uint64_t open_connections = 0;
  std::uint64_t open_websockets = 0;
  std::uint64_t handshaking = 0;
  std::uint64_t handshakes_waiting = 0;  ///< beyond max_handshakes
  std::uint64_t shed_http = 0;           ///< ended early, because memory was short
  std::uint64_t shed_websockets = 0;
};

/// All client sockets of one core: TLS, HTTP head, WebSocket frames, output. A connection is a callback state machine
/// on readiness; an idle WebSocket holds its slot and OpenSSL's object, no buffer. All methods on the core's thread.
class Edge {
 public:
  Edge(net::Core& core, const Options& options, Application& application);
  ~Edge();
  Edge(const Edge&) = delete;
  Edge& operator=(const Edge&) = delete;

  /// Takes an accepted, non-blocking socket; closes it at once beyond max_connections (counted per edge: divide by the
  /// cores) or while draining. `is_tls`: of a TLS listener; use_tls() was called.
  void adopt(int descriptor, std::string peer, bool is_loopback, bool is_tls);
  /// What TLS handshakes that begin from now on present. Connections that have begun theirs do not notice.
  void use_tls(std::shared_ptr<const net::TlsServer> tls);

  /// `changed` is called with true when so many handshakes wait that no more sockets should be accepted, and with false
  /// when there is room again. What is not accepted waits in the kernel and costs nothing.
  void watch_intake(std::function<void(bool is_full)> changed);

  /// Completes the upgrade: sends 101 (with the subprotocol when not empty) and starts to read frames. False when the
  /// id is gone.
  bool accept(ConnectionId id, std::string_view subprotocol = {});
  /// Answers a request, or refuses an upgrade and closes.
  bool respond(ConnectionId id, const Response& response);

  // The answer to a request that streams, in pieces, in place of respond(). Each is false when the id is gone.
  /// An interim answer (1xx) before begin(). HTTP/1.0 clients get none, which is no failure.
  bool inform(ConnectionId id, unsigned status, const std::vector<std::pair<std::string, std::string>>& headers);
  bool begin(ConnectionId id, const ResponseHead& head);
  bool write(ConnectionId id, std::string_view bytes);
  /// The last call for this id. Where the request's body has not all come, the connection ends after the answer.
  bool finish(ConnectionId id, const std::vector<std::pair<std::string, std::string>>& trailers = {});
  /// The rest of the answer will never come: ends the connection so that the client can tell. The last call for this
  /// id.
  void cut(ConnectionId id);

  /// Queues one message, whose payload is the two put together; leaves at the end of the turn. False when the id is
  /// gone or closing.
  bool send(ConnectionId id, websocket::MessageKind kind, std::string_view head, std::string_view payload);
  /// Sends a Close frame after what is queued, waits for the client's (bounded), then ends the connection; on_gone()
  /// follows. Frames that the client still sends are read and dropped.
  void close(ConnectionId id, std::uint16_t code, std::string_view text, CloseReason reason);
  /// Stops and continues reading frames, or the streamed body, of one connection (credit exhausted upstream). Messages
  /// that are already read from the socket (up to 64 KiB) are still delivered.
  void pause(ConnectionId id, bool paused);
  /// Bytes queued and not yet taken by the kernel.
  [[nodiscard]] std::size_t unsent_bytes(ConnectionId id) const;

  /// No new connections are adopted; idle HTTP connections end; WebSockets are closed with `code` at `rate` per second
  /// (0: at once). With a spread, the text of each is preceded by "after=NNNms": how long this client should wait
  /// before it comes back, evenly distributed over the spread.
  void drain(std::uint16_t code, std::string_view text, double rate, Duration spread = Duration::zero());
  /// Beyond it new sockets are closed at once; who is there already stays.
  void limit_connections(std::uint64_t most);
  /// Without: HTTP connections end as soon as they are idle, those that are idle now at once.
  void keep_alive(bool is_on);
  /// Closes up to so many WebSockets, those first that no message has passed for the longest time.
  void shed(std::size_t most);
  /// Ends everything now, without on_gone().
  void abort();
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] const Counters& counters() const;
  /// Seconds from the complete head of an upgrade to its 101.
  [[nodiscard]] const metrics::Histogram& upgrade_times() const;

  struct State;  ///< for the sources of this folder

 private:
  std::shared_ptr<State> state_;  ///< the core's hooks know it weakly
};

}  // namespace wscluster::edge
