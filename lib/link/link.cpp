// SPDX-License-Identifier: MIT
#include "link/link.hpp"

#include <array>
#include <exception>

#include "net/connect.hpp"

namespace wscluster::link {
namespace {

/// Plaintext of one read; shared by the links of a thread, never kept across calls.
std::span<char> scratch() {
  thread_local std::array<char, 256 * 1024> buffer;
  return buffer;
}

}  // namespace

Link::Link(net::Core& core, LinkOwner& owner, const Options& options, cluster::LinkId id, net::Stream stream,
           bool is_dialled, unsigned link, unsigned links)
    : core_(core), owner_(owner), options_(options), id_(id), stream_(std::move(stream)), is_dialled_(is_dialled) {
  remote_.link = link;
  remote_.links = links;
  deadline_ = Clock::now() + options_.connect_timeout;
  heard_ = spoke_ = Clock::now();
  phase_ = is_dialled_ ? Phase::connecting : Phase::securing;
  watches_write_ = is_dialled_;
  core_.poller().add(stream_.descriptor(), *this, true, watches_write_);
  is_watched_ = true;
}

Link::~Link() {
  if (is_watched_ && stream_.is_open()) core_.poller().remove(stream_.descriptor(), *this);
}

void Link::on_ready(bool readable, bool writable) {
  if (phase_ == Phase::broken) return;
  try {
    handle_readiness(readable, writable);
  } catch (const std::exception& problem) {
    // Where the stream of frames stands is not known any more.
    fail(std::string("a callback failed: ") + problem.what());
  }
}

void Link::handle_readiness(bool readable, bool writable) {
  if (phase_ < Phase::greeting) {
    advance();
    if (phase_ < Phase::greeting) return;
    readable = true;
  }
  if (readable) read();
  if (phase_ != Phase::broken && writable) flush();
}

void Link::advance() {
  if (phase_ == Phase::connecting) {
    if (auto connected = net::finish_connect(stream_.descriptor()); !connected) {
      if (connected.error().code == Errc::timed_out) return;
      fail(connected.error().message);
      return;
    }
    phase_ = Phase::securing;
  }
  switch (stream_.handshake()) {
    case net::IoStatus::ok:
      break;
    case net::IoStatus::would_block:
      watch();
      return;
    case net::IoStatus::closed:
    case net::IoStatus::failed:
      fail(stream_.failure().empty()
               ? "the other side closed during the TLS handshake; the same cluster key on both sides?"
               : stream_.failure());
      return;
  }
  phase_ = Phase::greeting;
  if (is_dialled_) owner_.append_hello(out_, remote_.link, remote_.links);
  watch();
  flush();
}

void Link::read() {
  const auto buffer = scratch();
  for (;;) {
    const net::IoResult result = stream_.read(buffer);
    if (result.status == net::IoStatus::would_block) return;
    if (result.status != net::IoStatus::ok) {
      fail(result.status == net::IoStatus::closed ? "closed by the other side" : stream_.failure());
      return;
    }
    heard_ = core_.now();
    if (!consume({buffer.data(), result.bytes})) return;
    if (result.bytes < buffer.size()) return;  // drained: saves a read that would find nothing
  }
}

/// False when the link broke or moved.
bool Link::consume(std::string_view bytes) {
  const bool had_partial = !in_.empty();
  if (had_partial) in_.append(bytes);
  // Frames point into this text: it must not change while they are handled.
  std::string joined = had_partial ? std::move(in_) : std::string();
  std::string_view rest = had_partial ? std::string_view(joined) : bytes;
  in_.clear();
  wire::Raw raw;
  for (;;) {
    const auto status = wire::cut(rest, options_.max_frame_bytes, raw);
    if (status == wire::CutStatus::incomplete) break;
    if (status == wire::CutStatus::too_large) {
      leave("a frame is larger than link.max_frame");
      return false;
    }
    const std::string_view frame = rest.substr(0, raw.size);
    rest.remove_prefix(raw.size);
    if (phase_ == Phase::greeting) in_ = rest;  // for take_parts()
    if (!handle(raw, frame)) return false;
    in_.clear();
  }
  in_ = rest;
  return true;
}

bool Link::handle(const wire::Raw& raw, std::string_view frame) {
  if (phase_ == Phase::up) {
    if (raw.type == wire::FrameType::goodbye) {
      wire::Goodbye goodbye;
      static_cast<void>(wire::decode_into(raw.body, goodbye));
      has_said_goodbye_ = true;
      fail(goodbye.reason);
      return false;
    }
    if (raw.type != wire::FrameType::heartbeat) owner_.on_frame(*this, raw);
    return phase_ != Phase::broken;
  }
  if (raw.type == wire::FrameType::goodbye) {
    wire::Goodbye goodbye;
    static_cast<void>(wire::decode_into(raw.body, goodbye));
    fail("refused by the other side: " + std::string(goodbye.reason));
    return false;
  }
  wire::Hello hello;
  if (raw.type != wire::FrameType::hello || !wire::decode_into(raw.body, hello)) {
    leave("the first frame is not a hello");
    return false;
  }
  if (hello.oldest > wire::protocol_version || hello.version < wire::oldest_protocol_version) {
    leave("protocol versions do not meet: upgrade the older process");
    return false;
  }
  remote_.name = hello.name;
  remote_.incarnation = hello.incarnation;
  remote_.is_gateway = hello.is_gateway;
  remote_.cores = static_cast<unsigned>(hello.cores);
  remote_.shards = static_cast<unsigned>(hello.shards);
  if (!is_dialled_) {
    remote_.link = static_cast<unsigned>(hello.link);
    remote_.links = static_cast<unsigned>(hello.links);
  }
  for (const auto& known : hello.epochs)
    epochs[std::string(known.service)] = known.epoch;
  hello_ = frame;
  const std::string refusal = owner_.on_hello(*this, hello);
  if (was_moved_) return false;
  if (!refusal.empty()) {
    leave(refusal);
    return false;
  }
  if (!is_dialled_) owner_.append_hello(out_, remote_.link, remote_.links);
  phase_ = Phase::up;
  hello_.clear();
  hello_.shrink_to_fit();
  return true;
}

Link::Parts Link::take_parts() {
  core_.poller().remove(stream_.descriptor(), *this);
  is_watched_ = false;
  was_moved_ = true;
  phase_ = Phase::broken;
  return {std::move(stream_), std::move(hello_), std::move(in_)};
}

void Link::resume(const Parts& parts) {
  phase_ = Phase::greeting;
  if (consume(parts.hello + parts.rest)) {
    watch();
    flush();
  }
}

void Link::watch() {
  const bool wants = phase_ < Phase::greeting ? stream_.wants_write() : sent_ < out_.size();
  if (wants == watches_write_) return;
  watches_write_ = wants;
  core_.poller().modify(stream_.descriptor(), *this, true, wants);
}

void Link::flush() {
  if (phase_ < Phase::greeting || phase_ == Phase::broken) return;
  while (sent_ < out_.size()) {
    const net::IoResult result = stream_.write({out_.data() + sent_, out_.size() - sent_});
    if (result.bytes > 0) {
      sent_ += result.bytes;
      spoke_ = core_.now();
    }
    if (result.status == net::IoStatus::would_block) break;
    if (result.status != net::IoStatus::ok) {
      fail(stream_.failure());
      return;
    }
  }
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  } else if (sent_ > 1U << 20U) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
  watch();
}

