// SPDX-License-Identifier: MIT
#include "load/close_notice.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "base/units.hpp"
#include "websocket/frame.hpp"

namespace wscluster::load {
namespace {

using websocket::CloseCode;

constexpr Duration default_spread{100};
constexpr Duration first_retry{100};
constexpr Duration longest_retry{5'000};
// Outside input: nobody is made to wait for a day.
constexpr Duration longest_after{600'000};

Duration scaled(Duration duration, double share) {
  return Duration{static_cast<Duration::rep>(static_cast<double>(duration.count()) * share)};
}

}  // namespace

CloseNotice CloseNotice::parse(std::string_view reason) {
  CloseNotice notice;
  for (const auto word : split(reason, ' ')) {
    if (word.starts_with("epoch=")) {
      const auto digits = word.substr(6);
      std::uint64_t epoch = 0;
      const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), epoch);
      if (ec == std::errc{} && end == digits.data() + digits.size()) notice.epoch = epoch;
    } else if (word.starts_with("after=")) {
      if (const auto after = parse_duration(word.substr(6))) notice.after = std::min(*after, longest_after);
    }
  }
  return notice;
}

Duration reconnect_delay(std::uint16_t code, const CloseNotice& notice, double share) {
  if (notice.after) return *notice.after;
  const bool is_invited =
      code == CloseCode::service_restart || code == CloseCode::going_away || code == CloseCode::abnormal;
  return is_invited ? scaled(default_spread, share) : retry_delay(0, share);
}

Duration retry_delay(unsigned failures, double share) {
  const Duration whole = std::min(longest_retry, first_retry * (1U << std::min(failures, 10U)));
  return whole / 2 + scaled(whole / 2, share);
}

}  // namespace wscluster::load
