// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json/array.hpp>
#include <functional>
#include <string>
#include <vector>

#include "output.hpp"
#include "rest_client.hpp"

namespace wscluster::app {

/// Which sessions are asked for; an empty text: any.
struct SessionQuery {
  std::string node;
  std::string prefix;
  std::string group;
  std::string after;
  bool is_misplaced = false;
  std::uint64_t limit = 100;
};

/// Sessions as the REST API gives them.
struct SessionPages {
  boost::json::array sessions;
  std::string next;                  ///< empty: that was all
  std::vector<std::string> missing;  ///< nodes that did not answer
};

/// Page after page until the limit. Throws Failure.
[[nodiscard]] SessionPages load_sessions(const RestClient& client, const SessionQuery& query,
                                         const Interrupt& interrupt);

/// As a table; `with_uid` off where all are of one user.
[[nodiscard]] Table session_table(const boost::json::array& sessions, bool with_uid);

}  // namespace wscluster::app
