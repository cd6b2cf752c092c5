// SPDX-License-Identifier: MIT
#include "net/file_watch.hpp"

#include "net/core.hpp"
#include "sockets.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <thread>

namespace wscluster::net {
namespace {

using namespace test;
namespace fs = std::filesystem;

class FileWatching : public testing::Test {
 protected:
  FileWatching() {
    fs::create_directories(folder);
    core.on_tick([this](TimePoint now) {
      if (watch) watch->tick(now);
    });
    core.start("watch");
  }
  ~FileWatching() override {
    run_on(core, [this] { watch.reset(); });
    core.stop();
    core.join();
    fs::remove_all(folder);
  }

  void begin(const std::vector<fs::path>& files) {
    std::vector<std::string> names(files.begin(), files.end());
    run_on(core, [&] {
      watch = std::make_unique<FileWatch>(core.poller(), [this] { ++told; });
      watch->watch(names);
    });
  }
  static void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }
  /// Within the patience of a look without any event, so that a lost event would not be noticed only by being late.
  bool is_told(int times) {
    const TimePoint end = Clock::now() + std::chrono::seconds(8);
    while (run_on(core, [this] { return told; }) < times) {
      if (Clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return run_on(core, [this] { return told; }) == times;
  }

  fs::path folder = fs::path(testing::TempDir()) / ("wscluster_watch_" + std::to_string(::getpid()));
  Core core{0};
  int told = 0;
  std::unique_ptr<FileWatch> watch;
};

TEST_F(FileWatching, P0_30_tells_a_file_that_is_written_anew) {
  write(folder / "a", "1");
  begin({folder / "a"});
  write(folder / "a", "22");
  EXPECT_TRUE(is_told(1));
  write(folder / "a", "333");
  EXPECT_TRUE(is_told(2));
}

TEST_F(FileWatching, P0_30_tells_a_file_that_is_renamed_over) {
  write(folder / "a", "1");
  begin({folder / "a"});
  write(folder / "draft", "2");
  fs::rename(folder / "draft", folder / "a");
  EXPECT_TRUE(is_told(1));
}

/// certbot: live/fullchain.pem -> ../archive/fullchain1.pem, then another target.
TEST_F(FileWatching, P0_30_tells_a_link_that_leads_elsewhere) {
  fs::create_directories(folder / "live");
  fs::create_directories(folder / "archive");
  write(folder / "archive" / "chain1", "1");
  write(folder / "archive" / "chain2", "2");
  fs::create_symlink("../archive/chain1", folder / "live" / "chain");
  begin({folder / "live" / "chain"});
  fs::remove(folder / "live" / "chain");
  fs::create_symlink("../archive/chain2", folder / "live" / "chain");
  EXPECT_TRUE(is_told(1));
  write(folder / "archive" / "chain2", "of the new target");
  EXPECT_TRUE(is_told(2));
}

/// Kubernetes: tls.crt -> ..data/tls.crt, ..data -> ..1, then ..data is renamed over.
TEST_F(FileWatching, P0_30_tells_a_linked_folder_that_is_swapped) {
  for (const char* version : {"..1", "..2"}) {
    fs::create_directories(folder / version);
    write(folder / version / "tls.crt", version);
  }
  fs::create_directory_symlink("..1", folder / "..data");
  fs::create_symlink("..data/tls.crt", folder / "tls.crt");
  begin({folder / "tls.crt"});
  fs::create_directory_symlink("..2", folder / "..data_tmp");
  fs::rename(folder / "..data_tmp", folder / "..data");
  EXPECT_TRUE(is_told(1));
}

TEST_F(FileWatching, P0_30_tells_another_folder_on_the_way) {
  for (const char* version : {"1", "2"}) {
    fs::create_directories(folder / version / "deep");
    write(folder / version / "deep" / "tls.crt", version);
  }
  fs::create_directory_symlink("1", folder / "now");
  begin({folder / "now" / "deep" / "tls.crt"});
  fs::create_directory_symlink("2", folder / "next");
  fs::rename(folder / "next", folder / "now");
  EXPECT_TRUE(is_told(1));
}

TEST_F(FileWatching, P0_30_tells_changes_that_come_together_once) {
  write(folder / "certificate", "1");
  write(folder / "key", "1");
  begin({folder / "certificate", folder / "key"});
  // One look for both, whatever the time between them: the core stands still.
  run_on(core, [this] {
    write(folder / "certificate", "22");
    write(folder / "key", "22");
  });
  EXPECT_TRUE(is_told(1));
}

TEST_F(FileWatching, P0_30_does_not_tell_what_happens_to_others_in_the_folder) {
  write(folder / "a", "1");
  begin({folder / "a"});
  for (int i = 0; i < 20; ++i)
    write(folder / "log", std::to_string(i));
  write(folder / "a", "22");
  EXPECT_TRUE(is_told(1));
}

TEST_F(FileWatching, P0_30_tells_when_a_missing_file_comes) {
  begin({folder / "a"});
  write(folder / "a", "1");
  EXPECT_TRUE(is_told(1));
  fs::remove(folder / "a");
  EXPECT_TRUE(is_told(2));
}

}  // namespace
}  // namespace wscluster::net
