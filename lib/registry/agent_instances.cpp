// SPDX-License-Identifier: MIT
// What an agent is asked about instances of upstream services: work for the directory thread.
#include <utility>

#include "registry/agent.hpp"

namespace wscluster::registry {
namespace {

upstream::Instance named(std::string service, std::string id) {
  upstream::Instance instance;
  instance.service = std::move(service);
  instance.id = std::move(id);
  return instance;
}

}  // namespace

void Agent::carry_out(InstanceCall call) {
  {
    const std::lock_guard lock(board_.mutex);
    board_.instance_calls.push_back(std::move(call));
  }
  board_.directory_wake.signal();
}

void Agent::register_instance(upstream::Instance instance, InstanceCallback callback) {
  carry_out({.kind = InstanceCall::Kind::enroll, .instance = std::move(instance), .callback = std::move(callback)});
}

void Agent::renew_instance(std::string service, std::string id, std::optional<std::uint64_t> dirty_ms,
                           InstanceCallback callback) {
  carry_out({.kind = InstanceCall::Kind::renew,
             .instance = named(std::move(service), std::move(id)),
             .dirty_ms = dirty_ms,
             .callback = std::move(callback)});
}

void Agent::cancel_instance(std::string service, std::string id, InstanceCallback callback) {
  carry_out({.kind = InstanceCall::Kind::cancel,
             .instance = named(std::move(service), std::move(id)),
             .callback = std::move(callback)});
}

void Agent::set_instance_status(std::string service, std::string id, upstream::Status status,
                                InstanceCallback callback) {
  carry_out({.kind = InstanceCall::Kind::override_status,
             .instance = named(std::move(service), std::move(id)),
             .status = status,
             .callback = std::move(callback)});
}

void Agent::clear_instance_status(std::string service, std::string id, std::optional<upstream::Status> own,
                                  InstanceCallback callback) {
  carry_out({.kind = InstanceCall::Kind::override_status,
             .instance = named(std::move(service), std::move(id)),
             .own = own,
             .callback = std::move(callback)});
}

void Agent::set_instance_metadata(std::string service, std::string id, std::map<std::string, std::string> entries,
                                  InstanceCallback callback) {
  carry_out({.kind = InstanceCall::Kind::set_metadata,
             .instance = named(std::move(service), std::move(id)),
             .metadata = std::move(entries),
             .callback = std::move(callback)});
}

void Agent::keep_instance(upstream::Instance instance) {
  {
    const std::lock_guard lock(board_.mutex);
    board_.kept_instances.push_back(std::move(instance));
  }
  board_.directory_wake.signal();
}

void Agent::set_static_health(const std::string& service, const std::string& id, upstream::Status status) {
  {
    const std::lock_guard lock(board_.mutex);
    board_.kept_health[{service, id}] = status;
  }
  board_.directory_wake.signal();
}

}  // namespace wscluster::registry
