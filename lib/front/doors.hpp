// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "auth/secret.hpp"
#include "base/error.hpp"
#include "edge/edge.hpp"
#include "front/options.hpp"
#include "front/origins.hpp"

namespace wscluster::front {

/// A service with its keys read.
struct Door {
  const ServiceDoor& options;  ///< of the process, whose sessions refer to it longer than to the keys
  std::vector<auth::Secret> keys;
  OriginList origins;
};

/// Who a client is, as its token says.
struct ClientIdentity {
  std::string uid;  ///< session::anonymous_uid() when the token names none and the path allows that
  std::vector<std::string> roles;
  std::vector<std::string> groups;  ///< to be joined at once
  std::string claims_json;          ///< payload of the token
  bool may_do_all = false;          ///< a service for trials asks for no roles
};

/// Who may come in, and where. Immutable; the cores share it, and get another one when keys were read again.
class Doors {
 public:
  /// Reads the key files. Throws Failure that names the file. The options outlive it.
  explicit Doors(const Options& options);

  /// By WebSocket path: one of the service, or /client/hubs/NAME, or /client/?hub=NAME; null when there is none.
  [[nodiscard]] const Door* by_path(const edge::Request& request) const;
  [[nodiscard]] const Door* by_service(std::string_view service) const noexcept;
  [[nodiscard]] const std::vector<Door>& all() const noexcept { return doors_; }

  /// Who a client is: its token (Authorization: Bearer, or ?access_token=), or ?uid= where that is allowed.
  /// Errc::permission (401) or Errc::invalid (400: a uid that is none); the message is for the client. Not for
  /// AuthMode::session, whose clients are looked up.
  [[nodiscard]] Result<ClientIdentity> identify_client(const Door& door, const edge::Request& request) const;
  /// Of reconnection tokens: the first one signs.
  [[nodiscard]] const std::vector<auth::Secret>& reconnection_keys() const noexcept { return reconnection_keys_; }
  /// May this application call the REST API of the service: a token of one of its access keys or of the cluster key.
  [[nodiscard]] Result<> check_application(const Door& door, const edge::Request& request) const;

  /// Whether the upstream service is one of our configuration; others may register.
  [[nodiscard]] bool has_upstream(std::string_view service) const { return upstream_keys_.contains(service); }
  /// May this application register instances of the upstream service: a token of one of its access keys or of the
  /// cluster key.
  [[nodiscard]] Result<> check_registrar(std::string_view service, const edge::Request& request) const;
  [[nodiscard]] bool serves_eureka() const noexcept { return eureka_.is_enabled; }
  [[nodiscard]] bool has_eureka_password() const noexcept { return !eureka_password_.empty(); }
  /// Basic auth, or a caller on this host where no password is configured.
  [[nodiscard]] Result<> check_eureka(const edge::Request& request) const;

 private:
  [[nodiscard]] Result<> check_token(const std::vector<auth::Secret>& keys, const edge::Request& request) const;

  std::vector<Door> doors_;
  std::map<std::string, const Door*, std::less<>> by_path_;
  std::map<std::string, std::vector<auth::Secret>, std::less<>> upstream_keys_;
  EurekaOptions eureka_;
  auth::Secret eureka_password_;
  std::vector<auth::Secret> operator_keys_;
  std::vector<auth::Secret> reconnection_keys_;
};

/// Throws Failure that names the setting and the file.
[[nodiscard]] std::vector<auth::Secret> read_keys(const std::vector<std::string>& files, const std::string& setting);

/// The bearer token of a request, or empty.
[[nodiscard]] std::string_view bearer_token(const edge::Request& request);

}  // namespace wscluster::front
