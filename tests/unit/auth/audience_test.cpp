// SPDX-License-Identifier: MIT
#include "auth/audience.hpp"

#include <gtest/gtest.h>

namespace wscluster::auth {
namespace {

TEST(Audience, the_path_of_the_signed_url_must_be_that_of_the_request) {
  EXPECT_TRUE(audience_matches("http://127.0.0.1:22171/client/hubs/chat", "/client/hubs/chat"));
  EXPECT_TRUE(audience_matches("wss://other.example/client/hubs/chat", "/client/hubs/chat?access_token=x"));
  EXPECT_TRUE(audience_matches("https://h/api/hubs/chat/users/bob/:send?api-version=2024-12-01",
                               "/api/hubs/chat/users/bob/:send?api-version=2023-07-01"));
  EXPECT_TRUE(audience_matches("/client/hubs/chat", "/client/hubs/chat"));
  EXPECT_FALSE(audience_matches("http://h/client/hubs/chat", "/client/hubs/news"));
  EXPECT_FALSE(audience_matches("http://h/client/hubs/chat", "/client/hubs/chat/more"));
  EXPECT_FALSE(audience_matches("http://h/client/hubs/chat/more", "/client/hubs/chat"));
  EXPECT_FALSE(audience_matches("http://h/client/hubs/chat", "/client/hubs/chatter"));
}

TEST(Audience, escapes_are_compared_by_meaning_within_a_segment) {
  EXPECT_TRUE(audience_matches("http://h/users/a%2fb%20c%40", "/users/a%2Fb%20c@"));
  EXPECT_FALSE(audience_matches("http://h/users/a%2Fb", "/users/a/b"));
  EXPECT_FALSE(audience_matches("http://h/users/a%zz", "/users/a%yy"));
}

TEST(Audience, a_host_alone_means_its_root) {
  EXPECT_TRUE(audience_matches("https://h", "/"));
  EXPECT_TRUE(audience_matches("https://h?x=/y", "/"));
  EXPECT_FALSE(audience_matches("https://h", "/api"));
}

TEST(Audience, none_matches_everything_and_a_name_matches_nothing) {
  EXPECT_TRUE(audience_matches("", "/anything"));
  EXPECT_FALSE(audience_matches("my-application", "/my-application"));
  EXPECT_FALSE(audience_matches("my-application", ""));
}

}  // namespace
}  // namespace wscluster::auth
