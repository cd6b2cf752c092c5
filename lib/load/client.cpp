// SPDX-License-Identifier: MIT
#include "load/client.hpp"

#include <algorithm>
#include <utility>

#include "load/worker.hpp"
#include "net/connect.hpp"
#include "protocol/relay.hpp"
#include "websocket/handshake.hpp"

namespace wscluster::load {
namespace {

using websocket::CloseCode;
using websocket::Opcode;

constexpr std::size_t max_head_bytes = 16'384;
constexpr Duration close_timeout{2'000};

/// The finaliser of SplitMix64: neighbouring numbers give unrelated ones.
std::uint64_t scrambled(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ x >> 30U) * 0xBF58476D1CE4E5B9;
  x = (x ^ x >> 27U) * 0x94D049BB133111EB;
  return x ^ x >> 31U;
}

}  // namespace

Client::Client(Worker& worker, std::uint32_t index)
    : worker_(worker), decoder_(websocket::Role::client), index_(index) {}

void Client::enter(Phase phase) noexcept {
  const auto is_open = [](Phase p) { return p == Phase::open || p == Phase::closing; };
  if (is_open(phase_)) --worker_.open_;
  if (is_open(phase)) ++worker_.open_;
  if (phase == Phase::ended && phase_ != Phase::ended) ++worker_.ended_;
  phase_ = phase;
  ++ticket_;
}

void Client::connect() {
  const auto& setup = worker_.setup_;
  enter(Phase::connecting);
  since_ = Clock::now();
  decoder_ = websocket::Decoder(websocket::Role::client);
  close_code_ = 0;
  net::ConnectOptions options;
  const auto& sources = setup.options.source_addresses;
  if (!sources.empty()) options.source_address = sources[index_ % sources.size()];
  const auto descriptor = net::start_connect(setup.addresses[index_ % setup.addresses.size()], options);
  if (!descriptor) return fail_connect(descriptor.error().message);
  stream_ = setup.tls ? net::Stream(*descriptor, *setup.tls, setup.target.endpoint.host) : net::Stream(*descriptor);
  worker_.core().poller().add(stream_.descriptor(), *this, false, true);
  waits_for_write_ = true;
  worker_.wake_later(index_, since_ + setup.options.connect_timeout, ticket_);
}

void Client::on_ready(bool readable, bool writable) {
  switch (phase_) {
    case Phase::connecting: {
      if (const auto connected = net::finish_connect(stream_.descriptor()); !connected) {
        return fail_connect(connected.error().message);
      }
      phase_ = Phase::securing;  // the time-out of the attempt goes on: not enter()
      return secure();
    }
    case Phase::securing: return secure();
    case Phase::upgrading:
    case Phase::open:
    case Phase::closing:
      if (writable) flush();
      if (readable && stream_.is_open()) receive();
      return;
    case Phase::idle:
    case Phase::away:
    case Phase::ended: return;
  }
}

void Client::secure() {
  switch (stream_.handshake()) {
    case net::IoStatus::ok: return request_upgrade();
    case net::IoStatus::would_block:
      if (stream_.wants_write() != waits_for_write_ || waits_for_write_) {
        waits_for_write_ = stream_.wants_write();
        worker_.core().poller().modify(stream_.descriptor(), *this, true, waits_for_write_);
      }
      return;
    case net::IoStatus::closed:
    case net::IoStatus::failed: return fail_connect("TLS: " + std::string(stream_.failure()));
  }
}

void Client::request_upgrade() {
  const auto& setup = worker_.setup_;
  phase_ = Phase::upgrading;
  key_ = websocket::make_key();
  head_ = std::make_unique<std::string>();
  waits_for_write_ = false;
  worker_.core().poller().modify(stream_.descriptor(), *this, true, false);
  const std::string authorization = setup.identity.authorization(index_, setup.token_lifetime);
  std::vector<websocket::HeaderField> fields;
  if (!authorization.empty()) fields.emplace_back("Authorization", authorization);
  write(websocket::upgrade_request(setup.target.authority, setup.identity.request_target(index_), key_, fields));
}

void Client::receive() {
  auto& buffer = worker_.read_buffer_;
  while (stream_.is_open()) {
    const auto got = stream_.read(buffer);
    if (got.status == net::IoStatus::would_block) return;
    if (got.status != net::IoStatus::ok) {
      if (phase_ == Phase::upgrading) return fail_connect("the server closed before it answered the upgrade");
      return lose(CloseCode::abnormal, {});
    }
    take({buffer.data(), got.bytes});
  }
}

void Client::take(std::span<char> bytes) {
  if (phase_ == Phase::upgrading) return take_head(bytes);
  const auto status = decoder_.feed(bytes, *this);
  if (!status.ok()) {
    worker_.count_error("frames that break RFC 6455: " + std::string(status.text));
    return lose(status.close_code, {});
  }
  if (close_code_ != 0) return answer_close();
  if (!unsent_.empty() && !waits_for_write_) flush();  // pongs
}

void Client::take_head(std::span<char> bytes) {
  const std::size_t searched = head_->size() < 3 ? 0 : head_->size() - 3;
  head_->append(bytes.data(), bytes.size());
  const auto end = head_->find("\r\n\r\n", searched);
  if (end == std::string::npos) {
    if (head_->size() > max_head_bytes) fail_connect("the answer to the upgrade is too long");
    return;
  }
  const auto head_bytes = end + 4;
  const auto accepted = websocket::check_accept(std::string_view(*head_).substr(0, head_bytes), key_);
  if (!accepted) return fail_connect(accepted.error().message);
  become_open(bytes.last(head_->size() - head_bytes));
}

void Client::become_open(std::span<char> rest) {
  head_.reset();
  key_ = std::string();
  failures_ = 0;
  enter(Phase::open);
  const auto now = Clock::now();
  if (!was_open_) {
    was_open_ = true;
    ++worker_.attempted_;
    ++worker_.found_.connected;
    worker_.found_.connect.record(now - since_);
  } else {
    --worker_.away_;
    ++worker_.found_.closes.returned;
    worker_.found_.gap.record(now - closed_at_);
  }
  std::string frames;
  for (auto& message : pending_) append_message(frames, message);
  if (!frames.empty()) write(frames);
  if (!rest.empty() && stream_.is_open()) take(rest);
}

/// Sends what the kernel takes and keeps the rest.
void Client::write(std::string_view bytes) {
  if (!unsent_.empty()) {
    unsent_ += bytes;
    return;
  }
  const auto sent = stream_.write(bytes);
  if (sent.status == net::IoStatus::ok || sent.status == net::IoStatus::would_block) bytes.remove_prefix(sent.bytes);
  // A broken stream is noticed by the next read, outside of whatever is going on here.
  if (bytes.empty() || sent.status == net::IoStatus::failed || sent.status == net::IoStatus::closed) return;
  unsent_ = bytes;
  waits_for_write_ = true;
  worker_.core().poller().modify(stream_.descriptor(), *this, true, true);
}

void Client::flush() {
  const std::string bytes = std::exchange(unsent_, {});
  if (waits_for_write_) {
    waits_for_write_ = false;
    worker_.core().poller().modify(stream_.descriptor(), *this, true, false);
  }
  if (!bytes.empty()) write(bytes);
}

void Client::send_planned(Clock::duration planned) {
  ++worker_.found_.planned;
  const bool is_kept = phase_ == Phase::connecting || phase_ == Phase::securing || phase_ == Phase::upgrading ||
                       phase_ == Phase::away;
  if (phase_ != Phase::open && !(is_kept && was_open_)) {
    ++worker_.found_.not_sent;
    return;
  }
  pending_.push_back({not_sent, choose_recipient(), planned, phase_ != Phase::open});
  ++worker_.outstanding_;
  if (phase_ != Phase::open) return;
  worker_.frame_.clear();
  append_message(worker_.frame_, pending_.back());
  write(worker_.frame_);
}

void Client::append_message(std::string& out, Pending& message) {
  const auto& options = worker_.setup_.options;
  const auto now = Clock::now();
  if (message.sequence == not_sent) {
    message.sequence = worker_.ledger_.record_sent(index_);
    worker_.note_sent(message.planned, now, !message.has_waited);
  } else {
    worker_.ledger_.record_resent(index_, message.sequence);
  }
  const auto us = [](Clock::duration d) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(d).count());
  };
  const Stamp stamp{worker_.setup_.run,  index_, message.recipient, message.sequence, us(message.planned),
                    us(now - worker_.traffic_start_)};
  auto& text = worker_.text_;
  text.clear();
  if (worker_.setup_.is_relayed) {
    text += R"({"to":)";
    protocol::append_json_string(text, worker_.setup_.identity.uid(message.recipient));
    text += R"(,"id":")" + std::to_string(message.sequence) + R"(","data":")";
    append_payload(text, stamp, options.size_bytes);
    text += "\"}";
  } else {
    append_payload(text, stamp, options.size_bytes);
  }
  const auto opcode = options.binary && !worker_.setup_.is_relayed ? Opcode::binary : Opcode::text;
  websocket::append_masked_frame(out, opcode, true, text, static_cast<std::uint32_t>(worker_.random_()));
}

