// SPDX-License-Identifier: MIT
// The input as a reconnection token, and as the signed part of one: nobody guesses a signature.
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "auth/reconnection.hpp"
#include "base/text.hpp"

namespace {

using namespace wscluster;
using namespace wscluster::auth;

constexpr std::string_view key_text = "fuzz";
const WallClock::time_point now{std::chrono::seconds(1795340000)};

void demand(bool condition) {
  if (!condition) std::abort();
}

std::string sign(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_text.data(), static_cast<int>(key_text.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), mac.data(), &size);
  return base64url_encode(std::string(bytes) + std::string(reinterpret_cast<const char*>(mac.data()), size));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array<Secret, 2> keys{Secret("other"), Secret(key_text)};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  demand(check_reconnection_token(input, "s", "c", keys, now).fault != ReconnectionFault::none);

  const std::string token = sign(input);
  const auto checked = check_reconnection_token(token, "s", "c", keys, now);
  demand(checked.fault != ReconnectionFault::forged);
  if (checked.fault != ReconnectionFault::none) return 0;
  // The bytes of a good one say who it is, and say it in one way.
  demand(
      input.ends_with(std::string("\x01s\x01") + "c" + static_cast<char>(checked.user_id.size()) + checked.user_id) ||
      checked.user_id.size() > 127);
  return 0;
}
