// SPDX-License-Identifier: MIT
#pragma once

#include "base/endpoint.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "net/http.hpp"

#include <string>
#include <string_view>

namespace wscluster::net {

struct HttpUrl {
  bool is_tls = false;
  Endpoint endpoint;
  std::string target = "/";  ///< path and query

  /// http://HOST[:PORT][/PATH] or https://…; the error shows the form.
  [[nodiscard]] static Result<HttpUrl> parse(std::string_view text);
};

struct HttpCall {
  std::string url;
  std::string method = "GET";
  HttpFields headers = {};
  std::string body = {};
  Duration deadline{10'000};  ///< for everything from the look-up of the name on
  std::string ca_file = {};   ///< empty: the system's store
  bool insecure = false;      ///< no verification of the server
};

struct HttpAnswer {
  unsigned status = 0;
  HttpFields headers;
  std::string body;
};

/// One request on a connection of its own. Blocks: for commands only, never on a core. Errors name the address;
/// Errc::closed: the connection ended after the request was written, so it may have been executed.
[[nodiscard]] Result<HttpAnswer> http_call(const HttpCall& call);

}  // namespace wscluster::net
