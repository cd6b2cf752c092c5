// SPDX-License-Identifier: MIT
#include "watch.hpp"

#include <algorithm>

#include "ring/key.hpp"
#include "world.hpp"

namespace wscluster::simulation {
void Watch::add_user(const std::string& service, const std::string& uid) {
  const bool is_known = std::any_of(users_.begin(), users_.end(),
                                    [&](const User& user) { return user.service == service && user.uid == uid; });
  if (!is_known) users_.push_back({service, uid, {}, 0});
}

bool Watch::is_active(const Core& core) {
  return core.process().is_running() && !core.process().is_suspended();
}

void Watch::look(Core& core) {
  if (core.holders().empty()) return;
  for (User& user : users_) {
    if (user.is_doubted) continue;
    const cluster::Holder* holder = core.holder(user.service);
    const bool is_held = holder != nullptr && holder->is_active(user.uid);
    const auto known = std::find(user.holders.begin(), user.holders.end(), &core);
    if (!is_held) {
      if (known != user.holders.end()) user.holders.erase(known);
      continue;
    }
    if (known == user.holders.end()) user.holders.push_back(&core);
    if (user.holders.size() > 1) compare(user, core);
    if (user.last == core.process().incarnation() || !is_active(core)) continue;
    if (user.last != 0) {
      ++moves_;
      world_.note(user.uid + " is held by " + core.process().name() + " now");
    }
    user.last = core.process().incarnation();
  }
}

void Watch::compare(User& user, Core& core) {
  if (!is_active(core)) return;
  for (const Core* other : user.holders) {
    if (other == &core || !is_active(*other)) continue;
    world_.checker().break_promise(user.uid + " is held by " + core.process().name() + " and by " +
                                   other->process().name());
    // Said once; who is right, nobody knows.
    user.holders.clear();
    user.is_doubted = true;
    return;
  }
}

void Watch::forget(const Core& core) {
  for (User& user : users_)
    std::erase(user.holders, &core);
}

}  // namespace wscluster::simulation
