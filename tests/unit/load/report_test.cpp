// SPDX-License-Identifier: MIT
#include "load/report.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <sstream>

namespace wscluster::load {
namespace {

namespace json = boost::json;
using std::chrono::microseconds;

RunResult full_result() {
  RunResult result;
  result.options.url = "ws://127.0.0.1:8080/ws";
  result.options.connections = 10'000;
  result.options.rate = 20'000;
  result.options.duration = Duration{60'000};
  result.connected = 10'000;
  for (const int us : {1'900, 12'400})
    result.connect.record(microseconds(us));
  for (const int us : {810, 1'920, 4'130, 19'400}) {
    result.latency.record(microseconds(us));
    result.service.record(microseconds(us - 10));
  }
  result.lag.record(microseconds(40));
  result.messages.sent = result.messages.answered = result.messages.arrived = result.planned = 1'199'874;
  result.achieved_rate = 19'997.9;
  result.busiest_thread = 0.61;
  return result;
}

std::vector<Threshold> claims(std::initializer_list<const char*> texts) {
  return parse_thresholds({texts.begin(), texts.end()});
}

TEST(Report, shows_the_table) {
  const Report report(full_result(), claims({"latency.p99<50ms", "errors.ratio<0.1%", "lost.count>0"}));
  EXPECT_EQ(report.to_text(),
            "Scenario    echo, 10,000 connections, 20,000 msg/s for 1m (5s warm-up not counted)\n"
            "Connect     10,000 ok, 0 failed; handshake p50 1.90ms  p99 12.4ms  max 12.4ms\n"
            "Messages    1,199,874 sent, 1,199,874 answered; 0 lost, 0 twice, 0 out of order, 0 from the wrong node\n"
            "Rate        19,997.9/s of 20,000/s (99.99%)\n"
            "                 p50     p90     p99   p99.9  p99.99     max\n"
            "Latency ms      1.92    19.4    19.4    19.4    19.4    19.4   from the planned send time\n"
            "Service ms      1.91    19.4    19.4    19.4    19.4    19.4   from the real send time\n"
            "Generator   send lag p99 0.04ms, busiest thread 61%: result is valid\n"
            "PASS        latency.p99 < 50ms        19.4ms\n"
            "PASS        errors.ratio < 0.1%       0%\n"
            "FAIL        lost.count > 0            0\n");
  EXPECT_FALSE(report.has_passed());
}

TEST(Report, shows_deliveries_and_recoveries_of_the_subprotocol) {
  auto result = full_result();
  result.options.scenario = Scenario::group;
  result.measured_seconds = 2;
  result.closes.dropped = 3;
  result.closes.recovered = 2;
  result.closes.sessions_lost = 1;
  result.gap.record(microseconds(50'000));
  const std::string text = Report(result, {}).to_text();
  EXPECT_NE(text.find("Deliveries  2/s, each publication to 9,999 members\n"), std::string::npos) << text;
  EXPECT_NE(
      text.find(
          "Recovery    3 sockets dropped, 2 sessions recovered, 1 lost; gap p50 50.0ms  p99 50.0ms  max 50.0ms\n"),
      std::string::npos)
      << text;
  const auto written = json::parse(Report(result, {}).to_json("1"));
  EXPECT_EQ(written.at("deliveries").at("members"), 9'999);
  EXPECT_EQ(written.at("deliveries").at("per_second"), 2);
  EXPECT_EQ(written.at("recovery").at("sessions_lost"), 1);
  EXPECT_EQ(written.at("config").at("publishers"), 1);
}

TEST(Report, says_why_it_is_not_valid) {
  auto result = full_result();
  result.busiest_thread = 0.99;
  const Report report(result, {});
  EXPECT_FALSE(report.is_valid());
  EXPECT_NE(report.to_text().find("NOT VALID\n            the busiest thread worked 99%"), std::string::npos);
}

TEST(Report, has_a_block_for_the_ring_change) {
  auto result = full_result();
  result.options.scenario = Scenario::ring_change;
  result.options.change = "add node-4";
  result.options.change_at = Duration{20'000};
  result.change = ChangeOutcome{42, 43, {}};
  result.closes.planned = result.closes.returned = 2'511;
  result.closes.by_code[1012] = 2'511;
  result.closes.late_answers = 37;
  result.gap.record(std::chrono::milliseconds(310));
  const std::string text = Report(result, {}).to_text();
  EXPECT_NE(
      text.find(
          "Ring change 42 -> 43 at 0:20 (add node-4)\n"
          "            2,511 evicted, 2,511 back; gap p50 310ms  p99 310ms  max 310ms; 37 answers late, 0 lost\n"),
      std::string::npos)
      << text;
}

RunResult moving_result() {
  auto result = full_result();
  result.options.scenario = Scenario::ring_change;
  auto& latency = result.change_latency;
  latency.quiet.record(microseconds(4'000));
  latency.unmoved.record(microseconds(5'000));
  latency.moved.record(microseconds(9'000));
  latency.unmoved_users = 6'402;
  latency.moved_users = 2'371;
  return result;
}

TEST(Report, tells_users_that_a_change_moved_from_others) {
  auto result = moving_result();
  const std::string line =
      "            latency p99 4.00ms before, 5.00ms meanwhile to 6,402 users that stayed (1.25x), 9.00ms to 2,371 "
      "that "
      "moved";
  EXPECT_NE(Report(result, {}).to_text().find(line + "\n"), std::string::npos) << Report(result, {}).to_text();
  result.change_latency.unknown_users = 27;
  EXPECT_NE(Report(result, {}).to_text().find(line + ", 27 not known\n"), std::string::npos);

  const auto written = json::parse(Report(result, {}).to_json("1"));
  const auto& latency = written.at("ring_change").at("latency");
  EXPECT_DOUBLE_EQ(latency.at("quiet_seconds").at("p99").to_number<double>(), 0.004);
  EXPECT_DOUBLE_EQ(latency.at("unmoved_seconds").at("p99").to_number<double>(), 0.005);
  EXPECT_DOUBLE_EQ(latency.at("moved_seconds").at("p99").to_number<double>(), 0.009);
  EXPECT_DOUBLE_EQ(latency.at("unmoved_factor").to_number<double>(), 1.25);
  EXPECT_EQ(latency.at("unmoved_users"), 6'402);
  EXPECT_EQ(latency.at("moved_users"), 2'371);
  EXPECT_EQ(latency.at("unknown_users"), 27);
}

TEST(Report, says_nothing_of_moves_that_it_has_not_seen) {
  auto result = moving_result();
  result.change_latency = {};
  EXPECT_EQ(Report(result, {}).to_text().find("meanwhile"), std::string::npos);
  EXPECT_TRUE(
      json::parse(Report(result, {}).to_json("1")).at("ring_change").at("latency").at("unmoved_factor").is_null());
  result.options.traffic = Traffic::echo;
  const auto written = json::parse(Report(result, {}).to_json("1"));
  EXPECT_FALSE(written.at("ring_change").as_object().contains("latency")) << "echoes have no receipts";
}

TEST(Report, writes_json_that_reads_back) {
  auto result = full_result();
  result.errors["a \"quoted\" thing"] = 3;
  const Report report(result, claims({"latency.p99<50ms", "gap.p99<2s"}));
  const auto parsed = json::parse(report.to_json("1.2.3"));
  const auto& root = parsed.as_object();
  EXPECT_EQ(root.at("schema"), "wscluster/load-test/v1");
  EXPECT_TRUE(root.at("valid").as_bool());
  EXPECT_FALSE(root.at("passed").as_bool()) << "gap has no sample";
  EXPECT_EQ(root.at("config").at("scenario"), "echo");
  EXPECT_EQ(root.at("messages").at("sent").to_number<int>(), 1'199'874);
  EXPECT_EQ(root.at("messages").at("errors").at("a \"quoted\" thing").to_number<int>(), 3);
  EXPECT_DOUBLE_EQ(root.at("latency_seconds").at("max").to_number<double>(), 0.0194);
  EXPECT_DOUBLE_EQ(root.at("rate").at("achieved").to_number<double>(), 19'997.9);
  EXPECT_TRUE(root.at("latency_seconds").as_object().contains("p99.99"));
  EXPECT_TRUE(root.at("thresholds").at(1).at("value").is_null());
  EXPECT_EQ(root.at("host").at("version"), "1.2.3");
  EXPECT_FALSE(root.contains("ring_change"));
}

TEST(Report, writes_one_metric_for_each_line_of_csv) {
  const std::string csv = Report(full_result(), {}).to_csv();
  EXPECT_TRUE(csv.starts_with("metric,value\nlatency.p50,0.00192"));
  EXPECT_NE(csv.find("\nlost.count,0\n"), std::string::npos);
  EXPECT_EQ(csv.find("gap."), std::string::npos) << "no sample, no line";
}

TEST(Report, writes_files_by_their_ending) {
  const Report report(full_result(), {});
  const std::string path = ::testing::TempDir() + "/load_report.hgrm";
  ASSERT_TRUE(report.write_file(path, "1"));
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), report.to_hgrm());
  EXPECT_EQ(check_report_name("x.txt").error().code, Errc::invalid);
  EXPECT_TRUE(check_report_name("x.csv"));
  EXPECT_EQ(report.write_file("/nonexistent/x.json", "1").error().code, Errc::io);
}

}  // namespace
}  // namespace wscluster::load
