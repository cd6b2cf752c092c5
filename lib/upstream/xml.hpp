// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

/// Only for sources of this folder.
namespace wscluster::upstream {

/// A JSON object as XML: keys are elements, "@name" is an attribute, "$" the text, a list repeats its element. A key
/// that cannot be the name of an element is written with _xHH_ for what does not fit.
[[nodiscard]] std::string to_xml(std::string_view root, const boost::json::object& object);

}  // namespace wscluster::upstream
