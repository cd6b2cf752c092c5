// SPDX-License-Identifier: MIT
#include "front/member_page.hpp"

#include "base/text.hpp"

namespace wscluster::front {

std::string PagePlace::text() const {
  std::string bytes(behind.value_or(session::SessionId{}).view());
  bytes += after;
  return base64url_encode(bytes);
}

Result<PagePlace> PagePlace::parse(std::string_view text) {
  const auto bytes = base64url_decode(text);
  constexpr std::size_t id_bytes = sizeof(session::SessionId);
  if (!bytes || bytes->size() < id_bytes) return error(Errc::invalid, "continuationToken is none that was given");
  PagePlace place;
  place.after = bytes->substr(id_bytes);
  const auto behind = session::SessionId::from_bytes(std::string_view(*bytes).substr(0, id_bytes));
  if (behind != session::SessionId{}) place.behind = behind;
  return place;
}

MemberPage cut_page(const cluster::SessionList& list, const PagePlace& place, std::size_t size) {
  MemberPage page;
  std::string after = place.after;
  std::string_view user;
  for (const cluster::SessionFacts& facts : list.sessions) {
    if (facts.uid != user && !user.empty()) after = user;
    user = facts.uid;
    // Ids of one user have the same hash, and the list is in the order of hashes.
    const bool was_told = place.behind && facts.id.hash == place.behind->hash && facts.id <= *place.behind;
    if (was_told || facts.close_code != 0) continue;
    if (page.members.size() == size) {
      page.next = PagePlace{after, page.members.back().id};
      return page;
    }
    page.members.push_back(facts);
  }
  if (!list.next.empty()) page.next = PagePlace{list.next, std::nullopt};
  return page;
}

}  // namespace wscluster::front
