// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace wscluster::net {

enum class TlsVersion : std::uint8_t { v1_2, v1_3 };

/// Whether clients prove with a certificate who they are.
enum class ClientAuth : std::uint8_t {
  off,       ///< not asked
  optional,  ///< asked; one that is brought must be good
  required,  ///< nobody without a good one
};

/// A certificate chain and its key, PEM.
struct CertificateFiles {
  std::string certificate;
  std::string key;

  bool operator==(const CertificateFiles&) const = default;
};

/// What a TLS listener asks of its clients.
struct TlsOptions {
  TlsVersion min_version = TlsVersion::v1_2;
  bool strict_sni = false;  ///< refuse names that no certificate is for, instead of the default certificate
  ClientAuth client_auth = ClientAuth::off;
  std::string client_ca_file;   ///< whose certificates clients may have
  std::string client_crl_file;  ///< revoked ones: a list of each authority of the chain; empty: not looked for
};

}  // namespace wscluster::net
