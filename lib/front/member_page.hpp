// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "cluster/inquiry.hpp"

namespace wscluster::front {

/// Where a page of a group's members begins: with the user behind `after`, and of it with the session behind `behind`.
struct PagePlace {
  std::string after;  ///< empty: with the first
  std::optional<session::SessionId> behind;

  /// The continuation token; nothing an application should read. Errc::invalid when it is none of ours.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static Result<PagePlace> parse(std::string_view text);
};

struct MemberPage {
  std::vector<cluster::SessionFacts> members;
  std::optional<PagePlace> next;  ///< none: that was all
};

/// The first `size` of the list, which was asked for from `place.after` on. Sessions that are being closed are none.
[[nodiscard]] MemberPage cut_page(const cluster::SessionList& list, const PagePlace& place, std::size_t size);

}  // namespace wscluster::front
