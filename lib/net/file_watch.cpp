// SPDX-License-Identifier: MIT
#include "net/file_watch.hpp"

#include "base/log.hpp"
#include "base/time.hpp"
#include "net/core.hpp"
#include "net/poller.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <filesystem>
#include <set>
#include <utility>

namespace wscluster::net {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// Certificate and key are seldom written in one step.
constexpr Duration quiet_time = 300ms;
/// A folder in which something happens all the time must not keep us waiting.
constexpr Duration longest_wait = 2s;
constexpr Duration look_interval = 10s;
constexpr int most_links = 40;
constexpr std::uint32_t events = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                                 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

/// Differs when the file behind a name is another one or was written.
struct Mark {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t written_s = 0;
  std::int64_t written_ns = 0;
  std::int64_t changed_s = 0;
  std::int64_t changed_ns = 0;

  bool operator==(const Mark&) const = default;
};

Mark mark_of(const std::string& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return {};
  return {found.st_dev,          found.st_ino,         found.st_size,        found.st_mtim.tv_sec,
          found.st_mtim.tv_nsec, found.st_ctim.tv_sec, found.st_ctim.tv_nsec};
}

/// The folders in which an entry must change for the name to lead elsewhere: that of the file, and of each symbolic
/// link on the way.
void add_folders(std::set<std::string>& folders, const std::string& file) {
  std::error_code failed;
  const fs::path absolute = fs::absolute(file, failed);
  std::deque<fs::path> parts(absolute.begin(), absolute.end());
  fs::path at;
  for (int links = 0; !parts.empty() && links < most_links;) {
    const fs::path part = parts.front();
    parts.pop_front();
    const fs::path here = part == ".." ? at.parent_path() : at / part;
    const bool is_link = fs::is_symlink(here, failed);
    if (is_link || parts.empty()) folders.insert(at.string());
    if (!is_link) {
      at = here;
      continue;
    }
    ++links;
    const fs::path target = fs::read_symlink(here, failed);
    parts.insert(parts.begin(), target.begin(), target.end());
  }
}

}  // namespace

struct FileWatch::State final : Watcher {
  State(Core& on, std::function<void()> tell) : core(on), changed(std::move(tell)) {}
  ~State() override { forget(); }

  void watch(const std::vector<std::string>& wanted) {
    files = wanted;
    follow();
    marks = look();
    next_look = core.now() + look_interval;
    due = TimePoint::max();
  }

  [[nodiscard]] std::vector<Mark> look() const {
    std::vector<Mark> found;
    std::transform(files.begin(), files.end(), std::back_inserter(found), mark_of);
    return found;
  }

  /// Anew each time: the links may lead through other folders now.
  void follow() {
    forget();
    if (files.empty()) return;
    descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    std::set<std::string> folders;
    for (const std::string& file : files)
      add_folders(folders, file);
    for (const std::string& folder : folders) {
      if (::inotify_add_watch(descriptor, folder.c_str(), events) >= 0) continue;
      log::warning("net", "this folder is not watched, its files are only looked at from time to time",
                   {{"file", folder}, {"err", std::strerror(errno)}, {"every_s", seconds(look_interval)}});
    }
    if (descriptor >= 0) core.poller().add(descriptor, *this);
  }

  void forget() {
    if (descriptor < 0) return;
    core.poller().remove(descriptor, *this);
    ::close(std::exchange(descriptor, -1));
  }

  void on_ready(bool, bool) override {
    // What has happened is seen by looking.
    std::array<char, 4096> unread;
    while (::read(descriptor, unread.data(), unread.size()) > 0)
      continue;
    const TimePoint now = core.now();
    if (due == TimePoint::max()) first_event = now;
    due = std::min(now + quiet_time, first_event + longest_wait);
  }

  void on_tick(TimePoint now) {
    if (now < due && now < next_look) return;
    due = TimePoint::max();
    next_look = now + look_interval;
    if (look() == marks) return;
    follow();
    // What changes from here on is an event again.
    marks = look();
    changed();
  }

  Core& core;
  std::function<void()> changed;
  std::vector<std::string> files;
  std::vector<Mark> marks;
  int descriptor = -1;
  TimePoint due = TimePoint::max();
  TimePoint first_event;
  TimePoint next_look = TimePoint::max();
};

FileWatch::FileWatch(Core& core, std::function<void()> changed)
    : state_(std::make_shared<State>(core, std::move(changed))) {
  core.on_tick([weak = std::weak_ptr(state_)](TimePoint now) {
    if (const auto state = weak.lock()) state->on_tick(now);
  });
}

FileWatch::~FileWatch() = default;

void FileWatch::watch(const std::vector<std::string>& files) {
  state_->watch(files);
}

}  // namespace wscluster::net
