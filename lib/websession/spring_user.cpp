// SPDX-License-Identifier: MIT
#include "websession/spring_user.hpp"

#include <boost/json.hpp>

#include "websession/java_stream.hpp"

namespace wscluster::websession {
namespace {

namespace json = boost::json;

using Text = std::optional<std::string>;

/// Ends with: that of Spring, whatever the package.
constexpr std::string_view anonymous_token = ".AnonymousAuthenticationToken";

Error no_user() {
  return error(Errc::invalid, "the security context has a principal without a name");
}

// --- serialised by the JDK

/// The value of that key in a java.util map, which may be wrapped by an unmodifiable one.
const JavaValue& value_of(const JavaValue& map, std::string_view key) {
  const JavaValue& inner = map.field("m");
  const auto& entries = inner.is_null() ? map.elements : inner.elements;
  for (std::size_t i = 0; i + 1 < entries.size(); i += 2) {
    if (entries[i]->is_text() && entries[i]->text == key) return *entries[i + 1];
  }
  return map.field({});
}

Text name_of(const JavaValue& principal) {
  if (principal.is_text()) return principal.text;
  for (const char* field : {"username", "name"}) {
    if (const JavaValue& name = principal.field(field); name.is_text()) return name.text;
  }
  // Of OAuth 2 and OpenID Connect.
  const JavaValue& key = principal.field("nameAttributeKey");
  if (!key.is_text()) return std::nullopt;
  const JavaValue& name = value_of(principal.field("attributes"), key.text);
  return name.is_text() ? Text(name.text) : std::nullopt;
}

Result<Text> user_of(const JavaValue& context) {
  const JavaValue& authentication = context.field("authentication");
  const JavaValue& is_authenticated = authentication.field("authenticated");
  const bool is_in = is_authenticated.kind == JavaValue::Kind::boolean && is_authenticated.integer != 0;
  if (!is_in || authentication.class_name.ends_with(anonymous_token)) return Text();
  if (auto name = name_of(authentication.field("principal"))) return name;
  const JavaValue& name = authentication.field("name");
  return name.is_text() ? Result<Text>(name.text) : no_user();
}

// --- JSON

Result<json::value> parse_json(std::string_view text) {
  json::error_code ec;
  json::value value = json::parse({text.data(), text.size()}, ec);
  if (ec) return error(Errc::invalid, "neither Java serialisation nor JSON");
  return value;
}

/// Jackson writes ["java.lang.Long",5] where the type would not be known otherwise.
const json::value& unwrap(const json::value& value) {
  const auto* pair = value.if_array();
  const bool is_typed = pair != nullptr && pair->size() == 2 && (*pair)[0].is_string() &&
                        (*pair)[0].get_string().find('.') != json::string::npos;
  return is_typed ? (*pair)[1] : value;
}

/// null when there is no such field.
const json::value& field(const json::value& object, std::string_view name) {
  static const json::value none;
  const auto* fields = object.if_object();
  const auto* found = fields != nullptr ? fields->if_contains({name.data(), name.size()}) : nullptr;
  return found != nullptr ? unwrap(*found) : none;
}

Text text_of(const json::value& value) {
  const auto* text = value.if_string();
  return text != nullptr ? Text(std::string(text->data(), text->size())) : std::nullopt;
}

Text name_of(const json::value& principal) {
  if (auto text = text_of(principal)) return text;
  for (const char* name : {"username", "name"}) {
    if (auto text = text_of(field(principal, name))) return text;
  }
  const auto key = text_of(field(principal, "nameAttributeKey"));
  return key ? text_of(field(field(principal, "attributes"), *key)) : std::nullopt;
}

Result<Text> user_of(const json::value& context) {
  const json::value& authentication = field(context, "authentication");
  const json::value& is_authenticated = field(authentication, "authenticated");
  const bool is_in = is_authenticated.is_bool() && is_authenticated.get_bool();
  const auto type = text_of(field(authentication, "@class"));
  if (!is_in || (type && type->ends_with(anonymous_token))) return Text();
  if (auto name = name_of(field(authentication, "principal"))) return name;
  auto name = text_of(field(authentication, "name"));
  return name ? Result<Text>(std::move(name)) : no_user();
}

}  // namespace

Result<std::optional<std::int64_t>> read_integer(std::string_view value) {
  using Number = std::optional<std::int64_t>;
  if (value.empty()) return Number();
  if (JavaStream::begins(value)) {
    const auto stream = JavaStream::parse(value);
    if (!stream) return stream.error();
    const JavaValue& number = stream->root().field("value");  // of java.lang.Long, Integer, …
    if (number.kind == JavaValue::Kind::integer) return Number(number.integer);
    if (stream->root().is_null()) return Number();
    return error(Errc::invalid, "not a whole number");
  }
  const auto parsed = parse_json(value);
  if (!parsed) return parsed.error();
  const json::value& number = unwrap(*parsed);
  if (number.is_int64()) return Number(number.get_int64());
  if (number.is_null()) return Number();
  return error(Errc::invalid, "not a whole number");
}

Result<Text> read_text(std::string_view value) {
  if (value.empty()) return Text();
  if (JavaStream::begins(value)) {
    const auto stream = JavaStream::parse(value);
    if (!stream) return stream.error();
    if (stream->root().is_text()) return Text(stream->root().text);
  } else {
    const auto parsed = parse_json(value);
    if (!parsed) return parsed.error();
    if (auto text = text_of(unwrap(*parsed))) return text;
  }
  const auto number = read_integer(value);
  if (!number) return error(Errc::invalid, "neither a text nor a whole number");
  return *number ? Text(std::to_string(**number)) : Text();
}

Result<Text> read_security_context(std::string_view value) {
  if (value.empty()) return Text();
  if (JavaStream::begins(value)) {
    const auto stream = JavaStream::parse(value);
    return stream ? user_of(stream->root()) : stream.error();
  }
  const auto parsed = parse_json(value);
  return parsed ? user_of(*parsed) : parsed.error();
}

}  // namespace wscluster::websession
