// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "members.hpp"
#include "ring/document.hpp"

namespace wscluster::ring {
namespace {

using testing::nodes;

Document sample() {
  auto members = nodes(3, 1.5);
  members[1].incarnation = UINT64_MAX;
  members[2].state = MemberState::draining;
  const auto first = first_document("chat", 0xFEDC'BA98'7654'3210, 0x8000'0000'0000'0001, members, "o", "w", "t");
  return next_document(*first, nodes(2, 0.1), "alice \"x\" \n \xc3\xa9", "why\\", "2026-11-22T10:04:31.120Z", 1)
      .value();
}

/// The sample with one piece of its text exchanged.
std::string broken(std::string_view piece, std::string_view by) {
  std::string text = to_json(sample());
  const auto at = text.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  return text.replace(at, piece.size(), by);
}

/// Also with the digest that fits, so that the digest is not what refuses it.
Document signed_again(Document document) {
  document.digest = digest_of(document);
  return document;
}

void expect_refused(const std::string& text, Errc code, std::string_view place) {
  const auto document = parse_document(text);
  ASSERT_FALSE(document) << text.substr(0, 300);
  EXPECT_EQ(document.error().code, code) << document.error().message;
  EXPECT_NE(document.error().message.find(place), std::string::npos) << document.error().message;
}

TEST(DocumentJson, round_trip) {
  const auto read = parse_document(to_json(sample()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, sample());
}

TEST(DocumentJson, the_weight_to_come_back_with_is_kept_and_signed) {
  Document drained = sample();
  drained.members[1].weight = 0;
  drained.members[1].state = MemberState::drained;
  drained.members[1].resume_weight = 0.1;
  drained = signed_again(drained);
  const auto read = parse_document(to_json(drained));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, drained);
  EXPECT_EQ(to_json(sample()).find("resume_weight"), std::string::npos) << "of the others nobody says anything";
  drained.members[1].resume_weight = 0.2;
  expect_refused(to_json(drained), Errc::invalid, "digest");
  expect_refused(broken(R"("state":"up"})", R"("state":"up","resume_weight":1})"), Errc::invalid, "resume_weight");
}

TEST(DocumentJson, every_weight_round_trips) {
  for (int parts = 0; parts <= 20'000; parts += 7) {
    const auto document = first_document("chat", 1, 1, nodes(1, parts / 1000.0)).value();
    const auto read = parse_document(to_json(document));
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(*read, document);
  }
}

TEST(DocumentJson, ids_are_hex_texts_and_the_rest_is_plain) {
  const std::string text = to_json(sample());
  for (const char* piece : {R"("schema":1)", R"("lineage":"8000000000000001")", R"("seed":"fedcba9876543210")",
                            R"("epoch":2)", R"("incarnation":"ffffffffffffffff")", R"("weight":0.1,)",
                            R"("state":"draining")", R"("points_per_weight":512)"}) {
    EXPECT_NE(text.find(piece), std::string::npos) << piece << " in " << text;
  }
}

TEST(DocumentJson, unknown_fields_are_skipped) {
  EXPECT_TRUE(parse_document(broken(R"({"schema":1)", R"({"later":{"x":[1,{"y":null}]},"schema":1)")));
  EXPECT_TRUE(parse_document(broken(R"({"name":)", R"({"zone":"a","name":)")));
}

TEST(DocumentJson, a_newer_schema_is_a_protocol_error_whatever_else_it_holds) {
  expect_refused(R"({"schema":2})", Errc::protocol, "schema 2");
  expect_refused(broken(R"("schema":1)", R"("schema":2)"), Errc::protocol, "upgrade");
  expect_refused(broken(R"("schema":1)", R"("schema":0)"), Errc::invalid, "schema");
  Document document = sample();
  document.algorithm = "maglev";
  expect_refused(to_json(signed_again(document)), Errc::protocol, "maglev");
  document = sample();
  document.hash = "sha1";
  expect_refused(to_json(signed_again(document)), Errc::protocol, "sha1");
}

TEST(DocumentJson, text_that_is_no_document_is_refused) {
  for (const char* text : {"", " ", "{", "null", "[]", "1", "\"x\"", "{}", "{\"schema\":1}", "{\"schema\":\"1\"}",
                           "{\"schema\":1}x", "\xff"}) {
    const auto document = parse_document(text);
    ASSERT_FALSE(document) << text;
    EXPECT_EQ(document.error().code, Errc::invalid) << text;
  }
}

TEST(DocumentJson, every_wrong_or_missing_field_is_named) {
  const struct {
    const char *piece, *by, *place;
  } cases[] = {
      {R"("lineage":"8000000000000001",)", "", "lineage: missing"},
      {R"("lineage":"8000000000000001")", R"("lineage":12)", "lineage"},
      {R"("lineage":"8000000000000001")", R"("lineage":"1")", "lineage"},
      {R"("lineage":"8000000000000001")", R"("lineage":"800000000000000g")", "lineage"},
      {R"("service":"chat")", R"("service":"Chat")", "service"},
      {R"("epoch":2)", R"("epoch":-2)", "epoch"},
      {R"("epoch":2)", R"("epoch":2.5)", "epoch"},
      {R"("epoch":2)", R"("epoch":0)", "epoch"},
      {R"("epoch":2)", R"("epoch":18446744073709551615)", "epoch"},
      {R"("epoch":2)", R"("epoch":1)", "predecessor"},
      {R"("epoch":2)", R"("epoch":"2")", "epoch"},
      {R"("digest":")", R"("digest":"0)", "digest"},
      {R"("predecessor":")", R"("predecessor":"0)", "predecessor"},
      {R"("algorithm":"ring",)", "", "algorithm"},
      {R"("seed":"fedcba9876543210")", R"("seed":null)", "seed"},
      {R"("points_per_weight":512)", R"("points_per_weight":0)", "points_per_weight"},
      {R"("points_per_weight":512)", R"("points_per_weight":65537)", "points_per_weight"},
      {R"("members":[)", R"("members":{"a":[)", "JSON"},
      {R"("members":[)", R"("members":[7,)", "members[0]"},
      {R"({"name":"node-0")", R"({"name":"node/0")", "members[0].name"},
      {R"({"name":"node-0")", R"({"name":"node-1")", "stands twice"},
      {R"({"name":"node-0")", R"({"name":"node-2")", "sorted"},
      {R"({"name":"node-0",)", R"({)", "members[0].name: missing"},
      {R"("incarnation":"0000000000000064")", R"("incarnation":100)", "members[0].incarnation"},
      {R"("weight":0.1)", R"("weight":-0.1)", "members[0].weight"},
      {R"("weight":0.1)", R"("weight":1001)", "members[0].weight"},
      {R"("weight":0.1)", R"("weight":1e300)", "members[0].weight"},
      {R"("weight":0.1)", R"("weight":0.0001)", "members[0].weight"},
      {R"("weight":0.1)", R"("weight":"0.1")", "members[0].weight"},
      {R"("weight":0.1)", R"("weight":NaN)", "JSON"},
      {R"("state":"up")", R"("state":"fine")", "members[0].state"},
      {R"("open":[])", R"("open":{})", "open"},
      {R"("open":[])", R"("open":[{"epoch":1}])", "open[0].members: missing"},
      {R"("open":[])", R"("open":[{"epoch":2,"members":[]}])", "open[0].epoch"},
      {R"("open":[])", R"("open":[{"epoch":1,"members":[]},{"epoch":1,"members":[]}])", "open[1].epoch"},
      {R"("open":[])", R"("open":[{"epoch":1,"members":[{}]}])", "open[0].members[0].name"},
      {R"("why":")", R"("why":1,"x":")", "why"},
  };
  Document document = sample();
  document.open.clear();
  const std::string good = to_json(signed_again(document));
  ASSERT_TRUE(parse_document(good));
  for (const auto& [piece, by, place] : cases) {
    std::string text = good;
    const auto at = text.find(piece);
    ASSERT_NE(at, std::string::npos) << piece;
    expect_refused(text.replace(at, std::string_view(piece).size(), by), Errc::invalid, place);
  }
}

TEST(DocumentJson, limits_are_enforced) {
  expect_refused(std::string(max_document_bytes + 1, ' '), Errc::limit, "bytes");
  expect_refused(
      broken(R"({"schema":1)", R"({"deep":)" + std::string(40, '[') + std::string(40, ']') + R"(,"schema":1)"),
      Errc::invalid, "JSON");
  Document document = sample();
  document.members = nodes(max_members + 1);
  expect_refused(to_json(signed_again(document)), Errc::limit, "members");
  document = sample();
  document.epoch = 20;
  document.open.clear();
  for (std::uint64_t epoch = 1; epoch <= max_open_changes + 1; ++epoch)
    document.open.push_back({epoch, {}});
  expect_refused(to_json(signed_again(document)), Errc::limit, "open");
  document = sample();
  document.why = std::string(1025, 'x');
  expect_refused(to_json(signed_again(document)), Errc::limit, "why");
}

TEST(DocumentJson, any_changed_digit_is_noticed) {
  expect_refused(broken(R"("epoch":2)", R"("epoch":3)"), Errc::invalid, "digest");
  expect_refused(broken("alice", "mallory"), Errc::invalid, "digest");
  expect_refused(broken(R"("weight":0.1)", R"("weight":0.101)"), Errc::invalid, "digest");
}

TEST(DocumentJson, damaged_texts_are_refused_or_read_as_the_same_document) {
  std::mt19937 random(18);
  const std::string good = to_json(sample());
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    text[random() % text.size()] = static_cast<char>(random() % 256);
    if (i % 4 == 0) text.resize(random() % text.size());
    // A hit on the name of an optional field hides its value, and then the digest tells.
    if (const auto document = parse_document(text)) {
      ASSERT_EQ(*document, sample()) << text;
    }
  }
}

}  // namespace
}  // namespace wscluster::ring
