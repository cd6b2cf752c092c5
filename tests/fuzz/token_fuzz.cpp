// SPDX-License-Identifier: MIT
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "auth/audience.hpp"
#include "auth/token.hpp"
#include "base/text.hpp"

namespace {

using namespace wscluster;
using namespace wscluster::auth;

constexpr std::string_view key_text = "fuzz";
const WallClock::time_point now{std::chrono::seconds(1795340000)};

void demand(bool condition) {
  if (!condition) std::abort();
}

std::string signature_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_text.data(), static_cast<int>(key_text.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return base64url_encode({reinterpret_cast<const char*>(out.data()), size});
}

}  // namespace

/// The input as a token, and as the payload of a token with a right signature: nobody guesses one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array<Secret, 2> keys{Secret("other"), Secret(key_text)};
  const std::string_view input(reinterpret_cast<const char*>(data), size);

  const auto forged = verify_token(input, keys, now);
  if (forged) demand(input.ends_with("." + signature_of(input.substr(0, input.rfind('.')))));

  const std::string text = base64url_encode(R"({"alg":"HS256"})") + "." + base64url_encode(input);
  const auto claims = verify_token(text + "." + signature_of(text), keys, now);
  if (claims) {
    demand(claims->raw_json == input);
    demand(!claims->expires || *claims->expires + default_clock_skew > now);
    demand(verify_token(make_token(*claims, keys[0]), keys, now).has_value());
    static_cast<void>(audience_matches(claims->audience, claims->subject));
  }
  return 0;
}
