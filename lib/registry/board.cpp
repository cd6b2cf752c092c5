// SPDX-License-Identifier: MIT
#include "registry/board.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "registry/socket.hpp"

namespace wscluster::registry {

Wake::Wake() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (descriptor_ < 0) throw Failure(ExitCode::os_error, std::string("eventfd: ") + std::strerror(errno));
}

Wake::~Wake() {
  ::close(descriptor_);
}

void Wake::signal() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
}

void Wake::clear() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto size = ::read(descriptor_, &count, sizeof count);
}

bool Wake::wait_until(TimePoint deadline) noexcept {
  const bool woken = wait_for(descriptor_, POLLIN, deadline);
  if (woken) clear();
  return woken;
}

Board::Board(Life self, Duration heartbeat, Duration lease, unsigned cores)
    : trust(std::move(self), heartbeat, lease),
      valid_until_(TimePoint::max().time_since_epoch().count()),
      ticked_(cores) {}

void Board::publish_trust(TimePoint now) {
  valid_until_.store(trust.valid_until(now).time_since_epoch().count(), std::memory_order_release);
  wants_words_.store(trust.wants_words(now), std::memory_order_relaxed);
}

void Board::core_ticked(unsigned core) noexcept {
  if (core < ticked_.size()) ticked_[core].store(true, std::memory_order_release);
}

bool Board::every_core_ticked() const noexcept {
  return std::all_of(ticked_.begin(), ticked_.end(),
                     [](const std::atomic<bool>& ticked) { return ticked.load(std::memory_order_acquire); });
}

void Board::take_ticks() noexcept {
  for (std::atomic<bool>& ticked : ticked_)
    ticked.store(false, std::memory_order_release);
}

}  // namespace wscluster::registry
