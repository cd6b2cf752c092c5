// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "edge/edge.hpp"
#include "front/doors.hpp"
#include "session/session_id.hpp"
#include "webhook/connect.hpp"
#include "websession/candidates.hpp"

namespace wscluster::front {

/// What a client asked for with its upgrade, and may have.
struct Admission {
  ClientIdentity identity;  ///< of one that comes back: the uid alone
  std::string subprotocol;  ///< to be answered; empty: none
  bool is_reliable = false;
  std::string profile;                          ///< wire::ClientProfile; empty: like all others without a subprotocol
  std::optional<session::SessionId> recovered;  ///< the session that it comes back to
  bool is_lost = false;  ///< it has come back with a token that is not good: told with a Close, after the upgrade
};

/// Errc::permission (401) or Errc::invalid (400); the message is for the client.
[[nodiscard]] Result<Admission> admit_client(const Doors& doors, const Door& door, const edge::Request& request);

/// Whether it comes back to a session of ours, so that its token says who it is.
[[nodiscard]] bool comes_back(const edge::Request& request);

/// What the request has of an HTTP session.
[[nodiscard]] websession::Inputs session_inputs(const edge::Request& request, const websession::Options& options);
/// One that has been looked up by it: Errc::permission (401) for nobody, else as above, or the error of the look-up.
[[nodiscard]] Result<Admission> admit_user(const edge::Request& request,
                                           const Result<std::optional<std::string>>& user);

/// The same client, with what the application has said of it.
[[nodiscard]] Result<Admission> admit_as(const edge::Request& request, const Admission& asked,
                                         const webhook::ConnectAnswer& answer);

/// What the application is asked about that client.
[[nodiscard]] webhook::ConnectQuestion question_about(const edge::Request& request, const Admission& admission,
                                                      const session::SessionId& id);

/// With which the client comes back to that session.
[[nodiscard]] std::string reconnection_token(const Doors& doors, std::string_view service, const session::SessionId& id,
                                             std::string_view uid);

}  // namespace wscluster::front
