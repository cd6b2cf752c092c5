// SPDX-License-Identifier: MIT
#include "upstream/configured.hpp"

#include <cmath>
#include <cstdlib>

namespace wscluster::upstream {
namespace {

/// Long enough for a gateway to be started again.
constexpr Duration configured_lease{30'000};

constexpr std::string_view form = "[NAME=]http://HOST:PORT[*WEIGHT]";

Result<double> weight_of(std::string_view text) {
  const std::string digits(text);
  char* end = nullptr;
  const double weight = std::strtod(digits.c_str(), &end);
  if (!digits.empty() && *end == '\0' && std::isfinite(weight)) return weight;
  return error(Errc::invalid, "'" + digits + "' is not a weight");
}

}  // namespace

Result<> set_address(Instance& instance, std::string_view url) {
  constexpr std::string_view plain = "http://";
  constexpr std::string_view secure = "https://";
  instance.is_secure = url.starts_with(secure);
  if (!instance.is_secure && !url.starts_with(plain))
    return error(Errc::invalid, "'" + std::string(url) + "' does not begin with http:// or https://");
  std::string_view rest = url.substr(instance.is_secure ? secure.size() : plain.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#@") != std::string_view::npos)
    return error(Errc::invalid, "'" + std::string(url) + "' holds more than HOST:PORT");
  const bool has_port = rest.rfind(':') != std::string_view::npos && !rest.ends_with(']');
  const auto address =
      Endpoint::parse(has_port ? std::string(rest) : std::string(rest) + (instance.is_secure ? ":443" : ":80"));
  if (!address) return address.error();
  instance.address = *address;
  return {};
}

Result<Instance> parse_configured(const std::string& service, std::string_view text) {
  Instance instance;
  instance.service = service;
  instance.origin = Origin::configured;
  instance.lease = configured_lease;
  const auto scheme = text.find("://");
  const auto equals = text.find('=');
  std::string_view url = text;
  if (equals != std::string_view::npos && equals < scheme) {
    instance.id = text.substr(0, equals);
    url = text.substr(equals + 1);
  }
  if (const auto star = url.rfind('*'); star != std::string_view::npos) {
    const auto weight = weight_of(url.substr(star + 1));
    if (!weight) return weight.error();
    instance.weight = *weight;
    url = url.substr(0, star);
  }
  if (const auto good = set_address(instance, url); !good)
    return error(Errc::invalid, good.error().message + "; " + std::string(form) + " is expected");
  if (instance.id.empty() && url.data() == text.data()) instance.id = instance.address.to_string();
  if (const auto good = check_instance(instance); !good)
    return error(Errc::invalid, "'" + std::string(text) + "': " + good.error().message);
  return instance;
}

}  // namespace wscluster::upstream
