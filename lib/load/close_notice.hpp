// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace wscluster::load {

/// What the reason of a close with code 1012 tells: "epoch=43 after=1250ms". Unknown words are skipped.
struct CloseNotice {
  std::uint64_t epoch = 0;        ///< 0: not said
  std::optional<Duration> after;  ///< how long this client should wait; the server spreads them

  [[nodiscard]] static CloseNotice parse(std::string_view reason);
};

/// How long to wait before coming back after a close; `share` in [0, 1) is drawn for each connection. As long as the
/// server asks for, else at most 100 ms after 1001, 1006 and 1012, else as retry_delay(0).
[[nodiscard]] Duration reconnect_delay(std::uint16_t code, const CloseNotice& notice, double share);

/// After `failures` attempts in a row that failed: doubles from 100 ms to 5 s, a random half of it.
[[nodiscard]] Duration retry_delay(unsigned failures, double share);

}  // namespace wscluster::load
