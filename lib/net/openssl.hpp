// SPDX-License-Identifier: MIT
#pragma once

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Owners of OpenSSL's objects, and what several sources ask of it. For sources of this folder only.
namespace wscluster::net {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

[[nodiscard]] inline Bio reading(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}
[[nodiscard]] inline Bio writing() {
  return {BIO_new(BIO_s_mem()), BIO_free};
}
[[nodiscard]] inline std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

/// Why the last call failed; forgets it.
[[nodiscard]] std::string openssl_reason();

/// Host names, addresses and so on of the subjectAltName: "DNS:example.org".
[[nodiscard]] std::vector<std::string> alt_names_of(const X509* certificate);
/// SHA-256, 64 hex digits.
[[nodiscard]] std::string fingerprint_of(const X509* certificate);

}  // namespace wscluster::net
