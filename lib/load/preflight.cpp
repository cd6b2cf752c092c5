// SPDX-License-Identifier: MIT
#include "load/preflight.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "net/address.hpp"

namespace wscluster::load {
namespace {

constexpr std::uint64_t descriptors_besides = 64;
constexpr std::uint64_t descriptors_per_thread = 8;

std::uint64_t needed_descriptors(const Options& options) {
  return options.connections + descriptors_besides + descriptors_per_thread * options.threads;
}

HostLimits read_limits() {
  HostLimits limits;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  limits.descriptors = files.rlim_cur;
  limits.descriptors_max = files.rlim_max;
  if (const auto range = read_file("/proc/sys/net/ipv4/ip_local_port_range", 4096)) {
    std::istringstream numbers(*range);
    HostLimits read = limits;
    if (numbers >> read.first_port >> read.last_port) limits = read;
  }
  return limits;
}

void raise_descriptors(std::uint64_t wanted, const HostLimits& limits) {
  if (limits.descriptors >= wanted) return;
  rlimit files{};
  files.rlim_cur = std::min(wanted, limits.descriptors_max);
  files.rlim_max = limits.descriptors_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

/// A wrong source address would fail each connection; better once, before the load.
void check_source(const std::string& source) {
  const auto address = net::numeric_address(Endpoint{source, 0});
  if (!address) throw Failure(ExitCode::usage, "--source-ip: '" + source + "' is not an address");
  const int probe = ::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool is_bound = probe >= 0 && ::bind(probe, address->data(), address->size) == 0;
  const int why = errno;
  if (probe >= 0) ::close(probe);
  if (is_bound) return;
  throw Failure(
      ExitCode::os_error, "--source-ip: cannot use " + source + ": " + std::strerror(why),
      "add it to an interface (ip addr add " + source + "/32 dev lo), or use 127.0.0.x for a server on this host");
}

}  // namespace

Shortage find_shortage(const Options& options, const HostLimits& limits) {
  const auto needed = needed_descriptors(options);
  if (needed > limits.descriptors_max) {
    return {format_count(options.connections) + " connections need " + format_count(needed) +
                " file descriptors, the limit is " + format_count(limits.descriptors_max),
            "ulimit -Hn " + std::to_string(needed) + " (as root), LimitNOFILE= in the unit, or fewer --connections"};
  }
  const auto ports = limits.last_port >= limits.first_port ? limits.last_port - limits.first_port + 1 : 0;
  const auto sources = std::max<std::uint64_t>(1, options.source_addresses.size());
  if (options.connections > ports * sources) {
    const auto wanted = ports == 0 ? 0 : (options.connections + ports - 1) / ports;
    return {format_count(options.connections) + " connections to one address need as many local ports; " +
                std::to_string(sources) + (sources == 1 ? " source address has " : " source addresses have ") +
                format_count(ports * sources),
            "give " + std::to_string(wanted) +
                " addresses to --source-ip (127.0.0.2,127.0.0.3,… for a server on this host), or " +
                "widen the range: sysctl net.ipv4.ip_local_port_range='1024 65535'"};
  }
  return {};
}

void prepare_host(const Options& options) {
  const HostLimits limits = read_limits();
  const Shortage shortage = find_shortage(options, limits);
  if (!shortage.problem.empty()) throw Failure(ExitCode::os_error, shortage.problem, shortage.remedy);
  raise_descriptors(needed_descriptors(options), limits);
  for (const auto& source : options.source_addresses)
    check_source(source);
}

}  // namespace wscluster::load
