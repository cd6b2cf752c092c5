// SPDX-License-Identifier: MIT
#include <openssl/crypto.h>
#include <boost/json.hpp>
#include <boost/version.hpp>

#include "commands.hpp"

namespace wscluster::app {
namespace {

int run_version(const Invocation& invocation) {
  const std::string boost = std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000);
  const std::string openssl = OpenSSL_version(OPENSSL_VERSION_STRING);
  if (invocation.output().is_json()) {
    print(render_json(boost::json::object{{"schema", "wscluster/version/v1"},
                                          {"version", version()},
                                          {"compiler", __VERSION__},
                                          {"boost", boost},
                                          {"openssl", openssl}},
                      invocation.output()));
    return 0;
  }
  print("wscluster " + version() + "\n");
  print("compiler " __VERSION__ ", Boost " + boost + ", OpenSSL " + openssl + "\n");
  return 0;
}

}  // namespace

std::string version() {
  return WSCLUSTER_VERSION;
}

Command version_command() {
  return {.path = "version",
          .heading = "Set up",
          .summary = "Show the version",
          .examples = {{"wscluster version", ""}, {"wscluster version -o json", ""}},
          .run = run_version};
}

}  // namespace wscluster::app
