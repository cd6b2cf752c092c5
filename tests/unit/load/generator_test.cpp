// SPDX-License-Identifier: MIT
#include "load/generator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <numeric>
#include <set>

#include "auth/token.hpp"
#include "base/error.hpp"
#include "test_server.hpp"

namespace wscluster::load {
namespace {

Options small_run(const TestServer& server, Scenario scenario) {
  Options options;
  options.url = server.url();
  options.scenario = scenario;
  options.connections = 12;
  options.connect_rate = 5'000;
  options.rate = 600;
  options.warmup = Duration{50};
  options.duration = Duration{350};
  options.change_at = Duration{150};
  options.settle = Duration{2'000};
  options.threads = 2;
  options.interval = Duration{100};
  return options;
}

RunResult run_load(const Options& options, const Callbacks& callbacks = {}) {
  return Generator(options).run(callbacks);
}

Speaks spoken_in(Scenario scenario) {
  if (scenario == Scenario::group || scenario == Scenario::ack || scenario == Scenario::recovery) return Speaks::groups;
  return scenario == Scenario::send ? Speaks::relay : Speaks::echo;
}

RunResult run_against(const Faults& faults, Scenario scenario) {
  TestServer server(spoken_in(scenario), faults);
  return run_load(small_run(server, scenario));
}

/// Nothing went wrong with any message.
void expect_clean(const RunResult& result) {
  const auto& account = result.messages;
  EXPECT_GT(account.sent, 100U);
  EXPECT_EQ(account.answered, account.sent);
  EXPECT_EQ(account.arrived, account.sent);
  EXPECT_EQ(account.lost, 0U);
  EXPECT_EQ(account.duplicated, 0U);
  EXPECT_EQ(account.out_of_order, 0U);
  EXPECT_EQ(account.misdelivered, 0U);
  EXPECT_EQ(account.contradicted, 0U);
  EXPECT_EQ(account.unreceipted, 0U);
  EXPECT_EQ(account.unanswered_at_close, 0U);
  EXPECT_EQ(result.not_sent, 0U);
  EXPECT_EQ(result.wrong_node, 0U);
  EXPECT_TRUE(result.errors.empty()) << result.errors.begin()->first;
}

TEST(Generator, gets_every_echo_back) {
  const auto result = run_against({}, Scenario::echo);
  expect_clean(result);
  EXPECT_EQ(result.connected, 12U);
  EXPECT_EQ(result.connect.count(), 12U);
  EXPECT_EQ(result.closes.never_closed, 12U);
  EXPECT_EQ(result.planned, 240U);
  EXPECT_EQ(result.latency.count(), 210U) << "the warm-up is not measured";
  EXPECT_GE(result.latency.max(), result.service.max());
}

TEST(Generator, gets_every_receipt_and_every_message) {
  const auto result = run_against({}, Scenario::send);
  expect_clean(result);
  EXPECT_EQ(result.messages.receipts[static_cast<std::size_t>(ReceiptStatus::delivered)], result.messages.sent);
  EXPECT_EQ(result.nodes.at("node-1"), result.messages.sent);
  EXPECT_EQ(result.receipt.count(), result.latency.count());
}

TEST(Generator, sees_a_lost_echo) {
  const auto result = run_against({.lose = 20}, Scenario::echo);
  EXPECT_EQ(result.messages.lost, 12U);
  EXPECT_EQ(result.messages.answered, 228U);
}

TEST(Generator, sees_an_echo_that_comes_twice) {
  const auto result = run_against({.duplicate = 20}, Scenario::echo);
  EXPECT_EQ(result.messages.duplicated, 12U);
  EXPECT_EQ(result.messages.lost, 0U);
}

TEST(Generator, sees_echoes_that_overtake) {
  const auto result = run_against({.swap = 20}, Scenario::echo);
  EXPECT_GT(result.messages.out_of_order, 0U);
  EXPECT_EQ(result.messages.duplicated, 0U);
}

TEST(Generator, sees_a_message_that_was_receipted_and_never_arrived) {
  const auto result = run_against({.lose = 20}, Scenario::send);
  EXPECT_EQ(result.messages.lost, 12U);
  EXPECT_EQ(result.messages.lost_promised, 12U);
}

TEST(Generator, sees_a_message_of_which_nothing_was_heard) {
  const auto result = run_against({.ignore = 20}, Scenario::send);
  EXPECT_EQ(result.messages.lost, 12U);
  EXPECT_EQ(result.messages.lost_promised, 0U);
}

TEST(Generator, sees_a_missing_receipt) {
  const auto result = run_against({.keep_receipt = 20}, Scenario::send);
  EXPECT_EQ(result.messages.unreceipted, 12U);
  EXPECT_EQ(result.messages.lost, 0U);
}

TEST(Generator, sees_a_message_that_arrives_twice) {
  EXPECT_EQ(run_against({.duplicate = 20}, Scenario::send).messages.duplicated, 12U);
}

TEST(Generator, sees_messages_of_one_sender_that_overtake) {
  TestServer server(Speaks::relay, {.swap = 5});
  auto options = small_run(server, Scenario::send);
  options.connections = 2;  // one pair of users: each swap is one of the order between two
  EXPECT_GT(run_load(options).messages.out_of_order, 0U);
}

TEST(Generator, sees_a_message_at_the_wrong_user) {
  EXPECT_EQ(run_against({.misdeliver = 20}, Scenario::send).messages.misdelivered, 12U);
}

TEST(Generator, sees_a_message_under_a_wrong_name) {
  EXPECT_EQ(run_against({.wrong_sender = 20}, Scenario::send).messages.misdelivered, 12U);
}

TEST(Generator, sees_a_receipt_that_denies_a_delivery) {
  EXPECT_EQ(run_against({.deny = 20}, Scenario::send).messages.contradicted, 12U);
}

TEST(Generator, does_not_call_offline_lost) {
  const auto result = run_against({.offline = 20}, Scenario::send);
  EXPECT_EQ(result.messages.lost, 0U);
  EXPECT_EQ(result.messages.receipts[static_cast<std::size_t>(ReceiptStatus::offline)], 12U);
  EXPECT_EQ(result.error_count(), 12U);
}

TEST(Generator, sees_two_nodes_for_one_user_in_one_epoch) {
  EXPECT_GT(run_against({.other_node = 20}, Scenario::send).wrong_node, 0U);
}

TEST(Generator, counts_refused_connections) {
  const auto result = run_against({.refuse_connect = 4}, Scenario::echo);
  EXPECT_EQ(result.connected, 9U);
  EXPECT_EQ(result.connect_failed, 3U);
  EXPECT_EQ(result.not_sent, 60U);
  EXPECT_EQ(result.messages.lost, 0U);
  EXPECT_LT(result.rate_ratio(), 0.99);
}

TEST(Generator, fails_when_nobody_listens) {
  std::string url;
  {
    const TestServer gone(Speaks::echo);
    url = gone.url();
  }
  Options options;
  options.url = url;
  options.connections = 3;
  Generator generator(options);
  try {
    (void)generator.run({});
    FAIL() << "no server, and yet it ran";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::unavailable);
    EXPECT_NE(std::string(failure.what()).find(url), std::string::npos);
  }
}

TEST(Generator, refuses_options_that_cannot_work) {
  Options options;
  options.url = "http://127.0.0.1:1/";
  try {
    const Generator generator(options);
    FAIL() << "took an http URL";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::usage);
  }
}

TEST(Generator, refuses_urls_that_differ_in_more_than_the_place) {
  for (const char* other : {"ws://127.0.0.1:2/other", "wss://127.0.0.1:2/chat", "http://127.0.0.1:2/chat"}) {
    Options options;
    options.url = "ws://127.0.0.1:1/chat";
    options.further_urls = {other};
    try {
      const Generator generator(options);
      FAIL() << "took " << other;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.exit(), ExitCode::usage);
      EXPECT_NE(std::string(failure.what()).find(other), std::string::npos) << failure.what();
    }
  }
}

