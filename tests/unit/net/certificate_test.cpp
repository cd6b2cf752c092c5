// SPDX-License-Identifier: MIT
#include "net/certificate.hpp"

#include "authority.hpp"
#include "sockets.hpp"

#include <gtest/gtest.h>
#include <chrono>

namespace wscluster::net {
namespace {

using namespace test;
using Names = std::vector<std::string>;

void expect_refused(const CertificateFiles& files, const std::string& text) {
  const auto read = Certificate::from_files(files);
  ASSERT_FALSE(read) << text;
  EXPECT_NE(read.error().message.find(text), std::string::npos) << read.error().message;
}

class CertificateFilesTest : public testing::Test {
 protected:
  Authority authority{"authority"};
  SelfSigned pair = authority.issue("subject", "DNS:WWW.example.org,DNS:*.example.org,IP:192.0.2.1");
  std::string certificate = file_with("certificate.pem", pair.certificate + authority.pem());
  std::string key = file_with("key.pem", pair.key);
  std::string junk = file_with("junk.pem", "hello");
};

TEST_F(CertificateFilesTest, say_for_which_hosts_and_how_long) {
  const auto read = Certificate::from_files({certificate, key});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->names(), (Names{"www.example.org", "*.example.org"}));
  EXPECT_EQ(read->key_type(), "ecdsa");
  EXPECT_EQ(read->fingerprint().size(), 64U);
  EXPECT_EQ(read->files(), (CertificateFiles{certificate, key}));
  EXPECT_GT(read->expires(), WallClock::now() + std::chrono::hours(29 * 24));
}

TEST_F(CertificateFilesTest, without_names_are_for_their_subject) {
  const SelfSigned bare = authority.issue("Old.example.org", "", KeyType::rsa);
  const auto read = Certificate::from_pem(bare.certificate, bare.key);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->names(), Names{"old.example.org"});
  EXPECT_EQ(read->key_type(), "rsa");
}

TEST_F(CertificateFilesTest, P0_30_that_cannot_be_read_are_named) {
  expect_refused({"/nonexistent/c.pem", key}, "/nonexistent/c.pem: No such file or directory");
  expect_refused({testing::TempDir(), key}, testing::TempDir() + ": Is a directory");
  expect_refused({certificate, testing::TempDir()}, testing::TempDir() + ": Is a directory");
  expect_refused({junk, key}, junk + " holds no PEM certificate: it must begin with -----BEGIN CERTIFICATE-----");
  expect_refused({file_with("empty.pem", ""), key}, "empty.pem holds no PEM certificate");
  expect_refused({certificate, junk}, junk + " holds no PEM private key");
}

TEST_F(CertificateFilesTest, P0_30_half_written_ones_are_refused) {
  const std::string chain = pair.certificate + authority.pem();
  const std::string half = file_with("half.pem", chain.substr(0, pair.certificate.size() / 2));
  expect_refused({half, key}, half + " holds no PEM certificate");
  const std::string cut = file_with("cut.pem", chain.substr(0, chain.size() - 40));
  expect_refused({cut, key}, cut + ": a certificate of the chain is damaged or cut off");
  const std::string half_key = file_with("half_key.pem", pair.key.substr(0, pair.key.size() / 2));
  expect_refused({certificate, half_key}, half_key + " holds no PEM private key");
}

TEST_F(CertificateFilesTest, P0_30_a_key_of_another_certificate_is_refused) {
  const std::string other = file_with("other.pem", authority.issue("other", "").key);
  expect_refused({certificate, other}, "the key in " + other + " does not belong to the certificate in " + certificate +
                                           ": give the pair that was issued together");
}

TEST_F(CertificateFilesTest, P0_30_that_end_soon_are_told_with_the_date) {
  const auto read = Certificate::from_files({certificate, key});
  ASSERT_TRUE(read);
  EXPECT_EQ(expiry_warning(*read, WallClock::now()), std::nullopt);
  const auto day = std::chrono::hours(24);
  EXPECT_EQ(expiry_warning(*read, read->expires() - 15 * day), std::nullopt);
  const auto soon = expiry_warning(*read, read->expires() - 14 * day);
  ASSERT_TRUE(soon);
  EXPECT_EQ(*soon, certificate + ": the certificate of www.example.org expires at " + format_rfc3339(read->expires()) +
                       ", within 14 days: renew it");
  const auto late = expiry_warning(*read, read->expires());
  ASSERT_TRUE(late);
  EXPECT_NE(late->find("has expired at " + format_rfc3339(read->expires()) + ": clients refuse it"), std::string::npos);
}

}  // namespace
}  // namespace wscluster::net
