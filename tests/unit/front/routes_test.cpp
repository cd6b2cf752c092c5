// SPDX-License-Identifier: MIT
#include "front/routes.hpp"

#include <gtest/gtest.h>
#include <cstdlib>
#include <fstream>

#include "auth/token.hpp"

namespace wscluster::front {
namespace {

RouteOptions route(const std::string& name, const std::string& host, const std::string& path) {
  RouteOptions options;
  options.name = name;
  options.host = host;
  options.path = path;
  options.to = {"lb://" + name};
  return options;
}

std::string taken(const Routes& routes, std::string_view host, std::string_view path) {
  const auto found = routes.find(host, path, [](std::string_view service) { return service == "shop"; });
  return found ? found->name + ">" + found->service : "none";
}

edge::Request request_with(std::vector<std::pair<std::string, std::string>> headers,
                           std::vector<std::pair<std::string, std::string>> query = {}) {
  edge::Request request;
  request.headers = std::move(headers);
  request.query = std::move(query);
  return request;
}

TEST(Routes, the_closest_one_is_taken) {
  Options options;
  options.routes = {route("all", "", "/**"), route("dc", "", "/dc/**"), route("exact", "", "/dc/status"),
                    route("host", "app.example", "/**"), route("wild", "*.example", "/**")};
  const Routes routes(options);
  EXPECT_EQ(taken(routes, "x", "/"), "all>all");
  EXPECT_EQ(taken(routes, "x", "/dc"), "dc>dc");
  EXPECT_EQ(taken(routes, "x", "/dc/a"), "dc>dc");
  EXPECT_EQ(taken(routes, "x", "/dcx"), "all>all") << "a prefix ends at a slash";
  EXPECT_EQ(taken(routes, "x", "/dc/status"), "exact>exact");
  EXPECT_EQ(taken(routes, "app.example", "/dc/status"), "host>host") << "a host stands before a path";
  EXPECT_EQ(taken(routes, "b.example", "/dc"), "wild>wild");
  EXPECT_EQ(taken(routes, "example", "/"), "all>all") << "the domain itself is not below it";
}

TEST(Routes, our_own_paths_are_ours_unless_a_route_names_the_host) {
  Options options;
  options.services.emplace_back();
  options.services.back().service.name = "chat";
  options.services.back().paths = {"/ws"};
  options.routes = {route("all", "", "/**"), route("host", "app.example", "/**")};
  const Routes routes(options);
  for (const std::string_view path :
       {"/ws", "/api/hubs/chat/:send", "/negotiate", "/client/hubs/chat", "/eureka/apps"}) {
    EXPECT_EQ(taken(routes, "x", path), "none") << path;
    EXPECT_EQ(taken(routes, "app.example", path), "host>host") << path;
  }
  EXPECT_EQ(taken(routes, "x", "/wsx"), "all>all");
}

TEST(Routes, the_locator_knows_every_service_by_its_name) {
  Options options;
  options.locator.is_enabled = true;
  const Routes routes(options);
  EXPECT_EQ(taken(routes, "x", "/shop/cart"), "locator>shop");
  EXPECT_EQ(taken(routes, "x", "/SHOP"), "locator>shop");
  EXPECT_EQ(taken(routes, "x", "/other/cart"), "none");
  EXPECT_EQ(taken(routes, "x", "/"), "none");
}

TEST(Routes, hosts_are_read_without_port_and_case) {
  EXPECT_EQ(host_of("App.Example:8443"), "app.example");
  EXPECT_EQ(host_of("[2001:db8::1]:80"), "[2001:db8::1]");
  EXPECT_EQ(host_of(std::nullopt), "");
}

TEST(Routes, P0_20_paths_that_climb_are_found) {
  for (const std::string_view path :
       {"/a/../b", "/a/./b", "/a/%2e%2e/b", "/a/%2E./b", "/a/..;x=1/b", "/a%2fb", "/a%5cb", "/a/..", "/a/%zz"})
    EXPECT_TRUE(climbs(path)) << path;
  for (const std::string_view path : {"/", "/a/b", "/a//b", "/a/..b", "/a/b..", "/%20x", "/a;b/c"})
    EXPECT_FALSE(climbs(path)) << path;
}

TEST(Routes, P0_06_users_come_from_where_the_route_says) {
  Route route;
  const edge::Request request =
      request_with({{"X-User", "from-header"}, {"Cookie", "a=1; who=from%20cookie"}}, {{"uid", "from-query"}});
  const auto user = [&](const std::string& source) {
    route.user = UserSource::parse(source).value();
    const auto found = user_of(route, request);
    return found ? found->value_or("nobody") : "error " + std::to_string(static_cast<int>(found.error().code));
  };
  EXPECT_EQ(user("none"), "nobody");
  EXPECT_EQ(user("query:uid"), "from-query");
  EXPECT_EQ(user("header:X-User"), "from-header");
  EXPECT_EQ(user("cookie:who"), "from cookie");
  EXPECT_EQ(user("query:other"), "nobody");
  route.user = UserSource::parse("query:uid").value();
  EXPECT_EQ(user_of(route, request_with({}, {{"uid", std::string("a\nb")}})).error().code, Errc::invalid);
  EXPECT_EQ(user_of(route, request_with({}, {{"uid", ""}})).error().code, Errc::invalid);
}

TEST(Routes, P0_06_tokens_are_checked_and_may_have_the_user_elsewhere) {
  Route route;
  route.user = UserSource::parse("jwt").value();
  route.keys.emplace_back("a key of thirty-two bytes or more..");
  auth::Claims claims;
  claims.subject = "alice";
  const std::string token = auth::make_token(claims, route.keys.front());
  EXPECT_EQ(user_of(route, request_with({{"Authorization", "Bearer " + token}})).value(), "alice");
  EXPECT_EQ(user_of(route, request_with({}, {{"access_token", token}})).value(), "alice");
  EXPECT_EQ(user_of(route, request_with({})).value(), std::nullopt);
  const std::string forged = auth::make_token(claims, auth::Secret("another key of thirty-two bytes...."));
  EXPECT_EQ(user_of(route, request_with({{"Authorization", "Bearer " + forged}})).error().code, Errc::permission);
  route.user = UserSource::parse("jwt:email").value();
  EXPECT_EQ(user_of(route, request_with({{"Authorization", "Bearer " + token}})).error().code, Errc::permission);
}

TEST(Routes, contradictions_are_told_with_their_place) {
  const auto told = [](const std::function<void(RouteOptions&)>& change) {
    RouteOptions options = route("dc", "", "/dc/**");
    change(options);
    std::string all;
    for (const std::string& sentence : problems(options, false))
      all += sentence + "\n";
    return all;
  };
  EXPECT_EQ(told([](RouteOptions&) {}), "");
  EXPECT_NE(told([](RouteOptions& r) { r.path = "dc"; }).find("routes.dc.path"), std::string::npos);
  EXPECT_NE(told([](RouteOptions& r) { r.path = "/a/*/b"; }).find("routes.dc.path"), std::string::npos);
  EXPECT_NE(told([](RouteOptions& r) { r.host = "a:80"; }).find("routes.dc.host"), std::string::npos);
  EXPECT_NE(told([](RouteOptions& r) { r.to = {}; }).find("routes.dc.to"), std::string::npos);
  EXPECT_NE(told([](RouteOptions& r) { r.to = {"lb://a", "lb://b"}; }).find("not both"), std::string::npos);
  EXPECT_NE(told([](RouteOptions& r) { r.to = {"https://a:1"}; }).find("https://a:1"), std::string::npos);
  EXPECT_NE(told([](RouteOptions& r) { r.user = "magic"; }).find("'magic'"), std::string::npos);
  EXPECT_NE(told([](RouteOptions& r) { r.user = "jwt"; }).find("key_files"), std::string::npos);
  EXPECT_NE(told([](RouteOptions& r) { r.user = "session"; }).find("http_session.kind"), std::string::npos);
  EXPECT_NE(told([](RouteOptions& r) { r.origins = {"x"}; }).find("routes.dc.origins"), std::string::npos);
  EXPECT_NE(told([](RouteOptions& r) { r.strip_prefix = 99; }).find("strip_prefix"), std::string::npos);
}

}  // namespace
}  // namespace wscluster::front
