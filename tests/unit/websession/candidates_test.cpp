// SPDX-License-Identifier: MIT
#include "websession/candidates.hpp"

#include <gtest/gtest.h>

namespace wscluster::websession {
namespace {

using Ids = std::vector<std::string>;

const std::string id = "33fdd1b6-b496-4b33-9f7d-df96679d32fe";
const std::string encoded = "MzNmZGQxYjYtYjQ5Ni00YjMzLTlmN2QtZGY5NjY3OWQzMmZl";

Options of_spring() {
  Options options;
  options.kind = Kind::spring;
  return options;
}

Options of_generic() {
  Options options;
  options.kind = Kind::generic;
  return options;
}

Ids ids(const Options& options, std::vector<std::string> cookies, std::string header = {},
        const std::string& secret = {}) {
  return session_ids({std::move(cookies), std::move(header)}, options, auth::Secret(secret));
}

TEST(Candidates, cookies_of_one_name_in_order) {
  const auto values = [](const std::vector<std::string>& headers) {
    Ids found;
    for (const auto value : cookie_values(headers, "SESSION"))
      found.emplace_back(value);
    return found;
  };
  EXPECT_EQ(values({"SESSION=a"}), Ids{"a"});
  EXPECT_EQ(values({"x=1; SESSION=a; SESSION=\"b\" ;session=c;SESSIONS=d", " SESSION = e=f"}), (Ids{"a", "b", "e=f"}));
  EXPECT_EQ(values({"SESSION", "", ";;=", "SESSION=\""}), Ids{"\""});
}

TEST(Candidates, of_spring_decoded_and_as_they_are) {
  EXPECT_EQ(ids(of_spring(), {"SESSION=" + encoded}), (Ids{id, encoded}));
  EXPECT_EQ(ids(of_spring(), {"SESSION=" + id}), Ids{id});
  EXPECT_EQ(ids(of_spring(), {"SESSION=YQ==; SESSION=Yg"}), (Ids{"a", "YQ==", "b", "Yg"}));
  EXPECT_EQ(ids(of_spring(), {"other=" + id}), Ids{});
  Options options = of_spring();
  options.cookie = "JSESSIONID";
  EXPECT_EQ(ids(options, {"JSESSIONID=" + id + "; SESSION=other"}), Ids{id});
}

TEST(Candidates, of_spring_with_the_name_of_a_server) {
  EXPECT_EQ(ids(of_spring(), {"SESSION=aWQud29ya2VyMQ=="}), (Ids{"id.worker1", "id", "aWQud29ya2VyMQ=="}));
  EXPECT_EQ(ids(of_spring(), {"SESSION=i-d.worker1"}), (Ids{"i-d.worker1", "i-d"}));
}

TEST(Candidates, the_header_comes_first_and_as_it_is) {
  EXPECT_EQ(ids(of_spring(), {"SESSION=" + id}, " YWJj "), (Ids{"YWJj", id}));
  EXPECT_EQ(ids(of_spring(), {}, id), Ids{id});
}

TEST(Candidates, signed_cookies_of_express) {
  // cookie-signature's sign("hello", "tobiiscool")
  const std::string signature = "DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI";
  const std::string cookie = "connect.sid=s%3Ahello.DGDUkGlIkCzPz%2BC0B064FNgHdEjox7ch8tOBGslZ5QI";
  EXPECT_EQ(ids(of_generic(), {cookie}), Ids{"hello"}) << "without a secret the id alone counts";
  EXPECT_EQ(ids(of_generic(), {cookie}, {}, "tobiiscool"), Ids{"hello"});
  EXPECT_EQ(ids(of_generic(), {"connect.sid=s:hello." + signature}, {}, "tobiiscool"), Ids{"hello"});
  EXPECT_EQ(ids(of_generic(), {cookie}, {}, "luna"), Ids{});
  EXPECT_EQ(ids(of_generic(), {"connect.sid=s:hella." + signature}, {}, "tobiiscool"), Ids{});
  EXPECT_EQ(ids(of_generic(), {"connect.sid=s:hello"}, {}, "tobiiscool"), Ids{});
  EXPECT_EQ(ids(of_generic(), {"connect.sid=hello"}, {}, "tobiiscool"), Ids{}) << "not signed";
  EXPECT_EQ(ids(of_generic(), {"connect.sid=hello"}), Ids{"hello"});
  EXPECT_EQ(ids(of_generic(), {"connect.sid=%zz"}), Ids{});
}

TEST(Candidates, nothing_leads_to_another_part_of_redis) {
  EXPECT_EQ(ids(of_spring(), {"SESSION=expires:" + id}), Ids{});
  EXPECT_EQ(ids(of_spring(), {"SESSION=ZXhwaXJlczph"}), Ids{"ZXhwaXJlczph"}) << "decoded: expires:a";
  EXPECT_EQ(ids(of_generic(), {"connect.sid=a%0d%0ab", "connect.sid=a b"}), Ids{});
  EXPECT_EQ(ids(of_spring(), {"SESSION="}), Ids{});
}

TEST(Candidates, there_is_a_bound_to_their_number_and_size) {
  std::string many;
  for (int i = 0; i < 100; ++i)
    many += "SESSION=s-" + std::to_string(i) + ";";
  EXPECT_EQ(ids(of_spring(), {many, many}).size(), max_candidates);
  EXPECT_EQ(ids(of_spring(), {"SESSION=-" + std::string(max_id_bytes - 1, 'x')}).size(), 1U);
  EXPECT_EQ(ids(of_spring(), {"SESSION=-" + std::string(max_id_bytes, 'x')}), Ids{});
  EXPECT_EQ(ids(of_generic(), {"connect.sid=" + std::string(100'000, 'x')}), Ids{});
}

}  // namespace
}  // namespace wscluster::websession
