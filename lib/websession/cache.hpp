// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "auth/hmac.hpp"
#include "base/time.hpp"

namespace wscluster::websession {

/// Who was found, or nobody, under digests of what the requests brought; the digests have a key, so nobody can make two
/// that meet. When it is full the oldest entry goes. On one core.
class Cache {
 public:
  using User = std::optional<std::string>;

  explicit Cache(std::size_t capacity) : capacity_(capacity) {}

  /// Null: not known, or not any more. Valid until the next call.
  [[nodiscard]] const User* find(const auth::Mac& key, TimePoint now) const;
  void put(const auth::Mac& key, User user, TimePoint until);
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const auth::Mac& key) const noexcept {
      std::size_t value = 0;
      std::memcpy(&value, key.data(), sizeof(value));
      return value;
    }
  };
  struct Entry {
    User user;
    TimePoint until;
    std::list<auth::Mac>::iterator place;
  };

  std::size_t capacity_;
  std::unordered_map<auth::Mac, Entry, Hash> entries_;
  std::list<auth::Mac> by_age_;  ///< the oldest first
};

}  // namespace wscluster::websession
