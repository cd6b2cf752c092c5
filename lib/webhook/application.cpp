// SPDX-License-Identifier: MIT
#include "webhook/application.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"
#include "protocol/content.hpp"
#include "webhook/cloud_event.hpp"

namespace wscluster::webhook {
namespace {

constexpr std::size_t max_answer_bytes = 1U << 20U;
/// Open for each that may be under way.
constexpr std::size_t most_waiting = 16;
constexpr Duration expiry_interval{100};
constexpr std::string_view json_type = "application/json; charset=utf-8";
constexpr unsigned bad_gateway = 502;
constexpr unsigned unavailable = 503;
constexpr unsigned gateway_timeout = 504;

std::string with_charset(protocol::DataType type) {
  const bool is_text = type == protocol::DataType::json || type == protocol::DataType::text;
  return std::string(protocol::content_type_of(type)) + (is_text ? "; charset=utf-8" : "");
}

unsigned status_of(CallResult result) noexcept {
  if (result == CallResult::timed_out) return gateway_timeout;
  return result == CallResult::not_called ? unavailable : bad_gateway;
}

}  // namespace

const char* to_string(CallKind kind) noexcept {
  static constexpr std::array names{"connect", "connected", "disconnected", "user"};
  return names.at(static_cast<std::size_t>(kind));
}

const char* to_string(CallResult result) noexcept {
  static constexpr std::array names{"ok", "refused", "failed", "timed_out", "not_called"};
  return names.at(static_cast<std::size_t>(result));
}

Application::Application(net::Core& core, std::string hub, const Options& options, std::uint64_t process)
    : core_(core),
      hub_(std::move(hub)),
      options_(options),
      id_prefix_(to_hex(process) + "-" + std::to_string(core.index()) + "-"),
      pool_(core, max_answer_bytes) {
  core.on_tick([this](TimePoint now) { expire(now); });
}

// ---- what is told and asked

Application::Call Application::call_of(CallKind kind, const cluster::Caller& caller) const {
  Call call;
  call.kind = kind;
  call.event = to_string(kind);
  call.connection = caller.connection;
  call.user = caller.user;
  call.subprotocol = caller.subprotocol;
  call.state = caller.state;
  call.content_type = json_type;
  call.body = "{}";
  return call;
}

void Application::ask(ConnectQuestion question, OnAnswer answered) {
  Call call;
  call.kind = CallKind::connect;
  call.event = to_string(call.kind);
  call.connection = question.connection;
  call.user = question.user;
  call.content_type = json_type;
  call.body = connect_body(question);
  call.question = std::move(question);
  call.answered = std::move(answered);
  submit(std::move(call));
}

void Application::on_connected(const cluster::Caller& caller) {
  if (options_.sends("connected")) submit(call_of(CallKind::connected, caller));
}

void Application::on_disconnected(const cluster::Caller& caller, std::string_view reason) {
  if (!options_.sends("disconnected")) return;
  Call call = call_of(CallKind::disconnected, caller);
  call.body = R"({"reason":)";
  append_json_string(call.body, reason);
  call.body += '}';
  submit(std::move(call));
}

bool Application::on_event(const cluster::Caller& caller, const cluster::ClientEvent& event, std::uint64_t number) {
  if (!options_.takes(event.name)) return false;
  Call call = call_of(CallKind::user, caller);
  call.event = event.name;
  call.content_type = with_charset(event.type);
  call.body = event.data;
  call.number = number;
  submit(std::move(call));
  return true;
}

// ---- whose turn it is

void Application::submit(Call call) {
  call.deadline = Clock::now() + options_.timeout;
  ++open_;
  Line& line = lines_[call.connection];
  if (line.empty()) turn_.push_back(call.connection);
  line.push_back(std::move(call));
  start_soon();
}

/// Nobody is answered from inside of what he asks.
void Application::start_soon() {
  if (std::exchange(starts_soon_, true)) return;
  core_.post([this] {
    starts_soon_ = false;
    start();
  });
}

void Application::start() {
  const TimePoint now = Clock::now();
  if (turn_.empty() || standing_ == Standing::asking) return;
  if (standing_ == Standing::unknown) {
    if (breaker_.allows(now)) {
      ask_for_standing();
    } else {
      end_waiting(CallResult::not_called, "the application cannot be reached");
    }
    return;
  }
  while (running_ < options_.concurrency && !turn_.empty()) {
    const std::string connection = std::move(turn_.front());
    turn_.pop_front();
    if (breaker_.allows(now)) {
      begin(connection);
    } else {
      fail(take_first(connection), CallResult::not_called, "the application fails; it is asked again soon");
    }
  }
  while (open_ - running_ > most_waiting * options_.concurrency && !turn_.empty()) {
    const std::string connection = std::move(turn_.back());
    turn_.pop_back();
    fail(take_first(connection), CallResult::not_called, "the application is busy");
  }
}

void Application::begin(const std::string& connection) {
  const Call& call = lines_.find(connection)->second.front();
  const Occurrence occurrence{
      hub_,       call.event,      call.kind == CallKind::user, call.connection, call.user, call.subprotocol,
      call.state, WallClock::now()};
  net::HttpCall request;
  request.url = url_of(options_.url, hub_, call.event);
  request.method = "POST";
  request.headers = headers_of(occurrence, options_.origin, keys_);
  request.headers.emplace_back("ce-id", id_prefix_ + std::to_string(++last_id_));
  request.headers.emplace_back("Content-Type", call.content_type);
  request.body = call.body;
  request.deadline = std::max<Duration>(Duration(1), std::chrono::ceil<Duration>(call.deadline - Clock::now()));
  request.ca_file = options_.ca_file;
  ++running_;
  pool_.call(std::move(request),
             [this, connection](Result<net::HttpAnswer> answer) { on_answer(connection, std::move(answer)); });
}

/// The handshake of web hooks: nothing is sent to who has not said that he wants it.
void Application::ask_for_standing() {
  standing_ = Standing::asking;
  net::HttpCall request;
  request.url = url_of(options_.url, hub_, "validate");
  request.method = "OPTIONS";
  request.headers = {{"WebHook-Request-Origin", options_.origin}, {"ce-awpsversion", "1.0"}};
  request.deadline = options_.timeout;
  request.ca_file = options_.ca_file;
  pool_.call(std::move(request), [this](Result<net::HttpAnswer> answer) {
    const bool is_good = answer && answer->status / 100 == 2;
    if (is_good && allows_origin(answer->headers, options_.origin)) {
      standing_ = Standing::allowed;
      breaker_.succeeded();
      start();
      return;
    }
    standing_ = Standing::unknown;
    breaker_.trip(Clock::now());
    log::warning("webhook", "the application does not allow our calls",
                 {{"service", hub_},
                  {"url", options_.url},
                  {"err", !answer   ? answer.error().message
                          : is_good ? "OPTIONS has no WebHook-Allowed-Origin for " + options_.origin
                                    : "OPTIONS is answered " + std::to_string(answer->status)}});
    end_waiting(CallResult::not_called, "the application cannot be reached");
  });
}

void Application::expire(TimePoint now) {
  if (now < next_expiry_) return;
  next_expiry_ = now + expiry_interval;
  std::deque<std::string> late;
  std::erase_if(turn_, [&](const std::string& connection) {
    const bool is_late = now >= lines_.find(connection)->second.front().deadline;
    if (is_late) late.push_back(connection);
    return is_late;
  });
  for (const std::string& connection : late)
    fail(take_first(connection), CallResult::timed_out, "the application did not answer in time");
}

void Application::end_waiting(CallResult result, std::string_view why) {
  for (const std::string& connection : std::exchange(turn_, {}))
    fail(take_first(connection), result, why);
}

/// The next of its line has its turn then.
Application::Call Application::take_first(const std::string& connection) {
  const auto found = lines_.find(connection);
  Call call = std::move(found->second.front());
  found->second.pop_front();
  --open_;
  if (found->second.empty()) {
    lines_.erase(found);
  } else {
    turn_.push_back(connection);
    start_soon();
  }
  return call;
}

// ---- what it answers

void Application::on_answer(const std::string& connection, Result<net::HttpAnswer> answer) {
  const TimePoint now = Clock::now();
  --running_;
  Call call = take_first(connection);
  start_soon();
  if (!answer) {
    note_failure(now, answer.error().message);
    const bool is_late = answer.error().code == Errc::timed_out;
    fail(call, is_late ? CallResult::timed_out : CallResult::failed,
         is_late ? "the application did not answer in time" : "the application cannot be reached");
    return;
  }
  ConnectAnswer verdict;
  cluster::EventReply reply;
  const CallResult result = understand(call, std::move(*answer), verdict, reply);
  if (result == CallResult::ok || result == CallResult::refused) {
    breaker_.succeeded();
  } else {
    note_failure(now, reply.error);
  }
  if (const auto line = lines_.find(connection); reply.state && line != lines_.end()) {
    for (Call& later : line->second)
      later.state = *reply.state;
  }
  finish(call, result, std::move(verdict), std::move(reply));
}

CallResult Application::understand(Call& call, net::HttpAnswer answer, ConnectAnswer& verdict,
                                   cluster::EventReply& reply) {
  const unsigned status = answer.status;
  const auto refuse = [&](unsigned as, std::string why) {
    verdict.refusal = as;
    verdict.reason = why;
    reply = {false, std::move(why), {}, {}};
  };
  if (status / 100 != 2) {
    const bool is_passed_on = status >= 400 && status < 600;
    refuse(is_passed_on ? status : bad_gateway, "the application answers " + std::to_string(status));
    return status / 100 == 4 ? CallResult::refused : CallResult::failed;
  }
  if (call.kind == CallKind::connect) {
    auto parsed = parse_connect_answer(status, answer.headers, answer.body, call.question);
    if (parsed) {
      verdict = std::move(*parsed);
      return CallResult::ok;
    }
    refuse(bad_gateway, parsed.error().message);
    return CallResult::failed;
  }
  if (call.kind != CallKind::user) return CallResult::ok;
  auto parsed = reply_of(answer.headers, std::move(answer.body));
  if (parsed) {
    reply = std::move(*parsed);
    return CallResult::ok;
  }
  refuse(bad_gateway, parsed.error().message);
  return CallResult::failed;
}

void Application::finish(const Call& call, CallResult result, ConnectAnswer verdict, cluster::EventReply reply) {
  ++counters_.calls[static_cast<std::size_t>(call.kind)][static_cast<std::size_t>(result)];
  if (call.answered) call.answered(std::move(verdict));
  if (call.kind == CallKind::user && on_reply_) on_reply_(call.number, std::move(reply));
}

void Application::fail(const Call& call, CallResult result, std::string_view why) {
  ConnectAnswer verdict;
  verdict.refusal = status_of(result);
  verdict.reason = why;
  finish(call, result, std::move(verdict), {false, std::string(why), {}, {}});
}

void Application::note_failure(TimePoint now, std::string_view why) {
  const bool was_open = breaker_.is_open();
  breaker_.failed(now);
  if (!was_open && breaker_.is_open()) {
    log::warning("webhook", "the application fails and is left alone for a while",
                 {{"service", hub_}, {"url", options_.url}, {"err", std::string(why)}});
  }
}

}  // namespace wscluster::webhook
