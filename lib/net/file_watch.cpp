// SPDX-License-Identifier: MIT
#include "net/file_watch.hpp"

#include "base/log.hpp"

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
#include <iterator>
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

void warn_unwatched(const std::string& place) {
  log::warning("net", "not watched; files are only looked at from time to time",
               {{"file", place}, {"err", std::strerror(errno)}, {"every_s", seconds(look_interval)}});
}

}  // namespace

FileWatch::Mark FileWatch::mark_of(const std::string& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return {};
  return {found.st_dev,          found.st_ino,         found.st_size,        found.st_mtim.tv_sec,
          found.st_mtim.tv_nsec, found.st_ctim.tv_sec, found.st_ctim.tv_nsec};
}

std::vector<FileWatch::Mark> FileWatch::look() const {
  std::vector<Mark> found;
  std::transform(files_.begin(), files_.end(), std::back_inserter(found), mark_of);
  return found;
}

void FileWatch::watch(const std::vector<std::string>& files) {
  files_ = files;
  follow();
  marks_ = look();
  next_look_ = Clock::now() + look_interval;
}

/// Anew each time: the links may lead through other folders now.
void FileWatch::follow() {
  forget();
  if (files_.empty()) return;
  std::set<std::string> folders;
  for (const std::string& file : files_)
    add_folders(folders, file);
  descriptor_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor_ < 0) return warn_unwatched(files_.front());
  poller_.add(descriptor_, *this);
  for (const std::string& folder : folders) {
    if (::inotify_add_watch(descriptor_, folder.c_str(), events) < 0) warn_unwatched(folder);
  }
}

void FileWatch::forget() {
  if (descriptor_ < 0) return;
  poller_.remove(descriptor_, *this);
  ::close(std::exchange(descriptor_, -1));
}

void FileWatch::on_ready(bool, bool) {
  // What has happened is seen by looking.
  std::array<char, 4096> unread;
  while (::read(descriptor_, unread.data(), unread.size()) > 0)
    continue;
  is_stirred_ = true;
}

void FileWatch::tick(TimePoint now) {
  if (std::exchange(is_stirred_, false)) {
    if (due_ == TimePoint::max()) stirred_since_ = now;
    due_ = std::min(now + quiet_time, stirred_since_ + longest_wait);
  }
  if (now < due_ && now < next_look_) return;
  due_ = TimePoint::max();
  next_look_ = now + look_interval;
  if (look() == marks_) return;
  follow();
  // What changes from here on is an event again.
  marks_ = look();
  changed_();
}

}  // namespace wscluster::net
