// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "auth/secret.hpp"
#include "interrupt.hpp"
#include "invocation.hpp"
#include "net/http_client.hpp"

namespace wscluster::app {

/// One call below /api/v1/services/NAME.
struct RestCall {
  std::string method = "GET";
  std::string path;   ///< "/sessions", percent-encoded
  std::string query;  ///< "limit=100", or empty
  net::HttpFields headers = {};
  std::string body = {};
};

/// The REST API of client.url for one service, with tokens of its access key. Blocks.
class RestClient {
 public:
  /// Throws Failure without a usable URL or key. The command declares --key-file and the flags of Roles::client.
  RestClient(const Invocation& invocation, const config::Config& config, std::string service);

  /// One attempt.
  [[nodiscard]] Result<net::HttpAnswer> attempt(const RestCall& call, Duration deadline) const;
  /// The JSON of a 200. A place that says "not executed" (503) is asked again until --timeout or a signal. Throws
  /// Failure for everything else.
  [[nodiscard]] boost::json::object ask(const RestCall& call, const Interrupt& interrupt) const;
  /// For an answer that is none.
  [[noreturn]] void refuse(const net::HttpAnswer& answer) const;
  [[noreturn]] void refuse(const Error& error) const;

  [[nodiscard]] const std::string& place() const noexcept { return url_; }

 private:
  std::string url_;
  std::string service_;
  auth::Secret key_;
  config::Client client_;
  Duration timeout_;
};

/// What a 503 asks for.
[[nodiscard]] Duration retry_after(const net::HttpAnswer& answer);

/// A member of an answer, or the fallback when it is missing or of another type.
[[nodiscard]] std::string text_of(const boost::json::object& object, const char* name);
[[nodiscard]] std::uint64_t count_of(const boost::json::object& object, const char* name);
[[nodiscard]] double number_of(const boost::json::object& object, const char* name);

}  // namespace wscluster::app
