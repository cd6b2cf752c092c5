// SPDX-License-Identifier: MIT
#include "proxy/connection.hpp"

#include <poll.h>
#include <utility>

#include "net/connect.hpp"

namespace wscluster::proxy {

Connection::~Connection() {
  retire();
}

void Connection::retire() {
  user_ = nullptr;
  is_broken_ = true;
  if (std::exchange(is_dirty_, false)) pool_.forget(*this);
  if (std::exchange(is_registered_, false)) pool_.core().poller().remove(stream_.descriptor(), *this);
  stream_.close();
}

bool Connection::is_quiet() const noexcept {
  pollfd item{stream_.descriptor(), POLLIN | POLLRDHUP, 0};
  return !is_broken_ && ::poll(&item, 1, 0) == 0;
}

void Connection::connect(const net::SocketAddress& address) {
  auto descriptor = net::start_connect(address);
  if (!descriptor) {
    is_broken_ = true;
    return;
  }
  stream_ = net::Stream(*descriptor);
  wait_for(false, true);
}

void Connection::wait_for(bool readable, bool writable) {
  net::Poller& poller = pool_.core().poller();
  if (!is_registered_) {
    poller.add(stream_.descriptor(), *this, readable, writable);
    is_registered_ = true;
  } else if (readable != waits_readable_ || writable != waits_writable_) {
    poller.modify(stream_.descriptor(), *this, readable, writable);
  }
  waits_readable_ = readable;
  waits_writable_ = writable;
}

void Connection::write(std::string_view bytes) {
  unsent_.append(bytes);
  if (!std::exchange(is_dirty_, true)) pool_.flush_later(*this);
}

void Connection::flush() {
  is_dirty_ = false;
  if (!is_connected_ || is_broken_ || unsent_bytes() == 0) return;
  const net::IoResult result = stream_.write({unsent_.data() + sent_, unsent_bytes()});
  if (result.status == net::IoStatus::failed || result.status == net::IoStatus::closed) {
    // The next read tells, and what the server said before it closed is read then.
    unsent_.clear();
    sent_ = 0;
    return wait_for(true, false);
  }
  sent_ += result.bytes;
  if (unsent_bytes() > 0) {
    if (sent_ > most_unsent_bytes) unsent_.erase(0, std::exchange(sent_, 0));
    return wait_for(waits_readable_, true);
  }
  // An idle connection holds no buffer.
  unsent_ = std::string();
  sent_ = 0;
  wait_for(waits_readable_, false);
  if (user_ != nullptr) user_->on_flushed();
}

void Connection::pause(bool is_paused) {
  if (std::exchange(is_paused_, is_paused) == is_paused || !is_connected_ || is_broken_) return;
  wait_for(!is_paused, waits_writable_);
}

void Connection::on_ready(bool readable, bool writable) {
  if (is_broken_) return;
  if (!is_connected_) {
    if (const auto connected = net::finish_connect(stream_.descriptor()); !connected)
      return fail(connected.error().message);
    is_connected_ = true;
    wait_for(!is_paused_, false);
    if (user_ != nullptr) user_->on_connected();
    return;
  }
  if (writable && unsent_bytes() > 0) {
    flush();
    if (is_broken_) return;
  }
  if (readable) read();
}

/// One read per turn is fair: the poller comes again.
void Connection::read() {
  if (is_paused_) {
    // Asked for no input and called nevertheless: the connection is broken.
    return fail("the server has reset the connection");
  }
  const std::span<char> into = pool_.input();
  const net::IoResult got = stream_.read(into);
  if (got.status == net::IoStatus::would_block) return;
  if (got.status == net::IoStatus::closed) return fail("the server has closed the connection");
  if (got.status != net::IoStatus::ok) return fail("the server has reset the connection");
  if (user_ == nullptr) return fail("the server speaks without being asked");
  user_->on_bytes(into.first(got.bytes));
}

void Connection::fail(std::string_view why) {
  is_broken_ = true;
  if (std::exchange(is_registered_, false)) pool_.core().poller().remove(stream_.descriptor(), *this);
  stream_.close();
  User* user = user_;
  if (user == nullptr) {
    pool_.drop_idle(*this);
  } else {
    user->on_ended(why);
  }
}

}  // namespace wscluster::proxy
