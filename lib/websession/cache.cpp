// SPDX-License-Identifier: MIT
#include "websession/cache.hpp"

namespace wscluster::websession {

const Cache::User* Cache::find(const auth::Mac& key, TimePoint now) const {
  const auto found = entries_.find(key);
  return found == entries_.end() || found->second.until <= now ? nullptr : &found->second.user;
}

void Cache::put(const auth::Mac& key, User user, TimePoint until) {
  if (const auto old = entries_.find(key); old != entries_.end()) {
    by_age_.erase(old->second.place);
    entries_.erase(old);
  } else if (entries_.size() >= capacity_) {
    entries_.erase(by_age_.front());
    by_age_.pop_front();
  }
  by_age_.push_back(key);
  entries_.emplace(key, Entry{std::move(user), until, std::prev(by_age_.end())});
}

}  // namespace wscluster::websession
