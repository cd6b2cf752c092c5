// SPDX-License-Identifier: MIT
#include "net/poller.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

#include <sys/epoll.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string>

namespace wscluster::net {
namespace {

constexpr std::size_t batch_size = 512;

std::uint32_t mask_of(bool readable, bool writable) {
  return (readable ? std::uint32_t{EPOLLIN} | std::uint32_t{EPOLLRDHUP} : 0U) |
         (writable ? std::uint32_t{EPOLLOUT} : 0U);
}

void control(int epoll, int operation, int descriptor, Watcher& watcher, std::uint32_t mask) {
  epoll_event event{};
  event.events = mask;
  event.data.ptr = &watcher;
  if (::epoll_ctl(epoll, operation, descriptor, &event) != 0) {
    throw Failure(ExitCode::os_error, std::string("epoll_ctl: ") + std::strerror(errno));
  }
}

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw Failure(ExitCode::os_error, std::string("epoll_create1: ") + std::strerror(errno));
}

Poller::~Poller() {
  ::close(epoll_);
}

void Poller::add(int descriptor, Watcher& watcher, bool readable, bool writable) {
  control(epoll_, EPOLL_CTL_ADD, descriptor, watcher, mask_of(readable, writable));
}

void Poller::modify(int descriptor, Watcher& watcher, bool readable, bool writable) {
  control(epoll_, EPOLL_CTL_MOD, descriptor, watcher, mask_of(readable, writable));
}

void Poller::remove(int descriptor, Watcher& watcher) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
  for (std::size_t i = next_; i < batch_.size(); ++i) {
    if (batch_[i].watcher == &watcher) batch_[i].watcher = nullptr;
  }
}

bool Poller::wait(Duration patience) {
  std::array<epoll_event, batch_size> events{};
  const int ready =
      ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(patience.count()));
  const std::size_t count = ready > 0 ? static_cast<std::size_t>(ready) : 0;
  batch_.clear();
  next_ = 0;
  for (std::size_t i = 0; i < count; ++i)
    batch_.push_back({static_cast<Watcher*>(events[i].data.ptr), events[i].events});
  return count == batch_size;
}

void Poller::dispatch() {
  while (next_ < batch_.size()) {
    const Ready ready = batch_[next_++];
    if (ready.watcher == nullptr) continue;
    try {
      ready.watcher->on_ready((ready.mask & ~std::uint32_t{EPOLLOUT}) != 0,
                              (ready.mask & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0);
    } catch (const std::exception& problem) {
      ++lost_;
      log::error("net", "a callback of a descriptor failed", {{"err", problem.what()}});
    }
  }
}

}  // namespace wscluster::net
