// SPDX-License-Identifier: MIT
#include "protocol/simple_mode.hpp"

#include "protocol/names.hpp"

namespace wscluster::protocol {

Result<SimpleMode> parse_simple_mode(std::string_view mode, std::optional<std::string_view> group) {
  if (mode == "sendEvent") return SimpleMode{};
  if (mode != "sendToGroup") return error(Errc::invalid, "webpubsub_mode must be sendEvent or sendToGroup");
  if (!group) return error(Errc::invalid, "webpubsub_mode=sendToGroup needs group=");
  if (auto checked = check_group_name(*group); !checked) return checked.error();
  return SimpleMode{SimpleMode::Kind::send_to_group, std::string(*group)};
}

}  // namespace wscluster::protocol
