// SPDX-License-Identifier: MIT
// An HTTP head and body as a client might send it, whole and in two halves: the same answer either way, and never a
// request from bytes that another parser might read differently.
#include <cstdint>
#include <cstdlib>

#include "net/http.hpp"

using namespace wscluster::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const HttpLimits limits{.head_bytes = 2048, .body_bytes = 4096};
  RequestParser whole(limits);
  const auto state = whole.feed(text);
  RequestParser halves(limits);
  halves.feed(text.substr(0, size / 2));
  if (halves.state() != RequestParser::State::done && halves.state() != RequestParser::State::failed)
    halves.feed(text.substr(size / 2));
  if (halves.state() != state) std::abort();
  if (state == RequestParser::State::done) {
    const HttpRequest request = whole.take_request();
    if (request.target.empty() || find_header(request.headers, "Host") == nullptr) {
      // HTTP/1.0 needs no Host.
      if (request.is_http11) std::abort();
    }
  }
  if (state == RequestParser::State::failed && whole.failure_status() < 400) std::abort();
  return 0;
}
