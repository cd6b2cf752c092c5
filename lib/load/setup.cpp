// SPDX-License-Identifier: MIT
#include "load/setup.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "base/error.hpp"
#include "base/random.hpp"
#include "load/preflight.hpp"
#include "load/run_result.hpp"

namespace wscluster::load {
namespace {

/// Connecting, traffic and settling, with room: a token must not end before the run.
Duration expected_length(const Options& options) {
  const auto connecting =
      std::chrono::duration<double>(static_cast<double>(options.connections) / options.connect_rate);
  return std::chrono::duration_cast<Duration>(connecting) + options.warmup + options.duration * 2 +
         std::chrono::hours(1);
}

void check(const Options& options) {
  const auto found = problems(options);
  if (found.empty()) return;
  std::string text;
  for (const auto& problem : found)
    text += (text.empty() ? "" : "; ") + problem;
  throw Failure(ExitCode::usage, text);
}

std::vector<Target> parse_targets(const Options& options) {
  std::vector<Target> targets;
  const auto add = [&](const std::string& url) {
    auto target = Target::parse(url);
    if (!target) throw Failure(ExitCode::usage, target.error().message);
    const bool is_alike =
        targets.empty() || (target->path == targets.front().path && target->is_tls == targets.front().is_tls);
    if (!is_alike) throw Failure(ExitCode::usage, "'" + url + "' must differ from the first URL in host and port only");
    targets.push_back(std::move(*target));
  };
  add(options.url);
  for (const auto& url : options.further_urls)
    add(url);
  return targets;
}

std::vector<Place> look_up(std::vector<Target> targets) {
  std::vector<Place> places;
  for (Target& target : targets) {
    auto addresses = net::resolve(target.endpoint);
    if (!addresses) throw Failure(addresses.error());
    places.push_back({std::move(target), std::move(*addresses)});
  }
  return places;
}

std::unique_ptr<net::TlsClient> make_tls(const Options& options) {
  auto tls = options.insecure ? Result<net::TlsClient>(net::TlsClient::insecure())
                              : net::TlsClient::trusting(options.tls_ca_file);
  if (!tls) throw Failure(tls.error());
  if (options.resumes_tls) tls->resume_sessions();
  return std::make_unique<net::TlsClient>(std::move(*tls));
}

}  // namespace

std::unique_ptr<Setup> make_setup(const Options& options) {
  check(options);
  std::vector<Target> targets = parse_targets(options);
  prepare_host(options);
  auto setup = std::make_unique<Setup>(options, look_up(std::move(targets)));
  setup->options.threads =
      static_cast<unsigned>(std::min<std::uint64_t>(options.threads, std::max<std::uint64_t>(1, options.connections)));
  for (unsigned i = 0; setup->places.front().target.is_tls && i < setup->options.threads; ++i)
    setup->tls.push_back(make_tls(options));
  setup->run = static_cast<std::uint32_t>(random_id());
  setup->flow = flow_of(options);
  setup->is_reliable = speaks_subprotocol(options);
  setup->token_lifetime = expected_length(options);
  return setup;
}

}  // namespace wscluster::load
