// SPDX-License-Identifier: MIT
#include "load/client.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "load/worker.hpp"
#include "net/connect.hpp"
#include "websocket/handshake.hpp"

namespace wscluster::load {
namespace {

using websocket::CloseCode;
using websocket::Opcode;

constexpr std::size_t max_head_bytes = 16'384;

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
  const auto& place = setup.places[place_];
  const auto descriptor = net::start_connect(place.addresses[index_ % place.addresses.size()], options);
  if (!descriptor) return fail_connect(descriptor.error().message);
  net::TlsClient* tls = worker_.tls();
  stream_ =
      tls != nullptr ? net::Stream(*descriptor, *tls, place.target.endpoint.host, was_open_) : net::Stream(*descriptor);
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
    case Phase::securing:
      return secure();
    case Phase::upgrading:
    case Phase::joining:
    case Phase::open:
    case Phase::closing:
      if (writable) flush();
      if (readable && stream_.is_open()) receive();
      return;
    case Phase::idle:
    case Phase::away:
    case Phase::ended:
      return;
  }
}

void Client::secure() {
  switch (stream_.handshake()) {
    case net::IoStatus::ok:
      if (was_open_ && stream_.is_resumed()) ++worker_.found_.closes.resumed;
      return request_upgrade();
    case net::IoStatus::would_block:
      if (stream_.wants_write() != waits_for_write_ || waits_for_write_) {
        waits_for_write_ = stream_.wants_write();
        worker_.core().poller().modify(stream_.descriptor(), *this, true, waits_for_write_);
      }
      return;
    case net::IoStatus::closed:
    case net::IoStatus::failed:
      return fail_connect("TLS: " + std::string(stream_.failure()));
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
  if (setup.is_reliable) fields.emplace_back("Sec-WebSocket-Protocol", reliable_subprotocol);
  const std::string target =
      session_ && session_->exists()
          ? setup.identity.recovery_target(index_, session_->connection_id(), session_->reconnection_token())
          : setup.identity.request_target(index_);
  write(websocket::upgrade_request(setup.places[place_].target.authority, target, key_, fields));
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
  if (!joining_failure_.empty()) return fail_connect(std::exchange(joining_failure_, {}));
  if (!unsent_.empty() && !waits_for_write_) flush();  // pongs
  refill();
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
  take_upgrade(*accepted, bytes.last(head_->size() - head_bytes));
}

void Client::take_upgrade(std::string_view subprotocol, std::span<char> rest) {
  head_.reset();
  key_ = std::string();
  if (worker_.setup_.is_reliable) {
    if (subprotocol != reliable_subprotocol) {
      return fail_connect("the server does not speak " + std::string(reliable_subprotocol));
    }
    await_session();
  } else {
    become_ready();
  }
  if (!rest.empty() && stream_.is_open()) take(rest);
  refill();
}

void Client::become_ready() {
  failures_ = 0;
  enter(Phase::open);
  const auto now = Clock::now();
  if (!was_open_) {
    was_open_ = true;
    ++worker_.attempted_;
    ++worker_.found_.connected;
    worker_.found_.connect.record(now - since_);
  } else {
    worker_.note_return(closed_at_);
  }
  std::string frames;
  for (auto& message : pending_)
    append_message(frames, message);
  if (!frames.empty()) write(frames);
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
                       phase_ == Phase::joining || phase_ == Phase::away;
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

void Client::refill() {
  const auto wanted = worker_.setup_.options.in_flight;
  if (phase_ != Phase::open || pending_.size() >= wanted || !worker_.is_sending()) return;
  auto& frames = worker_.frame_;
  frames.clear();
  while (pending_.size() < wanted) {
    ++worker_.found_.planned;
    ++worker_.outstanding_;
    pending_.push_back({not_sent, choose_recipient(), Clock::now() - worker_.traffic_start_, false});
    append_message(frames, pending_.back());
  }
  write(frames);
}

void Client::append_message(std::string& out, Pending& message) {
  const auto& options = worker_.setup_.options;
  const auto now = Clock::now();
  if (message.sequence == not_sent) {
    message.sequence = worker_.ledger_.record_sent(index_);
    worker_.note_sent(message.planned, now, !message.has_waited && options.in_flight == 0);
  } else {
    worker_.ledger_.record_resent(index_, message.sequence);
  }
  const auto us = [](Clock::duration d) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(d).count());
  };
  const Stamp stamp{worker_.setup_.run,  index_,
                    message.recipient,   message.sequence,
                    us(message.planned), us(now - worker_.traffic_start_)};
  auto& text = worker_.text_;
  text.clear();
  if (worker_.setup_.is_reliable) {
    append_published(text, message, stamp);
  } else if (worker_.setup_.flow == Flow::relay) {
    text += R"({"to":)";
    append_json_string(text, worker_.setup_.identity.uid(message.recipient));
    text += R"(,"id":")" + std::to_string(message.sequence) + R"(","data":")";
    append_payload(text, stamp, options.size_bytes);
    text += "\"}";
  } else {
    append_payload(text, stamp, options.size_bytes);
  }
  const auto opcode = options.binary && worker_.setup_.flow == Flow::echo ? Opcode::binary : Opcode::text;
  websocket::append_masked_frame(out, opcode, true, text, static_cast<std::uint32_t>(worker_.random_()));
}

/// Each user writes to few others, so that the order between two of them is really tested.
std::uint32_t Client::choose_recipient() const {
  const auto connections = worker_.setup_.options.connections;
  if (worker_.setup_.flow != Flow::relay || connections < 2) return index_;
  constexpr std::uint64_t partners = 4;
  const auto pair = std::uint64_t{index_} * partners + worker_.random_() % partners;
  const auto other = static_cast<std::uint32_t>(scrambled(worker_.setup_.options.seed ^ pair) % (connections - 1));
  return other >= index_ ? other + 1 : other;
}

}  // namespace wscluster::load
