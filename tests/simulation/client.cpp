// SPDX-License-Identifier: MIT
#include "client.hpp"

#include "process.hpp"
#include "texts.hpp"
#include "world.hpp"

namespace wscluster::simulation {
namespace {

using namespace std::chrono_literals;

constexpr Duration handshake_patience = 5s;
/// An edge does not wait longer for a socket that does not take the close.
constexpr Duration close_patience = 3s;
/// With it a session is over that its client could come back to.
constexpr std::uint16_t policy_violation = 1008;
constexpr std::uint16_t normal_closure = 1000;
constexpr std::uint16_t going_away = 1001;

}  // namespace

Client::Client(World& world, std::uint64_t number, const Device& device, const cluster::ServiceOptions& options)
    : world_(world),
      number_(number),
      device_(device),
      options_(options),
      random_(mix(mix(world.seed(), "client"), number)) {
  if (device.is_reliable) reliable_ = std::make_unique<Reliable>(world, *this, number);
}

void Client::connect_in(Clock::duration delay) {
  const std::uint64_t now_at = socket_;
  world_.agenda().in(delay, [this, now_at] {
    if (socket_ == now_at && core_ == nullptr && !is_away_) connect();
  });
}

void Client::connect() {
  is_away_ = false;
  Core* const edge = world_.edge_for(device_, random_);
  if (edge == nullptr) return connect_in(random_.micros(20'000, 100'000));
  core_ = edge;
  socket_ = world_.new_socket();
  sender_ = world_.new_sender();
  is_attached_ = is_paused_ = is_reading_ = false;
  close_code_ = 0;
  written_ = 0;
  arrived_.clear();
  core_->sockets[socket_] = this;
  ref_ = 0;
  core_->process().when_running([this, at = socket_] {
    if (socket_ != at || core_ == nullptr) return;
    world_.turn(*core_, [this](Core& core) {
      const cluster::ServiceView* service = core.view() ? core.view()->service(options_.name) : nullptr;
      if (service == nullptr) return;
      cluster::ClientInfo info;
      info.uid = device_.uid;
      info.id = session::SessionId::make(service->hash_of(device_.uid));
      if (reliable_) reliable_->introduce(info);
      const TimePoint now = core.process().turn_time();
      ref_ = core.attachments().open(now, socket_, options_, std::move(info), now + handshake_patience);
    });
    if (ref_ == 0 && core_ != nullptr) on_refused(cluster::Sockets::Refusal::no_owner);
  });
}

void Client::on_attached() {
  is_attached_ = true;
  world_.note(device_.uid + " (device " + std::to_string(number_) + ") is connected at " + core_->process().name());
  if (reliable_) reliable_->on_attached();
}

void Client::on_refused(cluster::Sockets::Refusal reason) {
  world_.note(device_.uid + " (device " + std::to_string(number_) + ") is refused (" +
              std::to_string(static_cast<int>(reason)) + ")");
  const bool is_lost = reason == cluster::Sockets::Refusal::gone;
  if (is_lost && world_.is_lossless()) world_.checker().break_promise(device_.uid + " has lost its session");
  forget_socket(is_lost);
  connect_in(random_.micros(20'000, 150'000));
}

void Client::on_frame(std::string_view payload) {
  arrived_.emplace_back(payload);
  read_later();
}

void Client::on_close(std::uint16_t code, std::string_view text) {
  if (close_code_ != 0) return;
  close_code_ = code;
  away_since_ = world_.agenda().now();
  ++closes_;
  world_.note(device_.uid + " (device " + std::to_string(number_) + ") is closed with " + std::to_string(code));
  if (text == Evictions::text) world_.evictions().closed(device_.uid);
  world_.on_client_closed(*this, code);
  world_.agenda().in(close_patience, [this, at = socket_] {
    if (socket_ == at && core_ != nullptr)
      core_->process().when_running([this, at] {
        if (socket_ == at && core_ != nullptr) end(close_code_);
      });
  });
  read_later();
}

void Client::read_later() {
  if (is_reading_ || device_.reading == Reading::never || core_ == nullptr) return;
  is_reading_ = true;
  const auto delay = device_.reading == Reading::slow ? random_.micros(2'000, 50'000)
                                                      : random_.micros(20, random_.chance(20) ? 9'000 : 900);
  world_.agenda().in(delay, [this, at = socket_] {
    if (socket_ != at || core_ == nullptr) return;
    core_->process().when_running([this, at] {
      if (socket_ != at || core_ == nullptr) return;
      is_reading_ = false;
      read_some();
    });
  });
}

void Client::read_some() {
  const std::uint64_t at = socket_;
  const bool is_slow = device_.reading == Reading::slow;
  for (auto count = is_slow ? 1 : random_.between(1, 8); count > 0 && !arrived_.empty(); --count) {
    const std::string frame = std::move(arrived_.front());
    arrived_.pop_front();
    ++written_;
    take(frame);
  }
  if (ref_ != 0) {
    world_.turn(*core_, [this](Core& core) { core.attachments().on_written(ref_, written_); });
  }
  if (socket_ != at || core_ == nullptr) return;
  if (!arrived_.empty()) return read_later();
  if (close_code_ != 0) end(close_code_);
}

void Client::take(const std::string& frame) {
  Checker& checker = world_.checker();
  if (reliable_) {
    reliable_->on_frame(frame);
  } else if (options_.raw == cluster::RawMode::echo) {
    const std::uint64_t number = std::stoull(frame);
    checker.read(number_, device_.uid, number);
    if (open_sends_.erase(number) + doubtful_sends_.erase(number) > 0) checker.answered(number, "delivered", 1);
  } else if (frame.starts_with(R"({"receipt")")) {
    const std::uint64_t number = number_behind(frame, R"("id":)");
    if (open_sends_.erase(number) + doubtful_sends_.erase(number) == 0)
      checker.break_promise("a receipt in another session", number);
    world_.note("receipt #" + std::to_string(number) + " " + text_behind(frame, R"("status":")"));
    checker.answered(number, text_behind(frame, R"("status":")"), number_behind(frame, R"("sessions":)"));
  } else if (frame.starts_with(R"({"from")")) {
    const std::uint64_t number = number_behind(frame, R"("data":)");
    world_.note(device_.uid + " (device " + std::to_string(number_) + ") reads #" + std::to_string(number));
    checker.read(number_, device_.uid, number);
  } else {
    checker.break_promise("a client cannot read " + frame);
  }
}

bool Client::is_busy() const noexcept {
  const bool has_unread = core_ != nullptr && !arrived_.empty() && device_.reading != Reading::never;
  return !open_sends_.empty() || has_unread || (reliable_ && !is_away_ && reliable_->has_open_requests());
}

void Client::when_open(const std::function<void()>& task) {
  if (!is_open()) return;
  core_->process().when_running([this, task, at = socket_] {
    if (socket_ == at && is_open()) task();
  });
}

void Client::send_up(const std::string& frame) {
  world_.turn(*core_, [&](Core& core) { core.attachments().on_frame(core.process().turn_time(), ref_, false, frame); });
}

bool Client::speaks_of_groups() const noexcept {
  return reliable_ && !is_paused_ && device_.reading != Reading::never;
}

void Client::publish(const std::string& group) {
  if (!speaks_of_groups()) return;
  when_open([this, group] { reliable_->publish(group); });
}

void Client::join(const std::string& group) {
  if (!speaks_of_groups()) return;
  when_open([this, group] { reliable_->join(group); });
}

void Client::leave(const std::string& group) {
  if (!speaks_of_groups()) return;
  when_open([this, group] { reliable_->leave(group); });
}

void Client::say(const std::string& to) {
  if (!is_open() || is_paused_ || device_.reading == Reading::never) return;
  when_open([this, to] {
    if (reliable_) return reliable_->say(to);
    const bool is_echo = options_.raw == cluster::RawMode::echo;
    const std::uint64_t number = world_.checker().sent(sender_, is_echo ? device_.uid : to);
    // An echo has no receipt: what a state that is lost may have executed, nobody answers.
    const bool is_due = !is_echo || world_.is_lossless();
    if (!is_due) world_.checker().given_up(number);
    (is_due ? open_sends_ : doubtful_sends_).insert(number);
    std::string frame = std::to_string(number);
    if (!is_echo) frame = R"({"to":")" + to + R"(","data":)" + frame + R"(,"id":)" + frame + "}";
    world_.note(device_.uid + " (device " + std::to_string(number_) + ") says #" + std::to_string(number) + " to " +
                to);
    send_up(frame);
  });
}

void Client::vanish() {
  if (is_away_) return;
  world_.note(device_.uid + " (device " + std::to_string(number_) + ") leaves");
  is_away_ = true;
  if (core_ == nullptr) {
    // It would have come back, and the holder waits for it.
    if (reliable_) {
      reliable_->on_end(true);
      world_.on_abandoned();
    }
    return;
  }
  core_->process().when_running([this, at = socket_] {
    if (socket_ == at && core_ != nullptr) end(reliable_ ? normal_closure : going_away);
  });
}

void Client::on_broken() {
  away_since_ = world_.agenda().now();
  forget_socket(is_away_);
  if (!is_away_) connect_in(random_.micros(1'000, 150'000));
}

void Client::end(std::uint16_t code) {
  Core& core = *core_;
  if (ref_ != 0) world_.turn(core, [&](Core& c) { c.close_socket(ref_, code); });
  forget_socket(is_away_ || code == policy_violation);
  if (!is_away_) connect_in(random_.micros(0, 250'000));
}

void Client::forget_socket(bool is_lost) {
  core_->sockets.erase(socket_);
  core_ = nullptr;
  ref_ = 0;
  is_attached_ = false;
  if (reliable_) reliable_->on_end(is_lost);
  for (const std::uint64_t number : open_sends_)
    world_.checker().given_up(number);
  open_sends_.clear();
  doubtful_sends_.clear();
}

}  // namespace wscluster::simulation
