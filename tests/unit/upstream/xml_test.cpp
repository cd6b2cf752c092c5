// SPDX-License-Identifier: MIT
#include "upstream/xml.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace wscluster::upstream {
namespace {

constexpr std::string_view head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

std::string xml(const char* text) {
  const std::string all = to_xml("r", boost::json::parse(text).as_object());
  EXPECT_TRUE(all.starts_with(head));
  return all.substr(head.size());
}

TEST(Xml, elements_attributes_text_and_lists) {
  EXPECT_EQ(xml(R"({"a":1,"b":["x","y"],"c":{"@k":"v","$":"t"},"d":{},"e":true,"f":null})"),
            R"(<r><a>1</a><b>x</b><b>y</b><c k="v">t</c><d></d><e>true</e><f></f></r>)");
}

TEST(Xml, what_means_something_is_escaped) {
  EXPECT_EQ(xml(R"({"a":"<&>\"\u0001","b":{"@k":"\"<"}})"),
            R"(<r><a>&lt;&amp;&gt;&quot;?</a><b k="&quot;&lt;"></b></r>)");
}

TEST(Xml, a_key_that_is_no_name_becomes_one) {
  EXPECT_EQ(xml(R"({"1 a>":"x","":"y","a:b":"z"})"),
            "<r><_x31__x20_a_x3E_>x</_x31__x20_a_x3E_><_>y</_><a_x3A_b>z</a_x3A_b></r>");
}

}  // namespace
}  // namespace wscluster::upstream
