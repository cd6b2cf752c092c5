// SPDX-License-Identifier: MIT
#include "registry/instance_call.hpp"

#include "upstream/rules.hpp"

namespace wscluster::registry {

InstanceAnswer apply(const InstanceCall& call, const upstream::Instance* known, std::uint64_t now_ms) {
  using Kind = InstanceCall::Kind;
  if (call.kind == Kind::enroll) return upstream::registered(known, call.instance, now_ms);
  if (known == nullptr || known->action == upstream::Action::deleted) {
    return error(Errc::not_found, "service " + call.instance.service + " has no instance '" + call.instance.id + "'");
  }
  switch (call.kind) {
    case Kind::cancel:
      return upstream::cancelled(*known, now_ms);
    case Kind::override_status:
      return upstream::overridden(*known, call.status, call.own, now_ms);
    case Kind::set_metadata:
      return upstream::with_metadata(*known, call.metadata, now_ms);
    case Kind::enroll:
    case Kind::renew:
      break;
  }
  return *known;
}

}  // namespace wscluster::registry
