// SPDX-License-Identifier: MIT
#pragma once

#include "net/certificate.hpp"
#include "net/openssl.hpp"

/// What certificate.cpp and tls_server.cpp share. For sources of this folder only.
namespace wscluster::net {

struct Certificate::Parts {
  X509Ptr own{nullptr, X509_free};
  std::vector<X509Ptr> chain;  ///< of the issuers, its own first
  KeyPtr key{nullptr, EVP_PKEY_free};
  std::string_view key_type;
  CertificateFiles files;
  std::vector<std::string> names;
  std::string fingerprint;
  WallClock::time_point expires{};
};

}  // namespace wscluster::net
