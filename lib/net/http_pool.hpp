// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "net/http_client.hpp"

namespace wscluster::net {

class Core;

/// Requests of one core to other HTTP servers, over connections that are kept and used again (libcurl). Never blocks;
/// names are looked up by threads of libcurl. Follows no redirect, uses no proxy, speaks HTTP/1.1. Core only.
class HttpPool {
 public:
  /// An answer whose status may be anything; else Errc::timed_out, Errc::unavailable (not connected, TLS, closed) or
  /// Errc::protocol (too large, no HTTP). The message names no secret.
  using Done = std::function<void(Result<HttpAnswer>)>;

  /// Answers with a larger body are errors.
  HttpPool(Core& core, std::size_t max_answer_bytes);
  /// Requests under way end without their callback.
  ~HttpPool();
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;

  /// `done` is called once, later, from the core's loop; it may call again.
  void call(HttpCall call, Done done);

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< the core's hooks know it weakly
};

}  // namespace wscluster::net
