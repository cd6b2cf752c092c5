// SPDX-License-Identifier: MIT
#include "auth/hmac.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <cassert>
#include <stdexcept>

namespace wscluster::auth {

Mac hmac_sha256(std::string_view bytes, const Secret& key) {
  Mac mac{};
  unsigned size = 0;
  const std::string_view secret = key.reveal();
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), mac.data(), &size) == nullptr) {
    throw std::runtime_error("OpenSSL refuses HMAC-SHA256");
  }
  assert(size == mac.size());
  return mac;
}

}  // namespace wscluster::auth
