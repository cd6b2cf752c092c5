// SPDX-License-Identifier: MIT
#include "net/ticket_keys.hpp"

#include <algorithm>
#include <utility>

namespace wscluster::net {

TicketKeys::TicketKeys(std::vector<Derive> secrets, Now now) : secrets_(std::move(secrets)), now_(std::move(now)) {
  rotate();
}

/// With the mutex held, or alone.
void TicketKeys::rotate() {
  const auto number = static_cast<std::uint64_t>(now_().time_since_epoch() / period);
  if (current_ == number) return;
  std::vector<TicketKey> keys;
  for (const Derive& derive : secrets_) {
    for (const std::uint64_t each : {number, number - 1, number + 1})
      keys.push_back(derive(each));
  }
  keys_ = std::move(keys);
  current_ = number;
}

void TicketKeys::use_secrets(std::vector<Derive> secrets) {
  const std::scoped_lock lock(mutex_);
  secrets_ = std::move(secrets);
  current_.reset();
  rotate();
}

TicketKey TicketKeys::sealing() {
  const std::scoped_lock lock(mutex_);
  rotate();
  return keys_.front();
}

std::optional<TicketKeys::Opening> TicketKeys::opening(std::span<const unsigned char> name) {
  const std::scoped_lock lock(mutex_);
  rotate();
  const auto found =
      std::ranges::find_if(keys_, [&](const TicketKey& key) { return std::ranges::equal(key.name, name); });
  if (found == keys_.end()) return std::nullopt;
  return Opening{*found, found == keys_.begin()};
}

}  // namespace wscluster::net
