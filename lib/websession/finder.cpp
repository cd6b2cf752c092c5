// SPDX-License-Identifier: MIT
#include "websession/finder.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

namespace wscluster::websession {
namespace {

constexpr std::size_t digest_key_bytes = 32;

auth::Secret read_cookie_secret(const std::string& file) {
  if (file.empty()) return {};
  const auto text = read_secret(file);
  if (!text) throw Failure(ExitCode::config, "http_session.secret_file: " + text.error().message);
  return auth::Secret(*text);
}

}  // namespace

Finder::Finder(const Options& options, const registry::Options& registry, const std::vector<net::Core*>& cores)
    : secret_(read_cookie_secret(options.secret_file)),
      digest_key_(random_token(digest_key_bytes)),
      thread_(options, registry) {
  for (net::Core* core : cores) {
    finders_.push_back(std::make_unique<CoreFinder>(*core, options, secret_, digest_key_, thread_,
                                                    static_cast<unsigned>(cores.size())));
  }
}

}  // namespace wscluster::websession
