// SPDX-License-Identifier: MIT
#include "auth/link_key.hpp"

#include "auth/hkdf.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <span>
#include <stdexcept>

namespace wscluster::auth {
namespace {

constexpr std::string_view link_label = "wscluster link v1";
constexpr std::string_view operator_label = "wscluster operator v1";
constexpr std::size_t identity_bytes = 4;

std::string hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    text.push_back(digits[byte >> 4U]);
    text.push_back(digits[byte & 15U]);
  }
  return text;
}

}  // namespace

LinkKey derive_link_key(const Secret& cluster_key) {
  LinkKey key;
  hkdf_sha256(cluster_key, {}, link_label, key.psk);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(key.psk.data(), key.psk.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL refuses SHA-256");
  }
  key.identity = "wscluster/" + hex(std::span(digest).first(identity_bytes));
  return key;
}

Secret derive_operator_key(const Secret& cluster_key) {
  std::array<unsigned char, 32> bytes{};
  hkdf_sha256(cluster_key, {}, operator_label, bytes);
  std::string text = hex(bytes);
  Secret key(text);
  OPENSSL_cleanse(text.data(), text.size());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

}  // namespace wscluster::auth
