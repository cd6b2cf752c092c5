// SPDX-License-Identifier: MIT
#pragma once

#include "net/openssl.hpp"
#include "net/tls.hpp"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <fstream>
#include <string>
#include <vector>

namespace wscluster::net::test {

enum class KeyType { ecdsa, rsa };

/// Issues certificates and lists of revoked ones.
class Authority {
 public:
  explicit Authority(const std::string& name) : key_(make_key(KeyType::ecdsa)), own_(X509_new(), X509_free) {
    fill(own_.get(), key_.get(), name, 365);
    X509_set_issuer_name(own_.get(), X509_get_subject_name(own_.get()));
    extend(own_.get(), NID_basic_constraints, "critical,CA:TRUE");
    extend(own_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    EXPECT_GT(X509_sign(own_.get(), key_.get(), EVP_sha256()), 0);
  }

  /// `names` as OpenSSL writes them: "DNS:a.example,IP:192.0.2.1"; the subject is "CN=subject".
  SelfSigned issue(const std::string& subject, const std::string& names, KeyType type = KeyType::ecdsa, int days = 30) {
    const KeyPtr key = make_key(type);
    const X509Ptr made(X509_new(), X509_free);
    fill(made.get(), key.get(), subject, days);
    X509_set_issuer_name(made.get(), X509_get_subject_name(own_.get()));
    if (!names.empty()) extend(made.get(), NID_subject_alt_name, names);
    EXPECT_GT(X509_sign(made.get(), key_.get(), EVP_sha256()), 0);
    const Bio key_text = writing();
    PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return {pem_of(made.get()), text_of(key_text.get())};
  }
  /// The list of those that are no longer good, valid for a day.
  [[nodiscard]] std::string revoke(const std::vector<std::string>& certificates) const {
    const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), X509_CRL_free);
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(own_.get()));
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> now(X509_gmtime_adj(nullptr, -60), ASN1_TIME_free);
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> end(X509_gmtime_adj(nullptr, 86'400), ASN1_TIME_free);
    X509_CRL_set1_lastUpdate(list.get(), now.get());
    X509_CRL_set1_nextUpdate(list.get(), end.get());
    for (const std::string& text : certificates) {
      const Bio bio = reading(text);
      const X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
      X509_REVOKED* entry = X509_REVOKED_new();
      X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get()));
      X509_REVOKED_set_revocationDate(entry, now.get());
      X509_CRL_add0_revoked(list.get(), entry);
    }
    X509_CRL_sort(list.get());
    EXPECT_GT(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()), 0);
    const Bio bio = writing();
    PEM_write_bio_X509_CRL(bio.get(), list.get());
    return text_of(bio.get());
  }
  [[nodiscard]] std::string pem() const { return pem_of(own_.get()); }

 private:
  static KeyPtr make_key(KeyType type) {
    return {type == KeyType::rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"), EVP_PKEY_free};
  }
  void fill(X509* certificate, EVP_PKEY* key, const std::string& subject, int days) {
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++last_serial_);
    X509_time_adj_ex(X509_getm_notBefore(certificate), days < 0 ? days - 1 : -1, 0, nullptr);
    X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, nullptr);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
  }
  static void extend(X509* certificate, int id, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
    ASSERT_NE(extension, nullptr) << value;
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  static std::string pem_of(const X509* certificate) {
    const Bio bio = writing();
    PEM_write_bio_X509(bio.get(), certificate);
    return text_of(bio.get());
  }

  long last_serial_ = 0;
  KeyPtr key_;
  X509Ptr own_;
};

/// In the folder of the tests; the name of the suite keeps them apart.
inline std::string file_with(const std::string& name, const std::string& text) {
  const std::string path =
      testing::TempDir() + "/wscluster_" + testing::UnitTest::GetInstance()->current_test_info()->name() + "_" + name;
  std::ofstream(path) << text;
  return path;
}

}  // namespace wscluster::net::test
