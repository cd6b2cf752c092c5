// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace wscluster::webhook {

/// Where the application of one service is told and asked, as CloudEvents over HTTP. No URL: nowhere.
struct Options {
  std::string url;  ///< {hub} and {event} stand for the names; {event} is percent-encoded
  std::vector<std::string> system_events{"connect", "connected", "disconnected"};  ///< those that are sent
  std::vector<std::string> user_events{"*"};  ///< names of events of clients; one may end in *
  Duration timeout{5'000};                    ///< of one call, its waiting for others included
  std::uint64_t concurrency = 64;             ///< calls under way, on each core
  std::string origin = "wscluster";           ///< what the application must allow: WebHook-Request-Origin
  std::string ca_file;                        ///< empty: the system's

  [[nodiscard]] bool is_on() const noexcept { return !url.empty(); }
  [[nodiscard]] bool sends(std::string_view system_event) const noexcept;
  [[nodiscard]] bool takes(std::string_view user_event) const noexcept;
};

/// The names of the fields as in the configuration, each a sentence; empty when usable.
[[nodiscard]] std::vector<std::string> problems(const Options& options, Duration send_timeout);

}  // namespace wscluster::webhook
