// SPDX-License-Identifier: MIT
// A Eureka registration: what is accepted keeps the registry's rules, survives Redis, and can be written in both forms.
#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>

#include "base/names.hpp"
#include "upstream/eureka_registration.hpp"
#include "upstream/eureka_text.hpp"
#include "upstream/rules.hpp"

using namespace wscluster;
using namespace wscluster::upstream;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto stored = parse_instance(text); stored && !check_instance(*stored)) std::abort();
  // The app of the path is that of the body, or nothing would be accepted.
  const auto instance = parse_eureka_registration(text, "shop");
  if (!instance) return 0;
  if (!check_instance(*instance) || !check_member_name(member_name(instance->id))) std::abort();
  const Instance known = registered(nullptr, *instance, 1);
  const auto again = parse_instance(to_json(known));
  if (!again || *again != known) std::abort();
  boost::json::error_code ec;
  static_cast<void>(boost::json::parse(eureka_instance(known, EurekaFormat::json), ec));
  if (ec || eureka_instance(known, EurekaFormat::xml).empty()) std::abort();
  return 0;
}
