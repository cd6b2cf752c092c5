// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace wscluster::auth {

/// Whether a token signed for `audience` may be used for the request target `path`. The SDKs sign the whole URL as they
/// see it; host, scheme and query are not compared, because a proxy changes them. Paths are compared segment by segment
/// after percent-decoding, so "a%2Fb" is not "a/b". True for an empty audience, false for one that is neither a URL nor
/// a path.
[[nodiscard]] bool audience_matches(std::string_view audience, std::string_view path);

}  // namespace wscluster::auth
