// SPDX-License-Identifier: MIT
// The input as a reconnection token, and as the signed part of one: nobody guesses a signature.
#include <array>
#include <cstdint>
#include <string>

#include "auth/reconnection.hpp"
#include "base/text.hpp"
#include "signing.hpp"

using namespace wscluster;
using namespace wscluster::auth;
using namespace wscluster::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array<Secret, 2> keys{Secret("other"), Secret(key_text)};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  demand(check_reconnection_token(input, "s", "c", keys, now).fault != ReconnectionFault::none);

  const std::string token = base64url_encode(std::string(input) + signature_of(input));
  const auto checked = check_reconnection_token(token, "s", "c", keys, now);
  demand(checked.fault != ReconnectionFault::forged);
  if (checked.fault != ReconnectionFault::none) return 0;
  // The bytes of a good one say who it is, and say it in one way.
  demand(
      input.ends_with(std::string("\x01s\x01") + "c" + static_cast<char>(checked.user_id.size()) + checked.user_id) ||
      checked.user_id.size() > 127);
  return 0;
}
