// SPDX-License-Identifier: MIT
#include "websession/java_stream.hpp"

#include <gtest/gtest.h>

#include "../../session_vectors.hpp"

namespace wscluster::websession {
namespace {

using namespace session_vectors;

std::string why_not(const std::string& hex) {
  const auto stream = JavaStream::parse(bytes("aced0005" + hex));
  return stream ? "readable" : stream.error().message.substr(std::string_view("Java serialisation: ").size());
}

TEST(JavaStream, texts_and_numbers) {
  const auto text = JavaStream::parse(java_string("alice"));
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->root().is_text());
  EXPECT_EQ(text->root().text, "alice");
  for (const std::int64_t value : {std::int64_t{1'404'360'000'000}, std::int64_t{-5}, INT64_MIN, INT64_MAX}) {
    const auto number = JavaStream::parse(java_long(value));
    ASSERT_TRUE(number);
    EXPECT_EQ(number->root().class_name, "java.lang.Long");
    EXPECT_EQ(number->root().field("value").integer, value);
  }
  const auto integer = JavaStream::parse(java_integer(-1));
  ASSERT_TRUE(integer);
  EXPECT_EQ(integer->root().field("value").integer, -1);
  EXPECT_TRUE(integer->root().field("other").is_null());
}

TEST(JavaStream, a_token_of_spring_security) {
  const auto stream = JavaStream::parse(user_token);
  ASSERT_TRUE(stream) << stream.error().message;
  const JavaValue& token = stream->root();
  EXPECT_EQ(token.class_name, "org.springframework.security.authentication.UsernamePasswordAuthenticationToken");
  EXPECT_EQ(token.fields.front().first, "authenticated") << "the superclass comes first";
  EXPECT_EQ(token.field("authenticated").integer, 1);
  EXPECT_EQ(token.field("details").field("remoteAddress").text, "remote");
  const JavaValue& user = token.field("principal");
  EXPECT_EQ(user.field("username").text, "user");
  EXPECT_EQ(user.field("password").text, "{noop}password");
  const JavaValue& tree_set = user.field("authorities").field("c");
  ASSERT_EQ(tree_set.class_name, "java.util.TreeSet");
  ASSERT_EQ(tree_set.elements.size(), 2U) << "what its writeObject wrote: the comparator and one element";
  EXPECT_EQ(tree_set.elements[1]->field("role").text, "ROLE_USER");
}

TEST(JavaStream, every_kind_of_value) {
  const auto stream = JavaStream::parse(zoo);
  ASSERT_TRUE(stream) << stream.error().message;
  const auto& entries = stream->root().elements;
  const auto at = [&](std::string_view key) -> const JavaValue& {
    for (std::size_t i = 0; i + 1 < entries.size(); i += 2) {
      if (entries[i]->text == key) return *entries[i + 1];
    }
    ADD_FAILURE() << key << " is missing";
    return *entries[0];
  };
  EXPECT_EQ(at("instant").class_name, "java.time.Ser") << "writes itself, as blocks";
  EXPECT_EQ(at("bytes").class_name, "[B");
  ASSERT_EQ(at("ints").elements.size(), 2U);
  EXPECT_EQ(at("ints").elements[0]->class_name, "[I");
  EXPECT_EQ(at("constant").kind, JavaValue::Kind::constant);
  EXPECT_EQ(at("constant").text, "SECONDS");
  EXPECT_EQ(at("type").kind, JavaValue::Kind::type);
  EXPECT_EQ(at("type").class_name, "java.lang.String");
  EXPECT_EQ(&at("self"), &stream->root()) << "values may go in circles";
  EXPECT_EQ(at("double").field("value").kind, JavaValue::Kind::real);
  EXPECT_EQ(at("char").field("value").integer, 0xffff);
  EXPECT_EQ(at("byte").field("value").integer, -1);
  ASSERT_EQ(at("texts").elements.size(), 2U);
  EXPECT_EQ(at("texts").elements[0]->text, "é€");
  EXPECT_TRUE(at("texts").elements[1]->is_null());
  EXPECT_EQ(at("proxy").kind, JavaValue::Kind::object);
}

TEST(JavaStream, a_long_text) {
  const std::string text(70'000, 'x');
  const auto stream = JavaStream::parse(bytes("aced00057c") + big_endian(text.size(), 8) + text);
  ASSERT_TRUE(stream) << stream.error().message;
  EXPECT_EQ(stream->root().text, text);
}

TEST(JavaStream, what_ends_too_early_is_refused_everywhere) {
  for (const std::string& whole : {user_token, context_of_alice, zoo}) {
    for (std::size_t size = 0; size < whole.size(); ++size)
      ASSERT_FALSE(JavaStream::parse(whole.substr(0, size))) << size;
  }
}

TEST(JavaStream, what_is_broken_is_refused) {
  EXPECT_FALSE(JavaStream::parse("{\"a\":1}"));
  EXPECT_EQ(why_not("7f"), "an unknown tag");
  EXPECT_EQ(why_not("71007e0000"), "a reference leads nowhere");
  EXPECT_EQ(why_not("7100000001"), "a reference leads nowhere");
  EXPECT_EQ(why_not("7370"), "an object without a class");
  EXPECT_EQ(why_not("7371007e0000"), "a reference leads nowhere");
  EXPECT_EQ(why_not("740001ff"), "a text is not modified UTF-8");
  EXPECT_EQ(why_not("747fff"), "it ends too early");
  EXPECT_EQ(why_not("7cffffffffffffffff"), "it ends too early");
  EXPECT_EQ(why_not("757200025b42000000000000000002000078707fffffff"), "it ends too early");
  EXPECT_EQ(why_not("7372000141000000000000000004000078"
                    "70"),
            "an object in a form of its own, of protocol version 1");
  EXPECT_EQ(why_not("737200014100000000000000000200015100017878"), "a field of an unknown type");
  EXPECT_EQ(why_not("737200014100000000000000000200007871007e0000"), "a class that is its own superclass");
  EXPECT_EQ(why_not("737200014100000000000000000200007371007e0000"), "an object of a class that is not described yet");
}

TEST(JavaStream, nothing_costs_more_than_its_share) {
  std::string nested =
      "757200135b4c6a6176612e6c616e672e4f626a6563743b000000000000000002000078700000000"
      "1";
  for (int i = 0; i < 1000; ++i)
    nested += "7571007e000000000001";
  EXPECT_EQ(why_not(nested), "objects are nested too deeply");

  std::string superclass;
  for (int i = 0; i < 90; ++i)
    superclass += "72000141000000000000000002000078";
  EXPECT_EQ(why_not("73" + superclass + "70"), "a class with too many superclasses");

  std::string many = "757200135b4c6a6176612e6c616e672e4f626a6563743b00000000000000000200007870000fffff";
  for (int i = 0; i < 60'000; ++i)
    many += "70";
  EXPECT_EQ(why_not(many), "it holds too many values");
  std::string resets;
  for (int i = 0; i < 60'000; ++i)
    resets += "79";
  EXPECT_EQ(why_not(resets), "it holds too many values");
}

}  // namespace
}  // namespace wscluster::websession
