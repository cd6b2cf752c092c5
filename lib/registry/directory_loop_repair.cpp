// SPDX-License-Identifier: MIT
// What the directory thread does when an operator wants the document that this process holds.
#include <algorithm>

#include "base/log.hpp"
#include "registry/directory_loop.hpp"

namespace wscluster::registry {

Result<> DirectoryLoop::answer_repairs() {
  for (const auto& [name, request] : contents_.repairs) {
    const bool is_for_us = request.from == self_.name && request.incarnation == self_.incarnation;
    const bool is_fresh = contents_.redis_ms < request.asked_ms + static_cast<std::uint64_t>(repair_patience.count());
    if (!is_for_us || !is_fresh || !request.answer.empty()) continue;
    Service& service = services_[name];
    const auto refuse = [this, asked = request](const std::string& why) {
      RepairRequest answered = asked;
      answered.answer = why;
      return store_.answer_repair(answered);
    };
    Result<> good;
    if (!service.held) {
      good = refuse(self_.name + " holds no ring of " + name);
    } else if (service.held->epoch != request.epoch || service.held->digest != request.digest) {
      good = refuse(self_.name + " holds another document by now, epoch " + std::to_string(service.held->epoch));
    } else {
      good = repair(service, request);
    }
    if (!good) return good;
  }
  return {};
}

/// What Redis has in place of ours, as far as its members may hold users that ours gives to others.
Result<std::shared_ptr<const ring::Document>> DirectoryLoop::load_fork(const std::string& name,
                                                                       const ring::Document& held) {
  const auto head = contents_.heads.find(name);
  if (head == contents_.heads.end() || head->second.digest == held.digest) return nullptr;
  auto fork = store_.load_document(name);
  if (fork) return std::make_shared<const ring::Document>(std::move(*fork));
  // Unreadable is one of the reasons for a repair.
  if (store_.connection().is_open()) return nullptr;
  return fork.error();
}

Result<> DirectoryLoop::repair(Service& service, const RepairRequest& request) {
  const std::string& name = request.service;
  const auto fork = load_fork(name, *service.held);
  if (!fork) return fork.error();
  const auto head = contents_.heads.find(name);
  std::uint64_t newest = std::max(service.held->epoch, head == contents_.heads.end() ? 0 : head->second.epoch);
  if (*fork) newest = std::max(newest, (*fork)->epoch);
  for (const MemberRecord& member : contents_.members) {
    const auto stats = member.stats.services.find(name);
    if (stats != member.stats.services.end()) newest = std::max(newest, stats->second.adopted);
  }
  const auto next = ring::repaired_document(*service.held, fork->get(), newest + 1, request.by,
                                            "repaired from " + self_.name, format_rfc3339(WallClock::now()));
  if (!next) {
    RepairRequest answered = request;
    answered.answer = next.error().message;
    return store_.answer_repair(answered);
  }
  const auto written = store_.repair(request, head == contents_.heads.end() ? Head() : head->second, *next,
                                     service.heritage, ring_of(name));
  if (!written) return written.error();
  // Somebody wrote or adopted something meanwhile: everything is read again, then tried again.
  is_dirty_ = true;
  if (*written) {
    log::warning("registry", "repaired the ring",
                 {{"service", name}, {"from_epoch", service.held->epoch}, {"epoch", next->epoch}, {"by", request.by}});
  }
  return {};
}

}  // namespace wscluster::registry
