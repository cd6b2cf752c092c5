// SPDX-License-Identifier: MIT
#include "link/options.hpp"

#include "base/units.hpp"

namespace wscluster::link {

std::vector<std::string> problems(const Options& options) {
  constexpr std::uint64_t smallest_frame = 64U << 10U;
  std::vector<std::string> found;
  if (options.heartbeat < std::chrono::milliseconds(10)) {
    found.push_back("link.heartbeat is " + format_duration(options.heartbeat) + "; it must be at least 10ms");
  }
  if (options.dead_after < 2 * options.heartbeat) {
    found.push_back("link.dead_after (" + format_duration(options.dead_after) +
                    ") must be at least twice link.heartbeat (" + format_duration(options.heartbeat) +
                    "), or one late heartbeat breaks a link");
  }
  if (options.connect_timeout < std::chrono::milliseconds(10)) {
    found.push_back("link.connect_timeout is " + format_duration(options.connect_timeout) +
                    "; it must be at least 10ms");
  }
  if (options.reconnect_min.count() < 1 || options.reconnect_max < options.reconnect_min) {
    found.push_back("the reconnect back-off of links must begin at 1ms or more and not end below its beginning");
  }
  if (options.max_frame_bytes < smallest_frame) {
    found.push_back("link.max_frame is " + format_size(options.max_frame_bytes) + "; it must be at least " +
                    format_size(smallest_frame));
  }
  if (options.max_unsent_bytes < options.max_frame_bytes) {
    found.push_back("link.max_unsent (" + format_size(options.max_unsent_bytes) +
                    ") must not be less than link.max_frame (" + format_size(options.max_frame_bytes) + ")");
  }
  return found;
}

}  // namespace wscluster::link
