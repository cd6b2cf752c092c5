// SPDX-License-Identifier: MIT
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "auth/audience.hpp"
#include "auth/token.hpp"
#include "base/text.hpp"
#include "signing.hpp"

using namespace wscluster;
using namespace wscluster::auth;
using namespace wscluster::fuzz;

/// The input as a token, and as the payload of a token with a right signature: nobody guesses one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array<Secret, 2> keys{Secret("other"), Secret(key_text)};
  const std::string_view input(reinterpret_cast<const char*>(data), size);

  const auto forged = verify_token(input, keys, now);
  if (forged) demand(input.ends_with("." + base64url_encode(signature_of(input.substr(0, input.rfind('.'))))));

  const std::string text = base64url_encode(R"({"alg":"HS256"})") + "." + base64url_encode(input);
  const auto claims = verify_token(text + "." + base64url_encode(signature_of(text)), keys, now);
  if (claims) {
    demand(claims->raw_json == input);
    demand(!claims->expires || *claims->expires + default_clock_skew > now);
    demand(verify_token(make_token(*claims, keys[0]), keys, now).has_value());
    static_cast<void>(audience_matches(claims->audience, claims->subject));
  }
  return 0;
}
