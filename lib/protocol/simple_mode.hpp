// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wscluster::protocol {

/// What every message of a client without a subprotocol is, as its URL says with `webpubsub_mode`.
struct SimpleMode {
  enum class Kind : std::uint8_t { send_event, send_to_group };

  Kind kind = Kind::send_event;
  std::string group;  ///< of send_to_group: checked
};

/// The values of the parameters `webpubsub_mode` and `group`, decoded. Errc::invalid (400): another mode, or a group to
/// send to that is missing or none. With sendEvent a `group` is the application's own.
[[nodiscard]] Result<SimpleMode> parse_simple_mode(std::string_view mode, std::optional<std::string_view> group);

}  // namespace wscluster::protocol
