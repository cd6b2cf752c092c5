// SPDX-License-Identifier: MIT
#include "load/preflight.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/error.hpp"

namespace wscluster::load {
namespace {

Options with_connections(std::uint64_t connections) {
  Options options;
  options.connections = connections;
  return options;
}

TEST(Preflight, is_content_with_enough) {
  EXPECT_TRUE(find_shortage(with_connections(1000), {1024, 4096, 32768, 60999}).problem.empty());
}

TEST(Preflight, names_the_missing_descriptors) {
  const auto shortage = find_shortage(with_connections(5000), {1024, 4096, 32768, 60999});
  EXPECT_NE(shortage.problem.find("limit is 4,096"), std::string::npos) << shortage.problem;
  EXPECT_NE(shortage.remedy.find("ulimit -Hn 5072"), std::string::npos) << shortage.remedy;
}

TEST(Preflight, counts_the_ports_of_all_source_addresses) {
  auto options = with_connections(60'000);
  const HostLimits limits{1'000'000, 1'000'000, 32768, 60999};
  const auto shortage = find_shortage(options, limits);
  EXPECT_NE(shortage.problem.find("28,232"), std::string::npos) << shortage.problem;
  EXPECT_NE(shortage.remedy.find("3 addresses"), std::string::npos) << shortage.remedy;
  options.source_addresses = {"127.0.0.2", "127.0.0.3"};
  EXPECT_FALSE(find_shortage(options, limits).problem.empty());
  options.source_addresses.emplace_back("127.0.0.4");
  EXPECT_TRUE(find_shortage(options, limits).problem.empty());
}

TEST(Preflight, raises_the_soft_limit_as_far_as_needed) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_GE(before.rlim_max, 500U) << "raise the hard limit of open files: ulimit -Hn";
  rlimit low = before;
  low.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  prepare_host(with_connections(400));
  rlimit after{};
  ::getrlimit(RLIMIT_NOFILE, &after);
  EXPECT_GE(after.rlim_cur, 400U);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(Preflight, refuses_a_source_address_that_is_not_ours) {
  auto options = with_connections(1);
  options.source_addresses = {"192.0.2.1"};
  try {
    prepare_host(options);
    FAIL() << "bound to an address of a documentation network";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::os_error);
    EXPECT_FALSE(failure.hint().empty());
  }
  options.source_addresses = {"localhorst"};
  EXPECT_THROW(prepare_host(options), Failure);
}

}  // namespace
}  // namespace wscluster::load
