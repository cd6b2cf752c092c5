// SPDX-License-Identifier: MIT
#include "auth/token.hpp"

#include "base/text.hpp"

#include <jwt.h>
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <stdexcept>

namespace wscluster::auth {
namespace {

namespace json = boost::json;

struct FreeToken {
  void operator()(jwt_t* token) const noexcept { jwt_free(token); }
};

using Token = std::unique_ptr<jwt_t, FreeToken>;

Error refused(const char* why) {
  return error(Errc::permission, why);
}

const unsigned char* key_bytes(const Secret& key) {
  return reinterpret_cast<const unsigned char*>(key.reveal().data());
}

int key_size(const Secret& key) {
  return static_cast<int>(key.reveal().size());
}

bool is_usable(const Secret& key) {
  return !key.empty() && key.reveal().size() <= static_cast<std::size_t>(std::numeric_limits<int>::max());
}

std::optional<json::object> parse_object(std::string_view part) {
  const auto text = base64url_decode(part);
  if (!text) return std::nullopt;
  json::error_code failed;
  json::value value = json::parse(*text, failed);
  if (failed || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

/// libjwt takes the algorithm from the header; only the one we mean may get that far.
Result<> check_header(std::string_view part) {
  const auto header = parse_object(part);
  if (!header) return refused("the token's header is not a JSON object");
  const json::value* algorithm = header->if_contains("alg");
  if (algorithm == nullptr || *algorithm != "HS256") return refused("the token is not signed with HS256");
  if (header->contains("crit")) return refused("the token demands an extension");
  return {};
}

bool is_signed_by(const std::string& token, const Secret& key) {
  // libjwt reads C strings: what stands behind a NUL would not be looked at.
  if (!is_usable(key) || token.find('\0') != std::string::npos) return false;
  jwt_t* decoded = nullptr;
  const int failed = jwt_decode(&decoded, token.c_str(), key_bytes(key), key_size(key));
  const Token owned(decoded);
  return failed == 0 && jwt_get_alg(decoded) == JWT_ALG_HS256;
}

bool read_text(const json::object& payload, std::string_view name, std::string& out) {
  const json::value* value = payload.if_contains(name);
  if (value == nullptr) return true;
  if (!value->is_string()) return false;
  out = value->get_string();
  return true;
}

/// One string or an array of them.
bool read_texts(const json::object& payload, std::string_view name, std::vector<std::string>& out) {
  const json::value* value = payload.if_contains(name);
  if (value == nullptr) return true;
  if (value->is_string()) {
    out.emplace_back(value->get_string());
    return true;
  }
  if (!value->is_array()) return false;
  for (const json::value& entry : value->get_array()) {
    if (!entry.is_string()) return false;
    out.emplace_back(entry.get_string());
  }
  return true;
}

/// Seconds since 1970, perhaps with a fraction. Times after the year 2255 are that year: the clock ends soon after.
bool read_time(const json::object& payload, std::string_view name, std::optional<WallClock::time_point>& out) {
  constexpr double last = 9e9;
  const json::value* value = payload.if_contains(name);
  if (value == nullptr) return true;
  if (!value->is_number()) return false;
  const auto since = value->to_number<double>();
  if (!std::isfinite(since) || since < 0) return false;
  out = WallClock::time_point(
      std::chrono::duration_cast<WallClock::duration>(std::chrono::duration<double>(std::min(since, last))));
  return true;
}

Result<Claims> read_claims(std::string_view part) {
  const auto payload = parse_object(part);
  if (!payload) return refused("the token's payload is not a JSON object");
  Claims claims;
  std::vector<std::string> audiences;
  if (!read_text(*payload, "sub", claims.subject)) return refused("the token's sub is not a string");
  if (!read_texts(*payload, "aud", audiences) || audiences.size() > 1)
    return refused("the token's aud is not one string");
  if (!read_texts(*payload, "role", claims.roles))
    return refused("the token's role is neither a string nor a list of them");
  if (!read_texts(*payload, "webpubsub.group", claims.groups)) {
    return refused("the token's webpubsub.group is neither a string nor a list of them");
  }
  if (!read_time(*payload, "exp", claims.expires)) return refused("the token's exp is not a time");
  if (!read_time(*payload, "nbf", claims.not_before)) return refused("the token's nbf is not a time");
  if (!read_time(*payload, "iat", claims.issued_at)) return refused("the token's iat is not a time");
  if (!audiences.empty()) claims.audience = std::move(audiences.front());
  claims.raw_json = base64url_decode(part).value_or(std::string());
  return claims;
}

void write_time(json::object& payload, const char* name, const std::optional<WallClock::time_point>& time) {
  if (time) payload[name] = std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count();
}

json::object payload_of(const Claims& claims) {
  json::object payload;
  if (!claims.subject.empty()) payload["sub"] = claims.subject;
  if (!claims.audience.empty()) payload["aud"] = claims.audience;
  if (!claims.roles.empty()) payload["role"] = json::array(claims.roles.begin(), claims.roles.end());
  if (!claims.groups.empty()) payload["webpubsub.group"] = json::array(claims.groups.begin(), claims.groups.end());
  write_time(payload, "iat", claims.issued_at);
  write_time(payload, "nbf", claims.not_before);
  write_time(payload, "exp", claims.expires);
  return payload;
}

}  // namespace

Result<Claims> verify_token(std::string_view token, std::span<const Secret> keys, WallClock::time_point now,
                            Duration skew) {
  if (token.size() > max_token_bytes) return refused("the token is longer than 12 KiB");
  const auto parts = split(token, '.');
  if (parts.size() != 3 || std::ranges::any_of(parts, &std::string_view::empty)) {
    return refused("the token does not have the three parts of a signed JWT");
  }
  if (const auto header = check_header(parts[0]); !header) return header.error();
  const std::string text(token);
  if (std::ranges::none_of(keys, [&](const Secret& key) { return is_signed_by(text, key); })) {
    return refused("the token's signature fits none of the keys");
  }
  auto claims = read_claims(parts[1]);
  if (!claims) return claims;
  if (claims->expires && now >= *claims->expires + skew) return refused("the token has expired");
  if (claims->not_before && now + skew < *claims->not_before) return refused("the token is not valid yet");
  return claims;
}

std::string make_token(const Claims& claims, const Secret& key) {
  if (!is_usable(key)) throw std::invalid_argument("a token is signed with an empty key");
  jwt_t* created = nullptr;
  if (jwt_new(&created) != 0) throw std::bad_alloc();
  const Token token(created);
  const std::string payload = json::serialize(payload_of(claims));
  if (jwt_add_grants_json(created, payload.c_str()) != 0 ||
      jwt_set_alg(created, JWT_ALG_HS256, key_bytes(key), key_size(key)) != 0) {
    throw std::runtime_error("libjwt refuses the claims; all of them must be UTF-8");
  }
  const std::unique_ptr<char, decltype(&std::free)> text(jwt_encode_str(created), &std::free);
  if (!text) throw std::runtime_error("libjwt cannot sign a token");
  return text.get();
}

}  // namespace wscluster::auth
