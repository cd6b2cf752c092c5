// SPDX-License-Identifier: MIT
#include "webhook/cloud_event.hpp"

#include <algorithm>

#include "auth/hmac.hpp"
#include "base/text.hpp"
#include "protocol/content.hpp"

namespace wscluster::webhook {
namespace {

/// As url_encode, but what a header may hold stays: a state is often base64 or JSON.
std::string as_header(std::string_view text) {
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; });
  return is_plain ? std::string(text) : percent_encode(text);
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

}  // namespace

std::string url_of(std::string_view pattern, std::string_view hub, std::string_view event) {
  std::string url(pattern);
  replace_all(url, "{hub}", percent_encode(hub));
  replace_all(url, "{event}", percent_encode(event));
  return url;
}

std::string signature_of(std::string_view connection, std::span<const auth::Secret> keys) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auth::Secret& key : keys) {
    if (key.empty()) continue;
    if (!text.empty()) text += ',';
    text += "sha256=";
    for (const unsigned char byte : auth::hmac_sha256(connection, key))
      text.append({digits[byte >> 4U], digits[byte & 15U]});
  }
  return text;
}

net::HttpFields headers_of(const Occurrence& o, std::string_view origin, std::span<const auth::Secret> keys) {
  net::HttpFields headers{
      {"WebHook-Request-Origin", std::string(origin)},
      {"ce-specversion", "1.0"},
      {"ce-awpsversion", "1.0"},
      {"ce-type", std::string(o.is_user_event ? "azure.webpubsub.user." : "azure.webpubsub.sys.") + as_header(o.name)},
      {"ce-source", "/hubs/" + std::string(o.hub) + "/client/" + std::string(o.connection)},
      {"ce-time", format_rfc3339(o.time)},
      {"ce-signature", signature_of(o.connection, keys)},
      {"ce-connectionId", std::string(o.connection)},
      {"ce-hub", std::string(o.hub)},
      {"ce-eventName", as_header(o.name)}};
  if (!o.user.empty()) headers.emplace_back("ce-userId", as_header(o.user));
  if (!o.subprotocol.empty()) headers.emplace_back("ce-subprotocol", std::string(o.subprotocol));
  if (!o.state.empty()) headers.emplace_back("ce-connectionState", as_header(o.state));
  return headers;
}

bool allows_origin(const net::HttpFields& headers, std::string_view origin) {
  const std::string* allowed = net::find_header(headers, "WebHook-Allowed-Origin");
  if (allowed == nullptr) return false;
  const auto names = split(*allowed, ',');
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    name = trim(name);
    return name == "*" || iequals(name, origin);
  });
}

Result<cluster::EventReply> reply_of(const net::HttpFields& headers, std::string body) {
  cluster::EventReply reply;
  if (const std::string* state = net::find_header(headers, "ce-connectionState")) reply.state = *state;
  if (body.empty()) return reply;
  const std::string* content_type = net::find_header(headers, "Content-Type");
  const auto named = content_type == nullptr ? std::nullopt : protocol::type_of_content(*content_type);
  const auto type = named.value_or(protocol::DataType::binary);
  if (const auto good = protocol::check_content(type, body); !good)
    return error(Errc::protocol, "the application's answer: " + good.error().message);
  reply.message = cluster::EventReply::Message{type, std::move(body)};
  return reply;
}

}  // namespace wscluster::webhook
