// SPDX-License-Identifier: MIT
// How a client's connection ends, and what it does then.
#include <algorithm>

#include "load/client.hpp"
#include "load/worker.hpp"

namespace wscluster::load {
namespace {

using websocket::CloseCode;

constexpr Duration close_timeout{2'000};

}  // namespace

void Client::fail_connect(const std::string& why) {
  release_stream();
  if (!was_open_) {
    ++worker_.attempted_;
    ++worker_.found_.connect_failed;
    worker_.count_error("connect: " + why);
    return enter(Phase::ended);
  }
  if (worker_.is_finishing_) return stop_here();
  ++worker_.found_.closes.retries;
  turn_to_next_place();
  enter(Phase::away);
  const auto delay = retry_delay(failures_++, worker_.random_share());
  worker_.wake_later(index_, Clock::now() + delay, ticket_);
}

void Client::release_stream() {
  if (stream_.is_open()) worker_.core().poller().remove(stream_.descriptor(), *this);
  stream_.close();
  stream_ = net::Stream();
  decoder_ = websocket::Decoder(websocket::Role::client);
  unsent_ = std::string();
  head_.reset();
  waits_for_write_ = false;
}

/// The peer began the closing handshake: answer, then look at what it means.
void Client::answer_close() {
  if (phase_ == Phase::open) {
    std::string frame;
    const bool has_code = websocket::is_valid_close_code(close_code_);
    websocket::append_close(frame, has_code ? close_code_ : CloseCode::no_status, {},
                            static_cast<std::uint32_t>(worker_.random_()));
    write(frame);
  }
  stream_.shutdown_write();
  lose(close_code_, notice_);
}

/// The connection has ended, in whatever way.
void Client::lose(std::uint16_t code, const CloseNotice& notice) {
  const bool is_ours = phase_ == Phase::closing;
  const bool was_joining = phase_ == Phase::joining;
  release_stream();
  if (is_ours) return stop_here();
  if (session_ && session_->exists() && code == CloseCode::policy_violation) lose_session();
  if (was_joining) return fail_connect("closed with " + std::to_string(code) + " before it was in its group");
  auto& closes = worker_.found_.closes;
  const bool is_planned = code == CloseCode::service_restart;
  const bool returns = load::returns(worker_.setup_.options) && !worker_.is_finishing_;
  ++closes.by_code[code];
  ++(is_planned ? closes.planned : closes.unplanned);
  closes.list.push_back({index_, code, notice.epoch});
  if (!was_closed_) ++closes.connections;
  if (is_planned && notice.epoch != 0) {
    if (evicted_by_ == notice.epoch) ++closes.again;
    evicted_by_ = notice.epoch;
    closes.first_epoch = closes.first_epoch == 0 ? notice.epoch : std::min(closes.first_epoch, notice.epoch);
    closes.last_epoch = std::max(closes.last_epoch, notice.epoch);
  }
  was_closed_ = true;
  keep_pending(is_planned || (session_ && session_->exists()), returns);
  if (!returns) return enter(Phase::ended);
  go_away(notice, code);
}

/// It is gone for good, and with it what was not answered.
void Client::lose_session() {
  session_->forget();
  ++worker_.found_.closes.sessions_lost;
  keep_pending(false, true);
}

void Client::go_away(const CloseNotice& notice, std::uint16_t code) {
  turn_to_next_place();
  enter(Phase::away);
  ++worker_.away_;
  closed_at_ = Clock::now();
  worker_.wake_later(index_, closed_at_ + reconnect_delay(code, notice, worker_.random_share()), ticket_);
}

void Client::turn_to_next_place() noexcept {
  place_ = static_cast<std::uint16_t>((place_ + 1U) % worker_.setup_.places.size());
}

/// `is_promised`: the server says that what it did not answer was not executed (1012), so it can be sent again.
void Client::keep_pending(bool is_promised, bool returns) {
  const auto is_over = [&](const Pending& message) {
    if (message.sequence == not_sent ? returns : returns && is_promised) return false;
    if (message.sequence == not_sent) {
      ++worker_.found_.not_sent;
    } else {
      worker_.ledger_.record_abandoned(index_, message.sequence);
    }
    return true;
  };
  worker_.outstanding_ -= std::erase_if(pending_, is_over);
  for (auto& message : pending_)
    message.has_waited = true;
}

void Client::finish() {
  switch (phase_) {
    case Phase::open: {
      std::string frame;
      websocket::append_close(frame, CloseCode::normal, {}, static_cast<std::uint32_t>(worker_.random_()));
      enter(Phase::closing);
      write(frame);
      return worker_.wake_later(index_, Clock::now() + close_timeout, ticket_);
    }
    case Phase::idle:
      return enter(Phase::ended);
    case Phase::closing:
    case Phase::ended:
      return;
    case Phase::connecting:
    case Phase::securing:
    case Phase::upgrading:
    case Phase::joining:
    case Phase::away:
      release_stream();
      return stop_here();
  }
}

/// A connection that will not come back any more.
void Client::stop_here() {
  const bool is_away = was_open_ && phase_ != Phase::open && phase_ != Phase::closing && phase_ != Phase::ended;
  if (is_away) {
    --worker_.away_;
    ++worker_.found_.closes.not_returned;
    keep_pending(false, false);
  }
  enter(Phase::ended);
}

void Client::abandon() {
  if (phase_ == Phase::ended) return;
  release_stream();
  stop_here();
}

void Client::on_wake(std::uint32_t ticket) {
  if (ticket != ticket_) return;
  switch (phase_) {
    case Phase::away:
      return connect();
    case Phase::connecting:
      return fail_connect("no TCP connection in time");
    case Phase::securing:
      return fail_connect("no TLS handshake in time");
    case Phase::upgrading:
      return fail_connect("no answer to the upgrade in time");
    case Phase::joining:
      return fail_connect("not in its group in time");
    case Phase::closing:
      return abandon();
    case Phase::idle:
    case Phase::open:
    case Phase::ended:
      return;
  }
}

}  // namespace wscluster::load
