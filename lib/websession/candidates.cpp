// SPDX-License-Identifier: MIT
#include "websession/candidates.hpp"

#include <algorithm>
#include <optional>

#include "auth/hmac.hpp"
#include "base/text.hpp"

namespace wscluster::websession {
namespace {

/// What servers make ids of, and nothing that Redis keys are made up with.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= max_id_bytes && std::all_of(text.begin(), text.end(), [](char c) {
    const bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return is_word || std::string_view("-_.~+/=!@$").find(c) != std::string_view::npos;
  });
}

void add(std::vector<std::string>& ids, std::string_view id) {
  if (ids.size() >= max_candidates || !is_id(id)) return;
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.emplace_back(id);
}

/// Tomcat puts the name of the server behind the id: ID.SERVER
void add_with_route(std::vector<std::string>& ids, std::string_view id) {
  add(ids, id);
  if (const auto dot = id.rfind('.'); dot != std::string_view::npos) add(ids, id.substr(0, dot));
}

/// "ID.SIGNATURE" as the npm package cookie-signature has it; nothing when it is not right.
std::optional<std::string_view> unsign(std::string_view value, const auth::Secret& secret) {
  const auto dot = value.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view id = value.substr(0, dot);
  if (secret.empty()) return id;
  const auth::Mac mac = auth::hmac_sha256(id, secret);
  std::string signature = base64_encode({reinterpret_cast<const char*>(mac.data()), mac.size()});
  while (signature.ends_with('='))
    signature.pop_back();
  if (!auth::Secret(signature).matches(value.substr(dot + 1))) return std::nullopt;
  return id;
}

void add_spring(std::vector<std::string>& ids, std::string_view value) {
  if (value.size() > 2 * max_id_bytes) return;
  if (const auto decoded = base64_decode(value)) add_with_route(ids, *decoded);
  add_with_route(ids, value);
}

void add_generic(std::vector<std::string>& ids, std::string_view value, const auth::Secret& secret) {
  if (value.size() > 4 * max_id_bytes) return;
  const auto decoded = percent_decode(value);
  if (!decoded) return;
  if (decoded->starts_with("s:")) {
    if (const auto id = unsign(std::string_view(*decoded).substr(2), secret)) add(ids, *id);
  } else if (secret.empty()) {
    add(ids, *decoded);
  }
}

}  // namespace

std::vector<std::string_view> cookie_values(const std::vector<std::string>& headers, std::string_view name) {
  std::vector<std::string_view> values;
  for (const std::string& header : headers) {
    for (const std::string_view pair : split(header, ';')) {
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos || trim(pair.substr(0, equals)) != name) continue;
      std::string_view value = trim(pair.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
      values.push_back(value);
    }
  }
  return values;
}

std::vector<std::string> session_ids(const Inputs& inputs, const Options& options, const auth::Secret& secret) {
  std::vector<std::string> ids;
  const bool is_spring = options.kind == Kind::spring;
  if (is_spring) {
    add(ids, trim(inputs.header));
  } else {
    add_generic(ids, trim(inputs.header), secret);
  }
  for (const std::string_view value : cookie_values(inputs.cookies, options.cookie_name())) {
    if (ids.size() >= max_candidates) break;
    if (is_spring) {
      add_spring(ids, value);
    } else {
      add_generic(ids, value, secret);
    }
  }
  return ids;
}

}  // namespace wscluster::websession