TEST(Generator, sends_with_the_answers_in_the_closed_model) {
  TestServer server(Speaks::echo);
  auto options = small_run(server, Scenario::echo);
  options.in_flight = 3;
  const auto result = run_load(options);
  expect_clean(result);
  EXPECT_TRUE(result.lag.empty());
  EXPECT_EQ(result.rate_ratio(), 1.0);
  EXPECT_GT(result.achieved_rate, 0);
}

TEST(Generator, has_no_more_in_flight_than_asked_for) {
  TestServer server(Speaks::echo, {.lose = 1});
  auto options = small_run(server, Scenario::echo);
  options.in_flight = 3;
  options.settle = Duration{0};
  const auto result = run_load(options);
  EXPECT_EQ(result.messages.sent, 36U);
  EXPECT_EQ(result.messages.lost, 36U);
}

TEST(Generator, measures_no_closed_model_where_nothing_answers_the_sender) {
  Options options;
  options.url = "ws://127.0.0.1:1/chat";
  options.scenario = Scenario::send;
  options.in_flight = 1;
  EXPECT_THROW(Generator{options}, Failure);
}

TEST(Generator, goes_to_the_next_server_with_who_lost_the_first) {
  TestServer first(Speaks::echo);
  TestServer second(Speaks::echo);
  auto options = small_run(first, Scenario::echo);
  options.further_urls = {second.url()};
  options.duration = Duration{900};
  bool is_closed = false;
  Callbacks callbacks;
  callbacks.progress = [&](const Progress& progress) {
    if (progress.stage != Progress::Stage::running || std::exchange(is_closed, true)) return;
    second.refuse_next(1);  // who is refused there tries the first again, and then the second
    first.close_some(12, 1006, "");
  };
  const auto result = run_load(options, callbacks);
  EXPECT_EQ(result.closes.by_code.at(1006), 12U);
  EXPECT_EQ(result.closes.returned, 12U);
  EXPECT_EQ(result.closes.not_returned, 0U);
  EXPECT_EQ(result.closes.retries, 1U);
  EXPECT_EQ(std::accumulate(result.closes.returns.begin(), result.closes.returns.end(), std::uint64_t{0}), 12U);
  EXPECT_EQ(first.uids().size(), 13U);
  EXPECT_EQ(second.uids().size(), 11U);
  EXPECT_EQ(result.closes.resumed, 0U);
}

