// SPDX-License-Identifier: MIT
// The contradictions of the plain option structs that config fills.
#include "cluster/options.hpp"
#include "front/options.hpp"
#include "link/options.hpp"

#include <gtest/gtest.h>

namespace wscluster {
namespace {

front::Options usable() {
  front::Options options;
  options.name = "node-1";
  options.cluster_key_file = "/key";
  front::ServiceDoor door;
  door.service.name = "chat";
  door.paths = {"/chat"};
  door.key_files = {"/key"};
  options.services.push_back(door);
  return options;
}

TEST(Options, a_gateway_may_have_upstream_services_only) {
  front::Options options = usable();
  options.services.clear();
  options.upstreams = {{"shop", {"http://h:80", "https://h:443*0.5", "x=http://h:80"}, {"/key"}}};
  EXPECT_TRUE(front::problems(options).empty());
  options.upstreams.clear();
  options.eureka.is_enabled = true;
  EXPECT_TRUE(front::problems(options).empty()) << "they come by themselves";
}

TEST(Options, the_defaults_of_services_and_links_hold) {
  EXPECT_TRUE(front::problems(usable()).empty());
  EXPECT_TRUE(link::problems({}).empty());
}

TEST(Options, each_contradiction_of_a_front_is_one_sentence) {
  const std::vector<void (*)(front::Options&)> breakers{
      [](front::Options& o) { o.name = "a b"; },
      [](front::Options& o) { o.cluster = ""; },
      [](front::Options& o) { o.cluster_key_file.clear(); },
      [](front::Options& o) { o.tls_cert_file = "c"; },
      [](front::Options& o) { o.tls_key_file = "k"; },
      [](front::Options& o) { o.admin_listen = o.listen; },
      [](front::Options& o) { o.admin_listen.host = "192.0.2.1"; },
      [](front::Options& o) { o.listen.host = "0.0.0.0"; },
      [](front::Options& o) { o.drain_rate = 0; },
      [](front::Options& o) { o.services.clear(); },
      [](front::Options& o) { o.services[0].key_files.clear(); },
      [](front::Options& o) { o.services[0].paths = {"chat"}; },
      [](front::Options& o) { o.services[0].paths = {"/api/x"}; },
      [](front::Options& o) {
        o.services[0].paths = {"/a", "/a"};
      },
      [](front::Options& o) { o.services[0].service.outbox_bytes = 1; },
      [](front::Options& o) { o.link.max_frame_bytes = 1U << 20U; },
      [](front::Options& o) { o.edge.max_body_bytes = 8U << 20U; },
      [](front::Options& o) {
        o.services.push_back(o.services[0]);
        o.services[1].service.name = "news";
      },
      [](front::Options& o) {
        o.upstreams = {{"chat", {}, {}}};
      },
      [](front::Options& o) {
        o.upstreams = {{"shop", {"127.0.0.1:80"}, {}}};
      },
      [](front::Options& o) {
        o.upstreams = {{"shop", {"http://h:80", "http://h:80*2"}, {}}};
      },
      [](front::Options& o) { o.eureka.password_file = "/p"; },
      [](front::Options& o) {
        o.eureka = {true, "user", {}};
      },
  };
  for (std::size_t i = 0; i < breakers.size(); ++i) {
    auto options = usable();
    breakers[i](options);
    EXPECT_EQ(front::problems(options).size(), 1U) << "breaker " << i;
  }
}

TEST(Options, insecure_is_refused_beyond_loopback_for_listening_and_advertising) {
  auto options = usable();
  options.services[0].auth = front::AuthMode::insecure;
  EXPECT_TRUE(front::problems(options).empty());
  options.advertise = Endpoint{"192.0.2.1", 80};
  EXPECT_EQ(front::problems(options).size(), 1U);
  options.listen = Endpoint{"192.0.2.1", 80};
  EXPECT_EQ(front::problems(options).size(), 2U);
}

TEST(Options, http_sessions_open_a_door_for_our_own_pages_only) {
  auto options = usable();
  options.http_session.kind = websession::Kind::spring;
  front::ServiceDoor& door = options.services[0];
  door.auth = front::AuthMode::session;
  door.origins = {"https://app.example.org"};
  door.missing_origin = front::MissingOrigin::refuse;
  EXPECT_TRUE(front::problems(options).empty());
  door.missing_origin = front::MissingOrigin::allow;
  EXPECT_EQ(front::problems(options).size(), 1U);
  door.origins.clear();
  EXPECT_EQ(front::problems(options).size(), 1U);
  options.http_session.kind = websession::Kind::off;
  EXPECT_EQ(front::problems(options).size(), 2U);
}

TEST(Options, contradictions_of_http_sessions_are_told) {
  auto options = usable();
  options.http_session.kind = websession::Kind::generic;
  options.http_session.key = "sess:";
  EXPECT_EQ(front::problems(options).size(), 1U);
}

TEST(Options, each_contradiction_of_a_link_is_one_sentence) {
  const std::vector<void (*)(link::Options&)> breakers{
      [](link::Options& o) { o.heartbeat = Duration{1}; },
      [](link::Options& o) { o.dead_after = o.heartbeat; },
      [](link::Options& o) { o.connect_timeout = Duration{0}; },
      [](link::Options& o) { o.reconnect_max = Duration{1}; },
      [](link::Options& o) { o.max_frame_bytes = 100; },
      [](link::Options& o) { o.max_unsent_bytes = 100; },
  };
  for (std::size_t i = 0; i < breakers.size(); ++i) {
    link::Options options;
    breakers[i](options);
    EXPECT_EQ(link::problems(options).size(), 1U) << "breaker " << i;
  }
}

TEST(Options, each_contradiction_of_a_service_is_one_sentence) {
  const std::vector<void (*)(cluster::ServiceOptions&)> breakers{
      [](cluster::ServiceOptions& o) { o.name = "Chat"; },
      [](cluster::ServiceOptions& o) { o.outbox_messages = 0; },
      [](cluster::ServiceOptions& o) { o.window_bytes = 0; },
      [](cluster::ServiceOptions& o) { o.max_sessions_per_user = 0; },
      [](cluster::ServiceOptions& o) { o.hold = std::chrono::hours(1); },
      [](cluster::ServiceOptions& o) { o.inbox_messages = 0; },
      [](cluster::ServiceOptions& o) { o.inbox_time = Duration{1}; },
      [](cluster::ServiceOptions& o) { o.send_timeout = Duration{0}; },
  };
  for (std::size_t i = 0; i < breakers.size(); ++i) {
    cluster::ServiceOptions options;
    options.name = "chat";
    breakers[i](options);
    EXPECT_EQ(cluster::problems(options).size(), 1U) << "breaker " << i;
  }
}

}  // namespace
}  // namespace wscluster
