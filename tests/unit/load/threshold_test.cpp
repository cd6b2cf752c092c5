// SPDX-License-Identifier: MIT
#include "load/threshold.hpp"

#include <gtest/gtest.h>

namespace wscluster::load {
namespace {

std::string refusal(std::string_view text) {
  const auto threshold = Threshold::parse(text);
  return threshold ? "accepted" : threshold.error().message;
}

bool passes(std::string_view text, const RunResult& result) {
  return evaluate(Threshold::parse(text).value(), result).passed;
}

RunResult small_result() {
  RunResult result;
  for (int ms = 1; ms <= 100; ++ms)
    result.latency.record(std::chrono::milliseconds(ms));
  result.measured_seconds = 2;
  result.planned = 1000;
  result.messages.lost = 2;
  result.options.rate = 100;
  result.achieved_rate = 99.5;
  return result;
}

TEST(Threshold, compares_times_shares_and_counts) {
  const auto result = small_result();
  EXPECT_TRUE(passes("latency.p50<51ms", result));
  EXPECT_FALSE(passes("latency.p50<50ms", result)) << "p50 is 50 ms";
  EXPECT_TRUE(passes("latency.p99.9 >= 0.1s", result));
  EXPECT_TRUE(passes("latency.max<=100ms", result));
  EXPECT_FALSE(passes("latency.mean<0.5ms", result));
  EXPECT_TRUE(passes("errors.ratio<1%", result));
  EXPECT_FALSE(passes("errors.ratio<0.1%", result));
  EXPECT_TRUE(passes("rate.ratio>0.99", result));
  EXPECT_TRUE(passes("lost.count==2", result));
  EXPECT_TRUE(passes("deliveries.rate>=50/s", result)) << "100 in 2 s";
  EXPECT_FALSE(passes("deliveries.rate>50/s", result));
  EXPECT_FALSE(passes("lost.count=0", result));
}

TEST(Threshold, compares_users_that_stayed_with_the_time_before) {
  RunResult result;
  result.change_latency.quiet.record(std::chrono::milliseconds(4));
  result.change_latency.unmoved.record(std::chrono::milliseconds(6));
  result.change_latency.moved.record(std::chrono::milliseconds(9));
  EXPECT_TRUE(passes("unmoved.factor<=1.5", result));
  EXPECT_TRUE(passes("unmoved.factor<1.6x", result));
  EXPECT_FALSE(passes("unmoved.factor<1.5", result));
  EXPECT_TRUE(passes("quiet.max<=4ms", result));
  EXPECT_TRUE(passes("unmoved.p99<=6ms", result));
  EXPECT_TRUE(passes("moved.p99>6ms", result));
  EXPECT_FALSE(passes("unmoved.factor<1.5", RunResult{})) << "no sample";
}

TEST(Threshold, fails_without_a_sample) {
  const auto outcome = evaluate(Threshold::parse("gap.p99<2s").value(), small_result());
  EXPECT_FALSE(outcome.passed);
  EXPECT_FALSE(outcome.value);
}

TEST(Threshold, suggests_the_metric_that_was_meant) {
  EXPECT_NE(refusal("latncy.p99<50ms").find("did you mean 'latency.p99'"), std::string::npos)
      << refusal("latncy.p99<50ms");
  EXPECT_NE(refusal("lost<1").find("unknown metric 'lost'"), std::string::npos);
  EXPECT_NE(refusal("duplicates.count<1").find("did you mean 'duplicate.count'"), std::string::npos);
}

TEST(Threshold, refuses_what_it_cannot_compare) {
  EXPECT_NE(refusal("latency.p99").find("compares nothing"), std::string::npos);
  EXPECT_NE(refusal("").find("compares nothing"), std::string::npos);
  EXPECT_NE(refusal("latency.p99<50").find("a time"), std::string::npos);
  EXPECT_NE(refusal("latency.p99<").find("a time"), std::string::npos);
  EXPECT_NE(refusal("latency.p101<5ms").find("unknown metric"), std::string::npos);
  EXPECT_NE(refusal("latency.p0<5ms").find("unknown metric"), std::string::npos);
  EXPECT_NE(refusal("errors.ratio<5ms").find("a share"), std::string::npos);
  EXPECT_NE(refusal("unmoved.factor<1ms").find("a factor"), std::string::npos);
  EXPECT_NE(refusal("unmoved.factor<nan").find("a factor"), std::string::npos);
  EXPECT_NE(refusal("lost.count<1%").find("a count"), std::string::npos);
}

TEST(Threshold, reports_every_bad_one_before_the_run) {
  try {
    (void)parse_thresholds({"latency.p99<50ms", "nonsense<1", "lost.count<x"});
    FAIL() << "accepted nonsense";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::usage);
    EXPECT_NE(std::string(failure.what()).find("nonsense"), std::string::npos);
    EXPECT_NE(std::string(failure.what()).find("lost.count"), std::string::npos);
  }
}

TEST(Threshold, every_listed_metric_can_be_used) {
  for (auto name : metric_names()) {
    if (name.ends_with("pN")) name.replace(name.size() - 1, 1, "99");
    const bool is_time = name.ends_with(".p99") || name.ends_with(".max") || name.ends_with(".mean");
    const char* limit = is_time ? "<1s" : name.ends_with(".rate") ? "<1/s" : "<1";
    EXPECT_TRUE(Threshold::parse(name + limit)) << name;
  }
}

TEST(Threshold, is_shown_with_its_value) {
  const auto threshold = Threshold::parse("latency.p99<50ms").value();
  EXPECT_EQ(threshold.to_string(), "latency.p99 < 50ms");
  EXPECT_EQ(format_metric("latency.p99", 0.00413), "4.13ms");
  EXPECT_EQ(format_metric("errors.ratio", 0), "0%");
  EXPECT_EQ(format_metric("lost.count", 1200), "1,200");
  EXPECT_EQ(format_metric("unmoved.factor", 1.254), "1.25x");
  EXPECT_EQ(format_metric("deliveries.rate", 1200), "1,200/s");
}

}  // namespace
}  // namespace wscluster::load
