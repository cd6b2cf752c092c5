// SPDX-License-Identifier: MIT
#include "auth/hkdf.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>

namespace wscluster::auth {
namespace {

struct FreeKdf {
  void operator()(EVP_KDF* kdf) const noexcept { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const noexcept { EVP_KDF_CTX_free(context); }
};

/// OpenSSL's parameters are not const; it does not write to these.
OSSL_PARAM octets(const char* name, std::string_view bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

}  // namespace

void hkdf_sha256(const Secret& key, std::string_view salt, std::string_view info, std::span<unsigned char> out) {
  if (key.empty()) throw std::invalid_argument("a key is derived from an empty key");
  const std::unique_ptr<EVP_KDF, FreeKdf> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(kdf.get()));
  std::string digest = "SHA256";
  std::array<OSSL_PARAM, 5> parameters{};
  std::size_t count = 0;
  parameters[count++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0);
  parameters[count++] = octets(OSSL_KDF_PARAM_KEY, key.reveal());
  // An absent salt means 32 zero bytes; OpenSSL takes no empty one.
  if (!salt.empty()) parameters[count++] = octets(OSSL_KDF_PARAM_SALT, salt);
  if (!info.empty()) parameters[count++] = octets(OSSL_KDF_PARAM_INFO, info);
  parameters[count] = OSSL_PARAM_construct_end();
  if (!context || EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) != 1) {
    throw std::runtime_error("OpenSSL cannot derive a key with HKDF-SHA256");
  }
}

}  // namespace wscluster::auth
