// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http.hpp"

/// What of a message passes on, and what is said anew at each hop (RFC 9110 section 7.6.1, RFC 7239). Pure.
namespace wscluster::proxy {

/// Where a request comes from, as far as we believe it.
struct Provenance {
  std::string scheme = "https";  ///< how the client speaks to the outermost proxy that we trust
  std::string host;              ///< as the client wrote it, with port
  std::string port;
  std::string forwarded_for;  ///< of trusted proxies before us, to append to; empty: none
  std::string forwarded;      ///< the same as RFC 7239 writes it
  std::string certificate;    ///< of the client, as X-Forwarded-Client-Cert says it; empty: none
  std::string request_id;     ///< made by us, or of a trusted proxy
};

/// The headers of the request to an application server: without those of the hop, what clients may not say, and what we
/// say ourselves. Framing (Content-Length, Transfer-Encoding) and Connection are left to the caller. `peer` is the
/// address that the request came from. `user`: whom we found, under the name `user_header`, which nobody else may use.
[[nodiscard]] net::HttpFields request_headers(const net::HttpFields& received, const Provenance& from,
                                              std::string_view peer, std::string_view user_header,
                                              const std::optional<std::string>& user);

/// The headers of the answer to the client; framing, Connection and Date are left to the caller as above.
[[nodiscard]] net::HttpFields response_headers(const net::HttpFields& received);

/// Trailers that may follow a body: nothing that tells framing, routing or who somebody is.
[[nodiscard]] net::HttpFields trailers(const net::HttpFields& received);

/// `target` without its first `segments` path segments; begins with a slash in any case.
[[nodiscard]] std::string strip_prefix(std::string_view target, unsigned segments);

}  // namespace wscluster::proxy
