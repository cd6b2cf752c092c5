// SPDX-License-Identifier: MIT
#include "client.hpp"

#include "world.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration handshake_patience = 5s;
/// An edge does not wait longer for a socket that does not take the close.
constexpr Duration close_patience = 3s;

std::uint64_t number_behind(const std::string& text, std::string_view key) {
  const auto at = text.find(key);
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + key.size()));
}

std::string text_behind(const std::string& text, std::string_view key) {
  const auto at = text.find(key) + key.size();
  return text.substr(at, text.find('"', at) - at);
}

}  // namespace

Client::Client(World& world, std::uint64_t number, const ServiceOptions& options, std::string uid)
    : world_(world), number_(number), options_(options), uid_(std::move(uid)) {
  connect(world.now());
}

void Client::connect(TimePoint now) {
  core_ = &world_.some_edge();
  socket_ = world_.new_socket();
  sender_ = world_.new_sender();
  is_attached_ = false;
  is_paused_ = false;
  close_code_ = 0;
  written_ = 0;
  arrived_.clear();
  core_->sockets[socket_] = this;
  ref_ = core_->attachments().open(now, socket_, options_, uid_, now + handshake_patience);
}

void Client::on_refused(Sockets::Refusal reason) {
  world_.note(uid_ + " is refused (" + std::to_string(static_cast<int>(reason)) + ")");
  core_->sockets.erase(socket_);
  core_ = nullptr;
  connect_at_ = world_.now() + Duration(world_.random(20, 200));
}

void Client::on_close(std::uint16_t code) {
  if (close_code_ != 0) return;
  close_code_ = code;
  closing_since_ = world_.now();
  if (code == 1012) {
    ++evictions_;
    world_.on_evicted(options_.name, uid_);
  } else if (world_.checker.promises.is_delivered) {
    world_.checker.break_promise(uid_ + " was closed with " + std::to_string(code));
  }
  world_.note(uid_ + " (device " + std::to_string(number_) + ") is closed with " + std::to_string(code));
}

void Client::tick(TimePoint now) {
  if (is_away_) return;
  if (core_ == nullptr) {
    if (now >= connect_at_) connect(now);
    return;
  }
  if (ref_ == 0) return;
  read_some();
  if (close_code_ == 0) return;
  const bool has_read = arrived_.empty() && reading != Reading::never;
  if ((has_read && world_.chance(5)) || now - closing_since_ > close_patience) end(now, close_code_);
}

void Client::read_some() {
  if (arrived_.empty() || reading == Reading::never) return;
  const bool is_slow = reading == Reading::slow;
  if (!world_.chance(is_slow ? 40 : 2)) return;
  for (auto count = is_slow ? 1 : world_.random(1, 8); count > 0 && !arrived_.empty(); --count) {
    const std::string frame = std::move(arrived_.front());
    arrived_.pop_front();
    ++written_;
    take(frame);
  }
  core_->attachments().on_written(ref_, written_);
}

void Client::take(const std::string& frame) {
  if (options_.raw == RawMode::echo) {
    const std::uint64_t number = std::stoull(frame);
    world_.checker.read(number_, uid_, number);
    open_sends_.erase(number);
    world_.checker.answered(number, "delivered", 1);
  } else if (frame.starts_with(R"({"receipt")")) {
    const std::uint64_t number = number_behind(frame, R"("id":)");
    if (open_sends_.erase(number) == 0) world_.checker.break_promise("a receipt in another session", number);
    world_.note("receipt #" + std::to_string(number) + " " + text_behind(frame, R"("status":")"));
    world_.checker.answered(number, text_behind(frame, R"("status":")"), number_behind(frame, R"("sessions":)"));
  } else if (frame.starts_with(R"({"from")")) {
    const std::uint64_t number = number_behind(frame, R"("data":)");
    world_.note(uid_ + " reads #" + std::to_string(number));
    world_.checker.read(number_, uid_, number);
  } else {
    world_.checker.break_promise("a client cannot read " + frame);
  }
}

void Client::say(TimePoint now, const std::string& to) {
  const bool is_echo = options_.raw == RawMode::echo;
  const std::uint64_t number = world_.checker.sent(sender_, is_echo ? uid_ : to);
  open_sends_.insert(number);
  std::string frame = std::to_string(number);
  if (!is_echo) frame = R"({"to":")" + to + R"(","data":)" + frame + R"(,"id":)" + frame + "}";
  world_.note(uid_ + " says #" + std::to_string(number) + " to " + to);
  core_->attachments().on_frame(now, ref_, false, frame);
}

void Client::leave(TimePoint now) {
  if (!is_away_) world_.note(uid_ + " (device " + std::to_string(number_) + ") leaves");
  is_away_ = true;
  if (core_ != nullptr) end(now, 1001);
}

void Client::end(TimePoint now, std::uint16_t code) {
  core_->attachments().on_closed(now, ref_, code);
  core_->sockets.erase(socket_);
  core_ = nullptr;
  for (const std::uint64_t number : open_sends_)
    world_.checker.given_up(number);
  open_sends_.clear();
  connect_at_ = now + Duration(world_.random(0, 300));
}

}  // namespace wscluster::cluster
