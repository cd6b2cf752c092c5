// SPDX-License-Identifier: MIT
// Subscribers of one group and one publisher, for every server of the comparison alike: a publication leaves when the
// one before it (with IN_FLIGHT: the one that many before it) has reached all of them. Prints one line of figures, with
// the CPU time that the server's processes spent meanwhile.
//
//   fanout_load KIND SUBSCRIBERS SECONDS IN_FLIGHT BYTES PIDS PUBLISHER_PORT SUBSCRIBER_PORT…
//
// KIND: webpubsub, reliable, nchan, ws, socketio. All on 127.0.0.1.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "websocket/decoder.hpp"
#include "websocket/frame.hpp"
#include "websocket/handshake.hpp"

namespace {

using namespace std::chrono_literals;
using namespace wscluster::websocket;
using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "fanout_load: %s\n", why.c_str());
  std::exit(1);
}

// ---- what each server wants to hear and says. A publication is "p=NUMBER;xxx…" wherever it stands in a message.

enum class Kind { webpubsub, reliable, nchan, ws, socketio };

Kind parse_kind(std::string_view name) {
  constexpr std::array<std::string_view, 5> names{"webpubsub", "reliable", "nchan", "ws", "socketio"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Kind>(i);
  }
  fail("unknown kind " + std::string(name));
}

bool is_webpubsub(Kind kind) {
  return kind == Kind::webpubsub || kind == Kind::reliable;
}

std::string target_of(Kind kind, bool publishes, std::uint32_t number) {
  if (is_webpubsub(kind)) return "/ws?uid=" + (publishes ? std::string("publisher") : "u" + std::to_string(number));
  if (kind == Kind::nchan) return publishes ? "/pub" : "/sub";
  return kind == Kind::socketio ? "/socket.io/?EIO=4&transport=websocket" : "/";
}

std::string publication(Kind kind, std::uint64_t number, std::size_t bytes) {
  std::string text = "p=" + std::to_string(number) + ";";
  if (text.size() < bytes) text.append(bytes - text.size(), 'x');
  if (is_webpubsub(kind)) return R"({"type":"sendToGroup","group":"g","dataType":"text","data":")" + text + "\"}";
  return kind == Kind::socketio ? R"(42["publish",")" + text + "\"]" : text;
}

/// 0: no publication.
std::uint64_t number_in(std::string_view message, std::string_view before, std::string_view after) {
  const auto at = message.find(before);
  if (at == std::string_view::npos) return 0;
  std::uint64_t number = 0;
  const char* const end = message.data() + message.size();
  const auto [stop, ec] = std::from_chars(message.data() + at + before.size(), end, number);
  const std::string_view rest(stop, static_cast<std::size_t>(end - stop));
  return ec == std::errc{} && rest.starts_with(after) ? number : 0;
}

// ---- one connection

struct Run;

class Connection final : public Sink {
 public:
  Connection(Run& run, std::uint32_t number, bool publishes, std::uint16_t port)
      : run_(run), number_(number), publishes_(publishes), port_(port), decoder_(Role::client) {}
  ~Connection() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void connect();
  void on_readable();
  void send(std::string_view text, Opcode opcode = Opcode::text);
  /// reliable: what has been received need not be kept any more.
  void acknowledge();

 private:
  bool on_message(MessageKind kind, std::string_view message) override;
  bool on_ping(std::string_view payload) override {
    send(payload, Opcode::pong);
    return true;
  }
  bool on_pong(std::string_view) override { return true; }
  void on_close(std::uint16_t code, std::string_view reason) override {
    fail("closed with " + std::to_string(code) + " " + std::string(reason));
  }
  void upgrade();
  void become_ready();
  void take_head(std::span<char> bytes);
  void take_set_up(std::string_view message);

  Run& run_;
  const std::uint32_t number_;
  const bool publishes_;
  const std::uint16_t port_;
  Decoder decoder_;
  int descriptor_ = -1;
  std::string key_;
  std::string head_;
  bool is_upgraded_ = false;
  bool is_ready_ = false;
  std::uint64_t latest_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t acknowledged_ = 0;
};

struct Run {
  Kind kind{};
  std::uint32_t subscribers = 0;
  int poller = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Connection>> all;
  std::uint32_t ready = 0;
  std::uint32_t connecting = 0;
  std::uint64_t published = 0;
  std::vector<std::uint32_t> reached{0};  ///< by publication, from 1 on
  std::uint64_t complete = 0;             ///< publications that have reached everybody
  std::uint64_t deliveries = 0;
  std::uint64_t out_of_place = 0;  ///< not the next one of this subscriber
  std::vector<char> buffer = std::vector<char>(1U << 18U);

