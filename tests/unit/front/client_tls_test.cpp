// SPDX-License-Identifier: MIT
#include "front/client_tls.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>

namespace wscluster::front {
namespace {

namespace fs = std::filesystem;

class ReloadedTls : public testing::Test {
 protected:
  ReloadedTls() {
    fs::create_directories(folder);
    write("a", net::make_self_signed("a", {"a.example", "*.a.example"}, 30));
    write("b", net::make_self_signed("b", {"b.example"}, 60));
    options.tls_cert_file = file("a.pem");
    options.tls_key_file = file("a.key");
    options.tls_certificates = {{file("b.pem"), file("b.key")}};
  }
  ~ReloadedTls() override { fs::remove_all(folder); }

  [[nodiscard]] std::string file(const std::string& name) const { return (folder / name).string(); }
  void write(const std::string& name, const net::SelfSigned& pair) const {
    std::ofstream(file(name + ".pem")) << pair.certificate;
    std::ofstream(file(name + ".key")) << pair.key;
  }
  static std::string metrics_of(const ClientTls& tls) {
    std::vector<metrics::Family> families;
    tls.add_metrics(families);
    return metrics::render(families);
  }
  /// What is presented stays, and the failure is counted.
  void expect_kept(ClientTls& tls) {
    const auto before = tls.server();
    EXPECT_FALSE(tls.reload());
    EXPECT_EQ(tls.server(), before);
    ++failures;
    EXPECT_NE(metrics_of(tls).find("wscluster_tls_reload_failures_total " + std::to_string(failures) + "\n"),
              std::string::npos)
        << metrics_of(tls);
  }

  fs::path folder = fs::path(testing::TempDir()) / ("wscluster_client_tls_" + std::to_string(::getpid()));
  Options options;
  int failures = 0;
};

TEST_F(ReloadedTls, P0_30_takes_over_new_certificates) {
  ClientTls tls(options, make_ticket_keys(options));
  const auto before = tls.server();
  write("b", net::make_self_signed("b", {"c.example"}, 60));
  EXPECT_TRUE(tls.reload());
  EXPECT_NE(tls.server(), before);
  const std::string text = metrics_of(tls);
  EXPECT_NE(text.find("wscluster_tls_reloads_total 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("sni=\"c.example\""), std::string::npos) << text;
  EXPECT_EQ(text.find("sni=\"b.example\""), std::string::npos) << text;
}

TEST_F(ReloadedTls, P0_30_keeps_the_old_ones_on_any_failure) {
  ClientTls tls(options, make_ticket_keys(options));
  const std::string good = net::make_self_signed("b", {"b.example"}, 60).certificate;
  std::ofstream(file("b.pem")) << good;  // of another key
  expect_kept(tls);
  std::ofstream(file("b.pem")) << good.substr(0, good.size() / 2);
  expect_kept(tls);
  std::ofstream(file("b.pem"), std::ios::trunc).flush();
  expect_kept(tls);
  fs::remove(file("b.pem"));
  expect_kept(tls);
  fs::create_directory(file("b.pem"));
  expect_kept(tls);
  fs::remove(file("b.pem"));
  write("b", net::make_self_signed("b", {"b.example"}, 60));
  options.tls.client_auth = net::ClientAuth::required;
  options.tls.client_ca_file = file("absent.pem");
  expect_kept(tls);
  options.tls = {};
  EXPECT_TRUE(tls.reload());
}

TEST_F(ReloadedTls, P0_30_does_not_put_an_expired_certificate_in_the_place_of_a_good_one) {
  ClientTls tls(options, make_ticket_keys(options));
  write("b", net::make_self_signed("b", {"b.example"}, -1));
  expect_kept(tls);
}

/// One that was forgotten must not keep the others from being renewed.
TEST_F(ReloadedTls, P0_30_an_expired_certificate_that_is_in_use_already_hinders_nobody) {
  write("b", net::make_self_signed("b", {"b.example"}, -1));
  ClientTls tls(options, make_ticket_keys(options));
  write("a", net::make_self_signed("a", {"a.example"}, 90));
  EXPECT_TRUE(tls.reload());
}

TEST_F(ReloadedTls, P0_30_switching_tls_off_needs_a_restart) {
  ClientTls tls(options, make_ticket_keys(options));
  options.tls_cert_file.clear();
  options.tls_certificates.clear();
  expect_kept(tls);
}

TEST_F(ReloadedTls, P0_30_shows_when_the_certificate_of_each_name_ends) {
  const ClientTls tls(options, make_ticket_keys(options));
  const std::string text = metrics_of(tls);
  for (const char* name : {"a.example", "*.a.example", "b.example"}) {
    EXPECT_NE(text.find("wscluster_tls_certificate_expiry_timestamp_seconds{sni=\"" + std::string(name) +
                        "\",key=\"ecdsa\"} "),
              std::string::npos)
        << text;
  }
}

TEST_F(ReloadedTls, names_the_file_when_it_cannot_begin) {
  options.tls_key_file = file("absent.key");
  try {
    const ClientTls tls(options, make_ticket_keys(options));
    FAIL() << "began without a key";
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find(file("absent.key")), std::string::npos) << failure.what();
  }
}

TEST_F(ReloadedTls, watches_every_file_that_decides) {
  options.tls.client_auth = net::ClientAuth::optional;
  options.tls.client_ca_file = file("a.pem");
  const ClientTls tls(options, make_ticket_keys(options));
  EXPECT_EQ(tls.files(),
            (std::vector<std::string>{file("a.pem"), file("a.key"), file("b.pem"), file("b.key"), file("a.pem")}));
}

}  // namespace
}  // namespace wscluster::front
