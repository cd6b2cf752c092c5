// SPDX-License-Identifier: MIT
#include "net/http_pool.hpp"

#include <curl/curl.h>
#include <map>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "net/core.hpp"

namespace wscluster::net {
namespace {

constexpr std::size_t max_head_bytes = 64U << 10U;
/// Idle connections that are kept.
constexpr long kept_connections = 64;

void start_curl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw std::runtime_error("libcurl does not start");
}

struct Transfer {
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  HttpCall call;
  HttpPool::Done done;
  HttpAnswer answer;
  std::size_t head_bytes = 0;
  std::size_t max_answer_bytes = 0;

  Transfer() = default;
  ~Transfer() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
};

/// Called for each line of a head; a new status line begins another one (100 Continue).
std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string_view line(bytes, size * count);
  transfer.head_bytes += line.size();
  if (transfer.head_bytes > max_head_bytes) return 0;
  if (line.starts_with("HTTP/")) {
    transfer.answer.headers.clear();
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    transfer.answer.headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  return size * count;
}

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.answer.body.size() + size * count > transfer.max_answer_bytes) return 0;
  transfer.answer.body.append(bytes, size * count);
  return size * count;
}

Error failure_of(const Transfer& transfer, CURLcode code) {
  const auto url = HttpUrl::parse(transfer.call.url);
  const std::string place = url ? url->endpoint.to_string() + ": " : std::string();
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return error(Errc::timed_out, place + "no answer in time");
    case CURLE_WRITE_ERROR:
      return error(Errc::protocol, place + "the answer is too large");
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
      return error(Errc::protocol, place + "not a valid HTTP answer");
    default:
      return error(Errc::unavailable, place + curl_easy_strerror(code));
  }
}

}  // namespace

struct HttpPool::State {
  /// What libcurl waits for on one of its sockets.
  struct Socket final : Watcher {
    State& state;
    curl_socket_t descriptor;
    Socket(State& owner, curl_socket_t socket) : state(owner), descriptor(socket) {}
    void on_ready(bool readable, bool writable) override {
      state.act(descriptor, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
    }
  };

  Core& core;
  std::size_t max_answer_bytes;
  CURLM* multi = nullptr;
  std::map<curl_socket_t, std::unique_ptr<Socket>> sockets;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers;
  TimePoint wake_at = TimePoint::max();

  State(Core& on, std::size_t most) : core(on), max_answer_bytes(most) {
    start_curl();
    multi = curl_multi_init();
    if (multi == nullptr) throw std::bad_alloc();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &State::on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &State::on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kept_connections);
  }

  ~State() {
    for (const auto& [easy, transfer] : transfers)
      curl_multi_remove_handle(multi, easy);
    transfers.clear();
    curl_multi_cleanup(multi);
    for (const auto& [descriptor, socket] : sockets)
      core.poller().remove(descriptor, *socket);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  static int on_socket(CURL*, curl_socket_t descriptor, int what, void* user, void*) {
    static_cast<State*>(user)->watch(descriptor, what);
    return 0;
  }

  static int on_timer(CURLM*, long delay_ms, void* user) {
    static_cast<State*>(user)->wake_at = delay_ms < 0 ? TimePoint::max() : Clock::now() + Duration(delay_ms);
    return 0;
  }

  void watch(curl_socket_t descriptor, int what) {
    const auto found = sockets.find(descriptor);
    if (what == CURL_POLL_REMOVE) {
      if (found == sockets.end()) return;
      core.poller().remove(descriptor, *found->second);
      core.destroy_later(std::move(found->second));
      sockets.erase(found);
      return;
    }
    const bool reads = (what & CURL_POLL_IN) != 0;
    const bool writes = (what & CURL_POLL_OUT) != 0;
    if (found != sockets.end()) {
      core.poller().modify(descriptor, *found->second, reads, writes);
      return;
    }
    const auto added = sockets.emplace(descriptor, std::make_unique<Socket>(*this, descriptor)).first;
    core.poller().add(descriptor, *added->second, reads, writes);
  }

  void act(curl_socket_t descriptor, int events) {
    int running = 0;
    curl_multi_socket_action(multi, descriptor, events, &running);
    finish();
  }

  void on_tick(TimePoint now) {
    if (now < wake_at) return;
    wake_at = TimePoint::max();
    act(CURL_SOCKET_TIMEOUT, 0);
  }

  void finish() {
    std::vector<std::pair<std::unique_ptr<Transfer>, CURLcode>> ended;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      CURL* const easy = message->easy_handle;
      const auto found = transfers.find(easy);
      curl_multi_remove_handle(multi, easy);
      if (found == transfers.end()) continue;
      ended.emplace_back(std::move(found->second), code);
      transfers.erase(found);
    }
    for (const auto& [transfer, code] : ended)
      tell(*transfer, code);
  }

  static void tell(Transfer& transfer, CURLcode code) {
    if (code != CURLE_OK) {
      transfer.done(failure_of(transfer, code));
      return;
    }
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    transfer.answer.status = static_cast<unsigned>(status);
    transfer.done(std::move(transfer.answer));
  }

  void start(HttpCall call, Done done) {
    auto transfer = std::make_unique<Transfer>();
    transfer->easy = curl_easy_init();
    if (transfer->easy == nullptr) throw std::bad_alloc();
    transfer->call = std::move(call);
    transfer->done = std::move(done);
    transfer->max_answer_bytes = max_answer_bytes;
    prepare(*transfer);
    CURL* const easy = transfer->easy;
    transfers.emplace(easy, std::move(transfer));
    curl_multi_add_handle(multi, easy);
  }

  static void prepare(Transfer& transfer) {
    CURL* const easy = transfer.easy;
    const HttpCall& call = transfer.call;
    for (const auto& [name, value] : call.headers)
      transfer.headers = curl_slist_append(transfer.headers, (name + ": " + value).c_str());
    // Each body is small, and it shall not wait for a leave to be sent.
    transfer.headers = curl_slist_append(transfer.headers, "Expect:");
    curl_easy_setopt(easy, CURLOPT_URL, call.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call.method.c_str());
    if (!call.body.empty() || call.method == "POST") {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call.body.data());
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    }
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "wscluster");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(call.deadline.count()));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(call.deadline.count()));
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    if (!call.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, call.ca_file.c_str());
    if (call.insecure) {
      curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
      curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
  }
};

HttpPool::HttpPool(Core& core, std::size_t max_answer_bytes) : state_(std::make_shared<State>(core, max_answer_bytes)) {
  core.on_tick([weak = std::weak_ptr<State>(state_)](TimePoint now) {
    if (const auto state = weak.lock()) state->on_tick(now);
  });
}

HttpPool::~HttpPool() = default;

void HttpPool::call(HttpCall call, Done done) {
  state_->start(std::move(call), std::move(done));
  // libcurl wants to be called at once, but not from inside: the caller may be in one of its callbacks.
  state_->core.post([weak = std::weak_ptr<State>(state_)] {
    if (const auto state = weak.lock()) state->on_tick(Clock::now());
  });
}

}  // namespace wscluster::net