void Link::tick(TimePoint now) {
  if (phase_ == Phase::broken) return;
  if (phase_ != Phase::up) {
    if (now >= deadline_) fail("no connection within link.connect_timeout");
    return;
  }
  if (now - heard_ > options_.dead_after) {
    fail("nothing heard for link.dead_after");
  } else if (unsent_bytes() > options_.max_unsent_bytes) {
    fail("the other side does not read: link.max_unsent exceeded");
  } else if (now - spoke_ >= options_.heartbeat && unsent_bytes() == 0) {
    wire::append(out_, wire::Heartbeat{});
    flush();
  }
}

void Link::leave(std::string_view reason) {
  if (phase_ == Phase::broken) return;
  if (phase_ >= Phase::greeting) {
    wire::append(out_, wire::Goodbye{reason});
    flush();
    if (phase_ != Phase::broken) stream_.shutdown_write();
  }
  fail(reason);
}

void Link::fail(std::string_view why) {
  if (phase_ == Phase::broken) return;
  phase_ = Phase::broken;
  if (stream_.is_open()) core_.poller().remove(stream_.descriptor(), *this);
  is_watched_ = false;
  const std::string text(why);  // may point into what on_broken releases
  owner_.on_broken(*this, text);
}

}  // namespace wscluster::link
