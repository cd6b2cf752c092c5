// SPDX-License-Identifier: MIT
#pragma once

#include "net/tls.hpp"

#include <openssl/ssl.h>

/// What stream.cpp and tls.cpp share about OpenSSL. For sources of this folder only.
namespace wscluster::net {

/// The keys of a PSK context, or null for one with certificates.
[[nodiscard]] const std::vector<PskKey>* psk_keys(const SSL* ssl) noexcept;

/// The last session of a client context that resumes, or null.
[[nodiscard]] SSL_SESSION* saved_session(SSL_CTX* context) noexcept;

}  // namespace wscluster::net
