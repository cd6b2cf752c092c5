// SPDX-License-Identifier: MIT
#include "load/close_notice.hpp"

#include <gtest/gtest.h>

namespace wscluster::load {
namespace {

TEST(CloseNotice, reads_epoch_and_time) {
  const auto notice = CloseNotice::parse("epoch=43 after=1250ms");
  EXPECT_EQ(notice.epoch, 43U);
  EXPECT_EQ(notice.after, Duration{1250});
}

TEST(CloseNotice, skips_what_it_does_not_know) {
  const auto notice = CloseNotice::parse("bye why=test epoch=4x after=soon");
  EXPECT_EQ(notice.epoch, 0U);
  EXPECT_FALSE(notice.after);
  EXPECT_EQ(CloseNotice::parse("").epoch, 0U);
}

TEST(CloseNotice, makes_nobody_wait_for_a_day) {
  EXPECT_LE(CloseNotice::parse("after=1d").after.value(), Duration{600'000});
}

TEST(CloseNotice, returns_when_the_server_asks_for_it) {
  CloseNotice notice;
  notice.after = Duration{1000};
  EXPECT_EQ(reconnect_delay(1012, notice, 0), Duration{1000});
  EXPECT_EQ(reconnect_delay(1012, notice, 0.5), Duration{1000});
}

TEST(CloseNotice, returns_within_100_ms_after_a_restart_and_later_after_anything_else) {
  for (const std::uint16_t code : {std::uint16_t{1001}, std::uint16_t{1006}, std::uint16_t{1012}}) {
    EXPECT_LT(reconnect_delay(code, {}, 0.999), Duration{100});
  }
  EXPECT_GE(reconnect_delay(1013, {}, 0), Duration{50});
}

TEST(CloseNotice, backs_off_up_to_five_seconds) {
  EXPECT_EQ(retry_delay(0, 0), Duration{50});
  EXPECT_EQ(retry_delay(3, 0), Duration{400});
  EXPECT_EQ(retry_delay(60'000, 0), Duration{2'500});
  EXPECT_LE(retry_delay(60'000, 1), Duration{5'000});
}

}  // namespace
}  // namespace wscluster::load