  void turn(int patience_ms) {
    std::array<epoll_event, 512> events{};
    const int count = ::epoll_wait(poller, events.data(), events.size(), patience_ms);
    for (int i = 0; i < count; ++i)
      static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr)->on_readable();
  }
};

void Connection::connect() {
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // The kernel answers at once, whatever the server does.
  if (descriptor_ < 0 || ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail(std::string("cannot connect: ") + std::strerror(errno));
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = this;
  ::epoll_ctl(run_.poller, EPOLL_CTL_ADD, descriptor_, &event);
  ++run_.connecting;
  key_ = make_key();
  std::vector<HeaderField> fields;
  if (run_.kind == Kind::webpubsub) fields.emplace_back("Sec-WebSocket-Protocol", "json.webpubsub.azure.v1");
  if (run_.kind == Kind::reliable) fields.emplace_back("Sec-WebSocket-Protocol", "json.reliable.webpubsub.azure.v1");
  const std::string request = upgrade_request("127.0.0.1", target_of(run_.kind, publishes_, number_), key_, fields);
  if (::send(descriptor_, request.data(), request.size(), MSG_NOSIGNAL) < 0) fail("cannot send the upgrade");
}

void Connection::send(std::string_view text, Opcode opcode) {
  std::string frame;
  append_masked_frame(frame, opcode, true, text, 0x12345678);
  if (::send(descriptor_, frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size()))
    fail("cannot send");
}

void Connection::on_readable() {
  const auto got = ::recv(descriptor_, run_.buffer.data(), run_.buffer.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) fail("the server has closed connection " + std::to_string(number_));
  const std::span<char> bytes(run_.buffer.data(), static_cast<std::size_t>(got));
  if (!is_upgraded_) return take_head(bytes);
  if (const auto status = decoder_.feed(bytes, *this); !status.ok()) fail(std::string(status.text));
}

void Connection::take_head(std::span<char> bytes) {
  head_.append(bytes.data(), bytes.size());
  const auto end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  if (const auto accepted = check_accept(std::string_view(head_).substr(0, end + 4), key_); !accepted)
    fail(accepted.error().message);
  is_upgraded_ = true;
  if (run_.kind == Kind::nchan || run_.kind == Kind::ws) become_ready();
  std::string rest = head_.substr(end + 4);
  head_.clear();
  if (const auto status = decoder_.feed(rest, *this); !status.ok()) fail(std::string(status.text));
}

void Connection::become_ready() {
  is_ready_ = true;
  ++run_.ready;
  --run_.connecting;
}

/// What comes before a connection is in the group.
void Connection::take_set_up(std::string_view message) {
  if (run_.kind == Kind::socketio) {
    if (message.starts_with('0')) send("40");
    if (message.starts_with("40")) become_ready();
  } else if (message.find(R"("event":"connected")") != std::string_view::npos) {
    if (publishes_) return become_ready();
    send(R"({"type":"joinGroup","group":"g","ackId":1})");
  } else if (message.find(R"("type":"ack")") != std::string_view::npos) {
    if (message.find(R"("success":true)") == std::string_view::npos) fail(std::string(message));
    become_ready();
  }
}

bool Connection::on_message(MessageKind, std::string_view message) {
  if (run_.kind == Kind::socketio && message == "2") {
    send("3");
    return true;
  }
  if (!is_ready_) take_set_up(message);
  const std::uint64_t number = number_in(message, "p=", ";");
  if (number == 0 || publishes_) return true;
  if (run_.kind == Kind::reliable) sequence_ = number_in(message, R"("sequenceId":)", ",");
  // The first ones may be missed by who has just come.
  if (number != latest_ + 1 && latest_ != 0) ++run_.out_of_place;
  latest_ = number;
  ++run_.deliveries;
  if (number < run_.reached.size()) ++run_.reached[number];
  while (run_.complete + 1 < run_.reached.size() && run_.reached[run_.complete + 1] >= run_.subscribers)
    ++run_.complete;
  return true;
}

void Connection::acknowledge() {
  if (sequence_ == acknowledged_) return;
  acknowledged_ = sequence_;
  send(R"({"type":"sequenceAck","sequenceId":)" + std::to_string(sequence_) + "}");
}

// ---- the run

double cpu_seconds(const std::vector<std::string>& pids) {
  double sum = 0;
  for (const auto& pid : pids) {
    std::ifstream file("/proc/" + pid + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto at = text.rfind(") ");
    if (at == std::string::npos) fail("process " + pid + " has ended");
    std::istringstream rest(text.substr(at + 2));
    std::string word;
    for (int field = 3; field <= 15 && rest >> word; ++field) {
      if (field >= 14) sum += std::stod(word) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }
  }
  return sum;
}

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');)
    parts.push_back(part);
  return parts;
}

void connect_all(Run& run, std::uint16_t publisher_port, const std::vector<std::uint16_t>& ports) {
  constexpr std::uint32_t most_at_once = 64;
  run.all.push_back(std::make_unique<Connection>(run, 0, true, publisher_port));
  for (std::uint32_t i = 0; i < run.subscribers; ++i)
    run.all.push_back(std::make_unique<Connection>(run, i, false, ports[i % ports.size()]));
  const auto deadline = Clock::now() + 60s;
  for (std::size_t next = 0; run.ready < run.all.size();) {
    while (next < run.all.size() && run.connecting < most_at_once)
      run.all[next++]->connect();
    run.turn(100);
    if (Clock::now() > deadline) fail("only " + std::to_string(run.ready) + " connections are ready after a minute");
  }
}

void publish(Run& run, std::size_t bytes) {
  run.reached.push_back(0);
  run.all.front()->send(publication(run.kind, ++run.published, bytes));
}

/// Until one publication has reached everybody: who joined last may not be known everywhere yet.
void warm_up(Run& run, std::size_t bytes) {
  const auto deadline = Clock::now() + 20s;
  while (run.complete < run.published || run.published == 0) {
    if (Clock::now() > deadline) fail("no publication has reached everybody");
    publish(run, bytes);
    const auto patience = Clock::now() + 1s;
    while (Clock::now() < patience && run.reached.back() < run.subscribers)
      run.turn(10);
    // Those that did not reach everybody are given up.
    if (run.reached.back() >= run.subscribers) run.complete = run.published;
  }
}

/// Prints deliveries per second, CPU µs for each, their number, how many were lost and how many came out of their turn.
void measure(Run& run, const std::vector<std::string>& pids, std::uint64_t in_flight, std::size_t bytes,
             std::chrono::duration<double> length) {
  const auto settled = Clock::now() + 500ms;
  while (Clock::now() < settled)
    run.turn(10);
  run.out_of_place = run.deliveries = 0;
  const std::uint64_t before = run.published;
  const double cpu_before = cpu_seconds(pids);
  const auto start = Clock::now();
  auto next_acknowledge = start + 1s;
  while (Clock::now() - start < length || run.complete < run.published) {
    while (run.published < run.complete + in_flight && Clock::now() - start < length)
      publish(run, bytes);
    run.turn(10);
    if (Clock::now() - start > length + 20s) fail("a publication does not arrive everywhere");
    if (run.kind != Kind::reliable || Clock::now() < next_acknowledge) continue;
    next_acknowledge += 1s;
    for (auto& connection : run.all)
      connection->acknowledge();
  }
  const double passed = std::chrono::duration<double>(Clock::now() - start).count();
  const double cpu = cpu_seconds(pids) - cpu_before;
  const auto deliveries = static_cast<double>(run.deliveries);
  const auto expected = (run.published - before) * run.subscribers;
  std::printf("%llu %.0f %.3f %.0f %llu %llu\n", static_cast<unsigned long long>(in_flight), deliveries / passed,
              cpu * 1e6 / deliveries, deliveries,
              static_cast<unsigned long long>(expected - std::min<std::uint64_t>(expected, run.deliveries)),
              static_cast<unsigned long long>(run.out_of_place));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 9)
    fail("usage: fanout_load KIND SUBSCRIBERS SECONDS IN_FLIGHT BYTES PIDS PUBLISHER_PORT SUBSCRIBER_PORT...");
  Run run;
  run.kind = parse_kind(argv[1]);
  run.subscribers = static_cast<std::uint32_t>(std::atoi(argv[2]));
  const std::chrono::duration<double> length(std::atof(argv[3]));
  const auto bytes = static_cast<std::size_t>(std::atoi(argv[5]));
  const auto pids = split_commas(argv[6]);
  std::vector<std::uint16_t> ports;
  for (int i = 8; i < argc; ++i)
    ports.push_back(static_cast<std::uint16_t>(std::atoi(argv[i])));
  connect_all(run, static_cast<std::uint16_t>(std::atoi(argv[7])), ports);
  warm_up(run, bytes);

  for (const auto& in_flight : split_commas(argv[4]))
    measure(run, pids, std::strtoull(in_flight.c_str(), nullptr, 10), bytes, length);
}
