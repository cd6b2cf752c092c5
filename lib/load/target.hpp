// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.hpp"
#include "base/error.hpp"
#include "load/options.hpp"

namespace wscluster::load {

/// The parts of a ws:// or wss:// URL.
struct Target {
  bool is_tls = false;
  Endpoint endpoint;
  std::string authority;  ///< for the Host header: as in the URL
  std::string path;       ///< with the query, never empty

  /// Fails for another scheme, user info, a bad port, a fragment, or characters that do not belong into a request line.
  [[nodiscard]] static Result<Target> parse(std::string_view url);
};

/// Who connection number i is, and how it proves it.
class Identity {
 public:
  /// Reads the access key file when there is one; throws Failure when it cannot be read.
  Identity(const Options& options, const Target& target);
  ~Identity();
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  [[nodiscard]] std::string uid(std::uint64_t connection) const;
  /// Whether `uid` is that of the connection, without making a string.
  [[nodiscard]] bool is_uid(std::string_view uid, std::uint64_t connection) const noexcept;
  /// Path and query of the upgrade request; with ?uid= when there is no key.
  [[nodiscard]] std::string request_target(std::uint64_t connection) const;
  /// The same, to come back to a session.
  [[nodiscard]] std::string recovery_target(std::uint64_t connection, std::string_view connection_id,
                                            std::string_view reconnection_token) const;
  /// Value of the Authorization header, valid for `lifetime`; empty without a key.
  [[nodiscard]] std::string authorization(std::uint64_t connection, Duration lifetime) const;

 private:
  struct Key;

  std::string prefix_;
  std::uint64_t start_;
  std::string path_;
  std::vector<std::string> roles_;
  std::unique_ptr<const Key> key_;
};

}  // namespace wscluster::load