TEST(Generator, resumes_tls_only_when_asked_and_only_with_who_comes_back) {
  const auto certificate = net::make_self_signed("localhost", {"127.0.0.1"}, 1);
  for (const bool resumes : {false, true}) {
    TestServer server(Speaks::echo, {}, &certificate);
    auto options = small_run(server, Scenario::echo);
    options.insecure = true;
    options.resumes_tls = resumes;
    options.further_urls = {server.url()};
    options.duration = Duration{900};
    bool is_closed = false;
    Callbacks callbacks;
    callbacks.progress = [&](const Progress& progress) {
      if (progress.stage == Progress::Stage::running && !std::exchange(is_closed, true)) server.close_some(5, 1006, "");
    };
    const auto result = run_load(options, callbacks);
    EXPECT_EQ(result.closes.returned, 5U);
    EXPECT_EQ(result.closes.resumed, resumes ? 5U : 0U);
  }
}

TEST(Generator, holds_idle_connections_and_counts_those_closed) {
  TestServer server(Speaks::echo);
  auto options = small_run(server, Scenario::hold);
  bool is_closed = false;
  Callbacks callbacks;
  options.duration = Duration{800};
  callbacks.progress = [&](const Progress& progress) {
    if (progress.stage == Progress::Stage::running && !std::exchange(is_closed, true))
      server.close_some(3, 1001, "bye");
  };
  const auto result = run_load(options, callbacks);
  EXPECT_EQ(result.messages.sent, 0U);
  EXPECT_EQ(result.closes.by_code.at(1001), 3U);
  EXPECT_EQ(result.closes.never_closed, 9U);
  EXPECT_EQ(result.closes.returned, 0U);
}