/// Each user writes to few others, so that the order between two of them is really tested.
std::uint32_t Client::choose_recipient() const {
  const auto connections = worker_.setup_.options.connections;
  if (!worker_.setup_.is_relayed || connections < 2) return index_;
  constexpr std::uint64_t partners = 4;
  const auto pair = std::uint64_t{index_} * partners + worker_.random_() % partners;
  const auto other = static_cast<std::uint32_t>(scrambled(worker_.setup_.options.seed ^ pair) % (connections - 1));
  return other >= index_ ? other + 1 : other;
}

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
  release_stream();
  if (is_ours) return stop_here();
  auto& closes = worker_.found_.closes;
  const bool is_planned = code == CloseCode::service_restart;
  const bool returns = worker_.setup_.options.scenario == Scenario::ring_change && !worker_.is_finishing_;
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
  keep_pending(is_planned, returns);
  if (!returns) return enter(Phase::ended);
  enter(Phase::away);
  ++worker_.away_;
  closed_at_ = Clock::now();
  worker_.wake_later(index_, closed_at_ + reconnect_delay(code, notice, worker_.random_share()), ticket_);
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
  for (auto& message : pending_) message.has_waited = true;
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
    case Phase::idle: return enter(Phase::ended);
    case Phase::closing:
    case Phase::ended: return;
    case Phase::connecting:
    case Phase::securing:
    case Phase::upgrading:
    case Phase::away: release_stream(); return stop_here();
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
    case Phase::away: return connect();
    case Phase::connecting: return fail_connect("no TCP connection in time");
    case Phase::securing: return fail_connect("no TLS handshake in time");
    case Phase::upgrading: return fail_connect("no answer to the upgrade in time");
    case Phase::closing: return abandon();
    case Phase::idle:
    case Phase::open:
    case Phase::ended: return;
  }
}

}  // namespace wscluster::load
