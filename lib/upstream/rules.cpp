// SPDX-License-Identifier: MIT
#include "upstream/rules.hpp"

namespace wscluster::upstream {
namespace {

Instance changed(Instance instance, std::uint64_t now_ms) {
  instance.action = Action::modified;
  instance.changed_ms = now_ms;
  if (instance.up_ms == 0 && instance.is_up()) instance.up_ms = now_ms;
  return instance;
}

}  // namespace

Instance registered(const Instance* before, Instance incoming, std::uint64_t now_ms) {
  const bool is_known = before != nullptr && before->action != Action::deleted;
  if (!is_known) {
    incoming.registered_ms = now_ms;
    incoming.up_ms = 0;
    incoming = changed(std::move(incoming), now_ms);
    incoming.action = Action::added;
    return incoming;
  }
  if (incoming.dirty_ms != 0 && before->dirty_ms > incoming.dirty_ms) return *before;
  if (incoming.overridden == Status::unknown) incoming.overridden = before->overridden;
  incoming.registered_ms = before->registered_ms;
  incoming.up_ms = before->up_ms;
  incoming.changed_ms = before->changed_ms;
  incoming.action = before->action;
  if (incoming == *before) return incoming;
  return changed(std::move(incoming), now_ms);
}

Renewal check_renewal(const Instance* known, std::optional<std::uint64_t> dirty_ms) {
  if (known == nullptr || known->action == Action::deleted) return Renewal::unknown;
  if (dirty_ms && *dirty_ms > known->dirty_ms) return Renewal::outdated;
  return Renewal::renewed;
}

Instance cancelled(Instance instance, std::uint64_t now_ms) {
  instance.action = Action::deleted;
  instance.changed_ms = now_ms;
  return instance;
}

Instance overridden(Instance instance, Status status, std::optional<Status> own, std::uint64_t now_ms) {
  const Status said = own.value_or(instance.status);
  if (instance.overridden == status && instance.status == said) return instance;
  instance.overridden = status;
  instance.status = said;
  return changed(std::move(instance), now_ms);
}

Instance with_status(Instance instance, Status status, std::uint64_t now_ms) {
  if (instance.status == status) return instance;
  instance.status = status;
  return changed(std::move(instance), now_ms);
}

Instance with_metadata(Instance instance, const std::map<std::string, std::string>& entries, std::uint64_t now_ms) {
  const auto before = instance.metadata;
  for (const auto& [key, value] : entries)
    instance.metadata[key] = value;
  if (instance.metadata == before) return instance;
  return changed(std::move(instance), now_ms);
}

}  // namespace wscluster::upstream
