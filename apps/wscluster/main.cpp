// SPDX-License-Identifier: MIT
#include "run.hpp"

#include <unistd.h>

int main(int argc, char** argv) {
  wscluster::config::Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    environment.emplace(text.substr(0, equals), equals == std::string::npos ? "" : text.substr(equals + 1));
  }
  return wscluster::app::run({argv + (argc > 0 ? 1 : 0), argv + argc}, environment);
}
