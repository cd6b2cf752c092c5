// SPDX-License-Identifier: MIT
#include "auth/secret.hpp"

#include <gtest/gtest.h>
#include <new>
#include <ostream>
#include <string>

namespace wscluster::auth {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(Printable<std::string>);
static_assert(!Printable<Secret>, "a secret must not get into a log by accident");

/// The bytes of a destroyed or moved-from secret, read from storage that stays alive.
class SecretInStorage {
 public:
  explicit SecretInStorage(std::string_view text) : secret_(new (storage_) Secret(text)) {}
  Secret& secret() { return *secret_; }
  void destroy() { secret_->~Secret(); }
  [[nodiscard]] bool shows(std::string_view text) const {
    std::string bytes(sizeof storage_, ' ');
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(volatile_storage()[i]);
    return bytes.find(text) != std::string::npos;
  }

 private:
  /// The compiler may not conclude that nobody reads what the destructor wrote.
  [[nodiscard]] const volatile unsigned char* volatile_storage() const { return storage_; }

  alignas(Secret) unsigned char storage_[sizeof(Secret)] = {};
  Secret* secret_;
};

TEST(Secret, a_short_secret_is_wiped_when_destroyed) {
  SecretInStorage stored("s3cr3t-key");
  ASSERT_TRUE(stored.shows("s3cr3t"));
  stored.destroy();
  EXPECT_FALSE(stored.shows("s3cr3t"));
}

TEST(Secret, a_short_secret_is_wiped_when_moved_from_and_assigned) {
  SecretInStorage from("s3cr3t-key");
  SecretInStorage to("0th3r-key");
  to.secret() = std::move(from.secret());
  EXPECT_FALSE(from.shows("s3cr3t"));
  EXPECT_FALSE(to.shows("0th3r"));
  EXPECT_EQ(to.secret().reveal(), "s3cr3t-key");
  const Secret third(std::move(to.secret()));
  EXPECT_FALSE(to.shows("s3cr3t"));
  EXPECT_EQ(third.reveal(), "s3cr3t-key");
  from.destroy();
  to.destroy();
}

TEST(Secret, copies_are_independent_and_self_assignment_is_harmless) {
  Secret key("a key that is longer than the small string");
  Secret copy = key;
  const Secret& same = key;
  key = same;
  EXPECT_EQ(key.reveal(), copy.reveal());
  copy = Secret("b");
  EXPECT_EQ(key.reveal(), "a key that is longer than the small string");
  EXPECT_EQ(copy.reveal(), "b");
  key = copy;
  EXPECT_EQ(key.reveal(), "b");
}

TEST(Secret, matches_only_the_same_bytes) {
  const Secret key(std::string_view("ab\0c", 4));
  EXPECT_TRUE(key.matches(std::string_view("ab\0c", 4)));
  EXPECT_FALSE(key.matches("ab"));
  EXPECT_FALSE(key.matches(std::string_view("ab\0d", 4)));
  EXPECT_FALSE(key.matches(""));
  EXPECT_FALSE(Secret().matches(""));
}

}  // namespace
}  // namespace wscluster::auth