RunResult change_ring(bool relays, const Faults& faults, unsigned count, std::uint16_t code, const std::string& reason,
                      unsigned refusals = 0) {
  TestServer server(relays ? Speaks::relay : Speaks::echo, faults);
  auto options = small_run(server, Scenario::ring_change);
  options.traffic = relays ? Traffic::send : Traffic::echo;
  options.change = "add node-4";
  options.rate = 3'000;
  options.settle = Duration{3'000};
  Callbacks callbacks;
  callbacks.change = [&]() -> ChangeOutcome {
    server.refuse_next(refusals);
    server.close_some(count, code, reason);
    return {42, 43, {}};
  };
  return run_load(options, callbacks);
}

TEST(Generator, brings_evicted_connections_back_and_loses_nothing) {
  for (const bool relays : {false, true}) {
    const auto result = change_ring(relays, {}, 5, 1012, "epoch=43 after=60ms");
    expect_clean(result);
    EXPECT_EQ(result.closes.planned, 5U);
    EXPECT_EQ(result.closes.unplanned, 0U);
    EXPECT_EQ(result.closes.returned, 5U);
    EXPECT_EQ(result.closes.not_returned, 0U);
    EXPECT_EQ(result.closes.never_closed, 7U);
    EXPECT_EQ(result.closes.last_epoch, 43U);
    EXPECT_EQ(result.gap.count(), 5U);
    EXPECT_GT(result.closes.late_answers, 0U);
    ASSERT_EQ(result.closes.list.size(), 5U);
    std::set<std::uint64_t> different;
    for (const auto& closed : result.closes.list)
      different.insert(closed.connection);
    EXPECT_EQ(different.size(), 5U);
    ASSERT_TRUE(result.change);
    EXPECT_EQ(result.change->to_epoch, 43U);
  }
}

TEST(Generator, tells_the_latency_of_users_that_a_change_moved_from_that_of_others) {
  TestServer server(Speaks::relay);
  auto options = small_run(server, Scenario::ring_change);
  options.rate = 1'200;
  options.change_at = Duration{400};
  Callbacks callbacks;
  callbacks.change = [&]() -> ChangeOutcome {
    server.change_ring();
    return {42, 43, {}};
  };
  const auto result = run_load(options, callbacks);
  const auto& found = result.change_latency;
  EXPECT_EQ(found.moved_users, 6U);
  EXPECT_EQ(found.unmoved_users, 6U);
  EXPECT_EQ(found.unknown_users, 0U);
  EXPECT_GT(found.quiet.count(), 0U);
  EXPECT_GT(found.unmoved.count(), 0U);
  EXPECT_GT(found.moved.count(), 0U);
  EXPECT_LT(found.quiet.count() + found.unmoved.count() + found.moved.count(), result.latency.count())
      << "what comes long after the change is in none of them";
}

TEST(Generator, keeps_trying_while_the_server_refuses) {
  const auto result = change_ring(true, {}, 4, 1012, "epoch=43", 6);
  expect_clean(result);
  EXPECT_EQ(result.closes.returned, 4U);
  EXPECT_EQ(result.closes.retries, 6U);
}

TEST(Generator, sees_that_frames_after_the_close_were_executed) {
  // Some 300 messages a second for each connection, and the server answers the close late: some must be under way.
  std::uint64_t duplicated = 0;
  for (int attempt = 0; attempt < 5 && duplicated == 0; ++attempt) {
    duplicated = change_ring(true, {.executes_after_close = true}, 12, 1012, "epoch=43").messages.duplicated;
  }
  EXPECT_GT(duplicated, 0U);
}

TEST(Generator, tells_other_closes_from_planned_ones) {
  for (const std::uint16_t code : {std::uint16_t{1001}, std::uint16_t{1006}}) {
    const auto result = change_ring(false, {}, 2, code, "");
    EXPECT_EQ(result.closes.planned, 0U);
    EXPECT_EQ(result.closes.unplanned, 2U);
    EXPECT_EQ(result.closes.by_code.at(code), 2U);
    EXPECT_EQ(result.closes.returned, 2U);
    EXPECT_EQ(result.messages.duplicated, 0U) << "not sent again without the server's promise";
    EXPECT_EQ(result.messages.resent, 0U);
    EXPECT_EQ(result.messages.lost, 0U);
  }
}

TEST(Generator, reports_who_did_not_come_back) {
  const auto result = change_ring(false, {}, 3, 1012, "epoch=43", 1'000'000);
  EXPECT_EQ(result.closes.returned, 0U);
  EXPECT_EQ(result.closes.not_returned, 3U);
  EXPECT_GT(result.not_sent, 0U);
}

TEST(Generator, follows_a_change_that_takes_longer_than_the_run) {
  TestServer server(Speaks::echo);
  auto options = small_run(server, Scenario::ring_change);
  options.traffic = Traffic::echo;
  std::promise<void> end_of_run;
  Callbacks callbacks;
  callbacks.change = [&]() -> ChangeOutcome {
    end_of_run.get_future().wait();
    return {};
  };
  bool is_told = false;
  callbacks.progress = [&](const Progress& progress) {
    if (progress.elapsed_seconds > 0.5 && !std::exchange(is_told, true)) end_of_run.set_value();
  };
  const auto result = run_load(options, callbacks);
  EXPECT_GT(result.measured_seconds, 0.4);
  expect_clean(result);
}

TEST(Generator, stops_when_asked_and_still_settles) {
  TestServer server(Speaks::echo);
  auto options = small_run(server, Scenario::echo);
  options.duration = Duration{3'600'000};
  Generator generator(options);
  Callbacks callbacks;
  bool has_sent = false;
  callbacks.progress = [&](const Progress& progress) { has_sent = progress.sent > 100; };
  callbacks.should_stop = [&] { return has_sent; };
  const auto result = generator.run(callbacks);
  EXPECT_TRUE(result.was_interrupted);
  expect_clean(result);
}

TEST(Generator, speaks_tls_and_checks_the_certificate) {
  const auto certificate = net::make_self_signed("localhost", {"127.0.0.1"}, 1);
  TestServer server(Speaks::echo, {}, &certificate);
  auto options = small_run(server, Scenario::echo);
  EXPECT_THROW((void)run_load(options), Failure) << "nobody vouches for the certificate";

  options.insecure = true;
  expect_clean(run_load(options));

  options.insecure = false;
  options.tls_ca_file = ::testing::TempDir() + "/load_ca.pem";
  std::ofstream(options.tls_ca_file) << certificate.certificate;
  expect_clean(run_load(options));
}

TEST(Generator, signs_a_token_for_each_user) {
  TestServer server(Speaks::echo);
  auto options = small_run(server, Scenario::echo);
  options.access_key_file = ::testing::TempDir() + "/load_key";
  std::ofstream(options.access_key_file) << "a-key-of-some-length-for-the-tests\n";
  options.connections = 1;
  options.uid_start = 7;
  (void)run_load(options);
  const std::string value = server.last_authorization();
  ASSERT_TRUE(value.starts_with("Bearer "));
  const std::vector<auth::Secret> keys{auth::Secret("a-key-of-some-length-for-the-tests")};
  const auto claims = auth::verify_token(value.substr(7), keys, WallClock::now());
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->subject, "load-7");
  EXPECT_EQ(server.uids(), std::vector<std::string>{""}) << "no uid beside the token";
}

TEST(Generator, uses_each_source_address_and_percent_encodes_uids) {
  TestServer server(Speaks::echo);
  auto options = small_run(server, Scenario::echo);
  options.source_addresses = {"127.0.0.2", "127.0.0.3"};
  options.uid_prefix = "läst &";
  options.connections = 2;
  options.binary = true;
  const auto result = run_load(options);
  expect_clean(result);
  auto uids = server.uids();
  std::ranges::sort(uids);
  EXPECT_EQ(uids, (std::vector<std::string>{"läst &0", "läst &1"}));
}

}  // namespace
}  // namespace wscluster::load
