// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "net/http.hpp"

namespace wscluster::webhook {

/// A client that wants to connect, as the application is asked about it.
struct ConnectQuestion {
  std::string connection;
  std::string user;         ///< empty: anonymous
  std::string claims_json;  ///< payload of its token; empty: none
  net::HttpFields query;
  net::HttpFields headers;
  std::vector<std::string> subprotocols;  ///< that it offers
  struct Certificate {
    std::string fingerprint;  ///< SHA-256, hex
    std::string pem;
  };
  std::optional<Certificate> certificate;  ///< with which it has proved who it is
};

/// What the application says of it.
struct ConnectAnswer {
  unsigned refusal = 0;  ///< status for the client; 0: it may come in
  std::string reason;    ///< of the refusal
  std::optional<std::string> user;
  std::vector<std::string> roles;
  std::vector<std::string> groups;
  std::optional<std::string> subprotocol;  ///< one of those that it offers
  std::optional<std::string> state;
};

/// The JSON body of the question. Its token and cookies stay with us: the application gets what they say in claims.
[[nodiscard]] std::string connect_body(const ConnectQuestion& question);
/// Of an answer with a status of success. Errors name the field.
[[nodiscard]] Result<ConnectAnswer> parse_connect_answer(unsigned status, const net::HttpFields& headers,
                                                         std::string_view body, const ConnectQuestion& question);

}  // namespace wscluster::webhook
