// SPDX-License-Identifier: MIT
#include "front/answers.hpp"

#include "protocol/relay.hpp"

namespace wscluster::front {

edge::Response private_json(std::string body) {
  edge::Response response;
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

edge::Response failure(unsigned status, std::string_view code, std::string_view message) {
  edge::Response response;
  response.status = status;
  response.body = protocol::rest_error(code, message);
  response.headers.emplace_back("x-ms-error-code", code);
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

edge::Response failure(const Error& error) {
  switch (error.code) {
    case Errc::permission:
      return failure(401, "Unauthorized", error.message);
    case Errc::not_found:
      return failure(404, "NotFound", error.message);
    case Errc::protocol:
      return failure(415, "UnsupportedMediaType", error.message);
    case Errc::unavailable:
      return retry_later(error.message);
    case Errc::limit:
      return failure(413, "TooLarge", error.message);
    default:
      return failure(400, "BadRequest", error.message);
  }
}

edge::Response wrong_method(std::string_view allowed) {
  edge::Response response = failure(405, "MethodNotAllowed", "use " + std::string(allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

edge::Response no_such_connection() {
  return failure(404, "Error.Connection.NotExisted", "there is no such connection");
}

edge::Response retry_later(std::string_view message) {
  edge::Response response = failure(503, "ServiceUnavailable", message);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace wscluster::front
