// SPDX-License-Identifier: MIT
#include "net/certificate.hpp"

#include "base/text.hpp"
#include "net/certificate_parts.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace wscluster::net {
namespace {

constexpr auto notice_of_expiry = std::chrono::hours(24 * 14);

/// What PEM_read_bio has left behind when there was nothing more to read.
bool is_at_end() {
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return is_end;
}

Result<> read_chain(std::string_view pem, const std::string& name, Certificate::Parts& parts) {
  const Bio bio = reading(pem);
  parts.own.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!parts.own) {
    ERR_clear_error();
    return error(Errc::invalid, name + " holds no PEM certificate: it must begin with -----BEGIN CERTIFICATE-----");
  }
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    parts.chain.emplace_back(next, X509_free);
  if (is_at_end()) return {};
  return error(Errc::invalid, name + ": a certificate of the chain is damaged or cut off: copy the whole file again");
}

Result<> read_key(std::string_view pem, const CertificateFiles& names, Certificate::Parts& parts) {
  const Bio bio = reading(pem);
  // An empty password instead of OpenSSL's prompt on the terminal.
  parts.key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, const_cast<char*>("")));
  ERR_clear_error();
  if (!parts.key) {
    return error(
        Errc::invalid,
        names.key + " holds no PEM private key (without a password): it must begin with -----BEGIN PRIVATE KEY-----");
  }
  if (X509_check_private_key(parts.own.get(), parts.key.get()) == 1) return {};
  ERR_clear_error();
  return error(Errc::invalid, "the key in " + names.key + " does not belong to the certificate in " +
                                  names.certificate + ": give the pair that was issued together");
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string common_name(const X509* certificate) {
  std::array<char, 256> text{};
  const int size =
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text.data(), text.size());
  const std::string_view name(text.data(), static_cast<std::size_t>(std::max(size, 0)));
  return is_plain(name) ? std::string(name) : std::string();
}

std::vector<std::string> host_names_of(const X509* certificate) {
  constexpr std::string_view prefix = "DNS:";
  std::vector<std::string> names;
  for (const std::string& name : alt_names_of(certificate)) {
    if (name.starts_with(prefix)) names.push_back(to_lower(name.substr(prefix.size())));
  }
  if (names.empty()) names.push_back(to_lower(common_name(certificate)));
  return names;
}

std::string_view type_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return "rsa";
    case EVP_PKEY_EC:
      return "ecdsa";
    case EVP_PKEY_ED25519:
      return "ed25519";
    default:
      return {};
  }
}

std::string address_text(const ASN1_OCTET_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(bytes) != 16) return {};
  const char* made = ::inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size());
  return made == nullptr ? std::string() : made;
}

/// Empty for a kind that nobody asks for, and for a text that would read as another one.
std::string text_of(const GENERAL_NAME* name) {
  int type = 0;
  const void* value = GENERAL_NAME_get0_value(name, &type);
  if (type == GEN_IPADD) {
    const std::string address = address_text(static_cast<const ASN1_OCTET_STRING*>(value));
    return address.empty() ? address : "IP:" + address;
  }
  const char* kind = type == GEN_DNS ? "DNS:" : type == GEN_EMAIL ? "email:" : type == GEN_URI ? "URI:" : nullptr;
  if (kind == nullptr) return {};
  const auto* text = static_cast<const ASN1_STRING*>(value);
  const std::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                               static_cast<std::size_t>(ASN1_STRING_length(text)));
  return is_plain(bytes) ? kind + std::string(bytes) : std::string();
}

Error unreadable(const Error& why, const char* what) {
  return error(why.code, why.message + ": give the PEM file of " + what + ", readable for this process");
}

}  // namespace

std::string openssl_reason() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return text == nullptr ? "unknown reason" : text;
}

std::vector<std::string> alt_names_of(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::vector<std::string> names;
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    std::string name = text_of(sk_GENERAL_NAME_value(list.get(), i));
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

std::string fingerprint_of(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i)
    text.append(1, digits[digest[i] >> 4U]).append(1, digits[digest[i] & 15U]);
  return text;
}

Result<Certificate> Certificate::from_files(const CertificateFiles& files) {
  const auto certificate = read_file(files.certificate);
  if (!certificate) return unreadable(certificate.error(), "the certificate chain");
  const auto key = read_file(files.key);
  if (!key) return unreadable(key.error(), "the private key");
  return from_pem(*certificate, *key, files);
}

Result<Certificate> Certificate::from_pem(std::string_view certificate, std::string_view key,
                                          const CertificateFiles& names) {
  auto parts = std::make_shared<Parts>();
  if (const auto read = read_chain(certificate, names.certificate, *parts); !read) return read.error();
  if (const auto read = read_key(key, names, *parts); !read) return read.error();
  parts->key_type = type_of(parts->key.get());
  if (parts->key_type.empty()) {
    return error(Errc::invalid, names.key + ": a key of this kind is not usable here: give an ECDSA or RSA key");
  }
  parts->files = names;
  parts->names = host_names_of(parts->own.get());
  parts->fingerprint = fingerprint_of(parts->own.get());
  std::tm end{};
  ASN1_TIME_to_tm(X509_get0_notAfter(parts->own.get()), &end);
  parts->expires = WallClock::from_time_t(::timegm(&end));
  return Certificate(std::move(parts));
}

const std::vector<std::string>& Certificate::names() const noexcept {
  return parts_->names;
}
std::string_view Certificate::key_type() const noexcept {
  return parts_->key_type;
}
WallClock::time_point Certificate::expires() const noexcept {
  return parts_->expires;
}
const std::string& Certificate::fingerprint() const noexcept {
  return parts_->fingerprint;
}
const CertificateFiles& Certificate::files() const noexcept {
  return parts_->files;
}

std::optional<std::string> expiry_warning(const Certificate& certificate, WallClock::time_point now) {
  const std::string what = certificate.files().certificate + ": the certificate of " + certificate.names().front();
  const std::string when = format_rfc3339(certificate.expires());
  if (certificate.expires() <= now) return what + " has expired at " + when + ": clients refuse it; renew it now";
  if (certificate.expires() <= now + notice_of_expiry)
    return what + " expires at " + when + ", within 14 days: renew it";
  return std::nullopt;
}

}  // namespace wscluster::net
