// SPDX-License-Identifier: MIT
#include "metrics/exposition.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace wscluster::metrics {
namespace {

Counter counter(std::uint64_t n) {
  Counter result;
  result.add(n);
  return result;
}

TEST(Exposition, golden_text) {
  static constexpr std::array<double, 3> bounds{0.001, 0.5, 10};
  Histogram delivery(bounds);
  for (const double value : {0.0005, 0.25, 0.25, 60.0})
    delivery.observe(value);
  Gauge sessions;
  sessions.set(-3);

  std::vector<Family> families;
  families.push_back(Family::gauge("wscluster_build_info", "Version of this process.")
                         .add(1.0, {{"version", "0.1.0"}, {"role", "node"}}));
  families.push_back(Family::gauge("wscluster_sessions", "Sessions held now.").add(sessions));
  families.push_back(Family::counter("wscluster_sessions_closed_total", "Sessions closed, by reason.")
                         .add(counter(7), {{"reason", "client"}})
                         .add(counter(18446744073709551615U), {{"reason", "drain"}}));
  families.push_back(Family::histogram("wscluster_delivery_duration_seconds", "From the gateway to the socket.")
                         .add(delivery, {{"service", "chat"}}));
  families.push_back(Family::gauge("wscluster_ring_owned_ratio", "Share of the keys.").add(0.3312));

  EXPECT_EQ(render(families), R"(# HELP wscluster_build_info Version of this process.
# TYPE wscluster_build_info gauge
wscluster_build_info{version="0.1.0",role="node"} 1
# HELP wscluster_sessions Sessions held now.
# TYPE wscluster_sessions gauge
wscluster_sessions -3
# HELP wscluster_sessions_closed_total Sessions closed, by reason.
# TYPE wscluster_sessions_closed_total counter
wscluster_sessions_closed_total{reason="client"} 7
wscluster_sessions_closed_total{reason="drain"} 18446744073709551615
# HELP wscluster_delivery_duration_seconds From the gateway to the socket.
# TYPE wscluster_delivery_duration_seconds histogram
wscluster_delivery_duration_seconds_bucket{service="chat",le="0.001"} 1
wscluster_delivery_duration_seconds_bucket{service="chat",le="0.5"} 3
wscluster_delivery_duration_seconds_bucket{service="chat",le="10"} 3
wscluster_delivery_duration_seconds_bucket{service="chat",le="+Inf"} 4
wscluster_delivery_duration_seconds_sum{service="chat"} 60.5005
wscluster_delivery_duration_seconds_count{service="chat"} 4
# HELP wscluster_ring_owned_ratio Share of the keys.
# TYPE wscluster_ring_owned_ratio gauge
wscluster_ring_owned_ratio 0.3312
)");
}

TEST(Exposition, help_and_label_values_are_escaped) {
  const std::vector<Family> families{
      Family::gauge("wscluster_x", "a \\ b\nc \"d\"").add(1.0, {{"name", "a \\ b\nc \"d\""}, {"empty", ""}})};
  EXPECT_EQ(render(families),
            "# HELP wscluster_x a \\\\ b\\nc \"d\"\n"
            "# TYPE wscluster_x gauge\n"
            "wscluster_x{name=\"a \\\\ b\\nc \\\"d\\\"\",empty=\"\"} 1\n");
}

TEST(Exposition, families_of_one_name_become_one) {
  std::vector<Family> families;
  families.push_back(Family::counter("wscluster_a_total", "A.").add(counter(1), {{"module", "x"}}));
  families.push_back(Family::gauge("wscluster_b", "B.").add(2.0));
  families.push_back(Family::counter("wscluster_a_total", "A.").add(counter(3), {{"module", "y"}}));
  EXPECT_EQ(render(families),
            "# HELP wscluster_a_total A.\n"
            "# TYPE wscluster_a_total counter\n"
            "wscluster_a_total{module=\"x\"} 1\n"
            "wscluster_a_total{module=\"y\"} 3\n"
            "# HELP wscluster_b B.\n"
            "# TYPE wscluster_b gauge\n"
            "wscluster_b 2\n");
}

TEST(Exposition, numbers_that_are_not_plain) {
  Family family = Family::gauge("x", "");
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(), 1e6, 1732269871.0, 0.1, 1e300}) {
    family.add(value);
  }
  EXPECT_EQ(render({family}),
            "# HELP x \n# TYPE x gauge\nx NaN\nx +Inf\nx -Inf\nx 1000000\nx 1732269871\nx 0.1\nx 1e+300\n");
}

TEST(Exposition, nothing_is_an_empty_text) {
  EXPECT_EQ(render({}), "");
}

}  // namespace
}  // namespace wscluster::metrics
