// SPDX-License-Identifier: MIT
#include "webhook/options.hpp"

#include <gtest/gtest.h>

namespace wscluster::webhook {
namespace {

Options good() {
  Options options;
  options.url = "https://app.example/hubs/{hub}/{event}";
  return options;
}

std::vector<std::string> problems_of(const Options& options) {
  return problems(options, Duration(5'000));
}

TEST(WebhookOptions, nothing_is_sent_without_a_url) {
  const Options none;
  EXPECT_FALSE(none.sends("connect"));
  EXPECT_FALSE(none.takes("anything"));
  EXPECT_TRUE(problems_of(none).empty());
}

TEST(WebhookOptions, patterns_of_events) {
  Options options = good();
  EXPECT_TRUE(options.takes("anything"));
  options.user_events = {"order", "chat.*"};
  EXPECT_TRUE(options.takes("order"));
  EXPECT_FALSE(options.takes("orders"));
  EXPECT_TRUE(options.takes("chat.line"));
  EXPECT_FALSE(options.takes("chat"));
  options.system_events = {"connected"};
  EXPECT_TRUE(options.sends("connected"));
  EXPECT_FALSE(options.sends("connect"));
}

TEST(WebhookOptions, what_is_wrong_is_named) {
  EXPECT_TRUE(problems_of(good()).empty());
  const auto complains = [](const char* about, auto change) {
    Options options = good();
    change(options);
    const auto found = problems_of(options);
    ASSERT_EQ(found.size(), 1U) << about;
    EXPECT_TRUE(found.front().starts_with(about)) << found.front();
  };
  complains("webhook_url", [](Options& o) { o.url = "app.example/events"; });
  complains("webhook_url", [](Options& o) { o.url = "ftp://app.example/"; });
  complains("webhook_system_events", [](Options& o) { o.system_events = {"conect"}; });
  complains("webhook_user_events", [](Options& o) { o.user_events = {"*.line"}; });
  complains("webhook_user_events", [](Options& o) { o.user_events = {""}; });
  complains("webhook_timeout", [](Options& o) { o.timeout = Duration(6'000); });
  complains("webhook_timeout", [](Options& o) { o.timeout = Duration(1); });
  complains("webhook_concurrency", [](Options& o) { o.concurrency = 0; });
  complains("webhook_origin", [](Options& o) { o.origin = "two words"; });
  complains("webhook_origin", [](Options& o) { o.origin = ""; });
}

}  // namespace
}  // namespace wscluster::webhook
