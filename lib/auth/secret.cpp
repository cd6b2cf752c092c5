// SPDX-License-Identifier: MIT
#include "auth/secret.hpp"

#include <openssl/crypto.h>
#include <utility>

namespace wscluster::auth {

void Secret::wipe() noexcept {
  // A short string lies in the object itself and survives clear() and a move, so its whole capacity is overwritten.
  bytes_.resize(bytes_.capacity());
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
  bytes_.clear();
}

Secret::Secret(Secret&& other) noexcept {
  bytes_.swap(other.bytes_);
  other.wipe();
}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) *this = Secret(other);
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  bytes_.swap(other.bytes_);
  other.wipe();
  return *this;
}

Secret::~Secret() {
  wipe();
}

bool Secret::matches(std::string_view candidate) const noexcept {
  return !bytes_.empty() && candidate.size() == bytes_.size() &&
         CRYPTO_memcmp(bytes_.data(), candidate.data(), bytes_.size()) == 0;
}

}  // namespace wscluster::auth
