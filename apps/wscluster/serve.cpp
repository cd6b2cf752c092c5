// SPDX-License-Identifier: MIT
#include "serve.hpp"

#include <sys/resource.h>

#include "base/log.hpp"

namespace wscluster::app {
namespace {

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
}

/// Ends the log also when the server throws.
struct Logging {
  explicit Logging(const log::Options& options) { log::start(options); }
  ~Logging() { log::stop(); }
};

}  // namespace

int serve(const config::Config& config, const std::string& name, const std::function<void()>& run) {
  raise_descriptor_limit();
  log::Options options = config.log;
  options.member = name;
  const Logging logging(options);
  run();
  return static_cast<int>(ExitCode::ok);
}

}  // namespace wscluster::app
