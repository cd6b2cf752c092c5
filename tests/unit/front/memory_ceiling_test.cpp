// SPDX-License-Identifier: MIT
#include "front/memory_ceiling.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace wscluster::front {
namespace {

namespace fs = std::filesystem;

/// A machine's /proc and /sys.
class CgroupMemory : public testing::Test {
 protected:
  ~CgroupMemory() override { fs::remove_all(root); }

  void write(const std::string& file, const std::string& text) const {
    const fs::path path = root / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
  }
  [[nodiscard]] std::uint64_t limit() const { return cgroup_memory_limit(root.string()); }

  fs::path root = fs::path(testing::TempDir()) / ("wscluster_cgroup_" + std::to_string(::getpid()));
};

TEST_F(CgroupMemory, P0_37_v2_the_least_on_the_way_up_counts) {
  write("proc/self/cgroup", "0::/system.slice/gateway.service");
  write("sys/fs/cgroup/system.slice/gateway.service/memory.max", "max");
  write("sys/fs/cgroup/system.slice/memory.max", "2000000000");
  EXPECT_EQ(limit(), 2'000'000'000U);
  write("sys/fs/cgroup/system.slice/gateway.service/memory.max", "536870912");
  EXPECT_EQ(limit(), 536'870'912U);
}

TEST_F(CgroupMemory, P0_37_v2_a_container_sees_its_group_as_the_root) {
  write("proc/self/cgroup", "0::/");
  write("sys/fs/cgroup/memory.max", "1073741824");
  EXPECT_EQ(limit(), 1U << 30U);
}

TEST_F(CgroupMemory, P0_37_v1_only_the_memory_controller_counts) {
  write("proc/self/cgroup", "5:cpu,cpuacct:/else\n4:memory:/docker/abc\n0::/");
  write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "268435456");
  EXPECT_EQ(limit(), 256U << 20U);
}

TEST_F(CgroupMemory, P0_37_v1_a_path_that_is_not_mounted_leads_to_the_root_of_the_mount) {
  write("proc/self/cgroup", "4:memory:/docker/abc");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456");
  EXPECT_EQ(limit(), 256U << 20U);
}

TEST_F(CgroupMemory, P0_37_without_a_limit_there_is_none) {
  EXPECT_EQ(limit(), 0U);
  write("proc/self/cgroup", "4:memory:/\n0::/\nnonsense");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
  write("sys/fs/cgroup/memory.max", "max");
  EXPECT_EQ(limit(), 0U);
}

}  // namespace
}  // namespace wscluster::front
