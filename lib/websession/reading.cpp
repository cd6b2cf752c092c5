// SPDX-License-Identifier: MIT
#include "websession/reading.hpp"

#include "base/names.hpp"

namespace wscluster::websession {

Reading unreadable(std::string why) {
  Reading reading;
  reading.verdict = Verdict::unreadable;
  reading.why = std::move(why);
  return reading;
}

Reading user(std::string uid, std::optional<WallClock::time_point> expires) {
  if (const auto good = check_uid(uid); !good) return unreadable("its user is no uid: " + good.error().message);
  Reading reading;
  reading.verdict = Verdict::found;
  reading.uid = std::move(uid);
  reading.expires = expires;
  return reading;
}

}  // namespace wscluster::websession
