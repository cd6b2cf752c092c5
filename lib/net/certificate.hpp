// SPDX-License-Identifier: MIT
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "net/tls_options.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wscluster::net {

/// A server's certificate chain and key, read and found to belong together. Immutable; copies share it.
class Certificate {
 public:
  /// The error names the file and the remedy. One that has expired is none: see expiry_warning().
  [[nodiscard]] static Result<Certificate> from_files(const CertificateFiles& files);
  /// The same from PEM text; the names stand in the errors.
  [[nodiscard]] static Result<Certificate> from_pem(std::string_view certificate, std::string_view key,
                                                    const CertificateFiles& names = {"certificate", "key"});

  /// The host names it is for, lower-case: "example.org", "*.example.org". Its subject's, when it lists none.
  [[nodiscard]] const std::vector<std::string>& names() const noexcept;
  /// "rsa", "ecdsa" or "ed25519".
  [[nodiscard]] std::string_view key_type() const noexcept;
  [[nodiscard]] WallClock::time_point expires() const noexcept;
  /// SHA-256 of the certificate, 64 hex digits.
  [[nodiscard]] const std::string& fingerprint() const noexcept;
  [[nodiscard]] const CertificateFiles& files() const noexcept;

  struct Parts;  ///< for sources of this folder
  [[nodiscard]] const Parts& parts() const noexcept { return *parts_; }

 private:
  explicit Certificate(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

/// A sentence for the operator when it has ended, or will within two weeks.
[[nodiscard]] std::optional<std::string> expiry_warning(const Certificate& certificate, WallClock::time_point now);

/// The certificate with which a client has proved who it is.
struct ClientCertificate {
  std::string subject;                 ///< RFC 2253: "CN=alice,O=Example"
  std::vector<std::string> alt_names;  ///< "DNS:host", "email:a@b", "URI:…", "IP:192.0.2.1"
  std::string fingerprint;             ///< SHA-256 of the certificate, 64 hex digits
  std::string pem;
};

}  // namespace wscluster::net
