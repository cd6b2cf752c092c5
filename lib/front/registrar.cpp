// SPDX-License-Identifier: MIT
#include "front/registrar.hpp"

#include <utility>

#include "net/core.hpp"

namespace wscluster::front {

const upstream::Upstreams& Registrar::upstreams() const noexcept {
  static const upstream::Upstreams none;
  return snapshot_ ? snapshot_->upstreams : none;
}

const upstream::UpstreamState* Registrar::upstream(std::string_view service) const {
  return snapshot_ ? snapshot_->upstream(service) : nullptr;
}

void Registrar::ask(registry::InstanceCall call, registry::InstanceCallback answered) {
  call.callback = [this, kind = call.kind, answered = std::move(answered)](registry::InstanceAnswer answer) {
    core_.post([this, kind, answered, answer = std::move(answer)] {
      count(kind, answer);
      answered(answer);
    });
  };
  ask_(std::move(call));
}

void Registrar::count(registry::InstanceCall::Kind kind, const registry::InstanceAnswer& answer) {
  using Kind = registry::InstanceCall::Kind;
  if (!answer) {
    const Errc code = answer.error().code;
    ++(code == Errc::not_found ? counters_.unknown : code == Errc::unavailable ? counters_.away : counters_.refused);
    return;
  }
  switch (kind) {
    case Kind::enroll:
      ++counters_.registrations;
      break;
    case Kind::renew:
      ++counters_.renewals;
      break;
    case Kind::cancel:
      ++counters_.cancels;
      break;
    case Kind::override_status:
    case Kind::set_metadata:
      ++counters_.changes;
      break;
  }
}

registry::InstanceCall instance_call(registry::InstanceCall::Kind kind, std::string service, std::string id) {
  registry::InstanceCall call;
  call.kind = kind;
  call.instance.service = std::move(service);
  call.instance.id = std::move(id);
  return call;
}

}  // namespace wscluster::front
