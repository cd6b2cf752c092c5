// SPDX-License-Identifier: MIT
#include "front/static_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace wscluster::front {
namespace {

namespace fs = std::filesystem;

/// A folder "site" with something secret beside it.
class StaticFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "static-test-XXXXXX").string();
    top_ = ::mkdtemp(pattern.data());
    fs::create_directories(top_ / "site/sub");
    write("secret.txt", "secret");
    write("site/index.html", "<p>home");
    write("site/page.js", "let a;");
    write("site/with space.txt", "spaced");
    write("site/.hidden", "hidden");
    write("site/sub/index.html", "<p>sub");
    write("site/sub/data.unknown", "bytes");
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(top_, ignored);
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(top_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string site() const { return (top_ / "site").string(); }
  [[nodiscard]] Result<StaticFiles> read(const StaticFiles::Limits& limits = {}) const {
    return StaticFiles::read(site(), limits);
  }

  [[nodiscard]] static edge::Request request(const std::string& target, const std::string& method = "GET") {
    edge::Request request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    return request;
  }
  /// The status, 404 when there is no such file.
  [[nodiscard]] unsigned status(const std::string& target) const {
    const auto answer = read().value().answer(request(target));
    return answer ? answer->status : 404;
  }
  [[nodiscard]] static std::string header(const edge::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }
  void expect_refusal(const std::string& file, const std::string& why, const StaticFiles::Limits& limits = {}) const {
    const auto files = read(limits);
    ASSERT_FALSE(files);
    EXPECT_NE(files.error().message.find((top_ / file).string() + ": "), std::string::npos) << files.error().message;
    EXPECT_NE(files.error().message.find(why), std::string::npos) << files.error().message;
  }

  fs::path top_;
};

TEST_F(StaticFilesTest, a_file_comes_with_its_type_and_its_tag) {
  const auto files = read().value();
  EXPECT_EQ(files.size(), 5U);
  const auto page = files.answer(request("/page.js"));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200U);
  EXPECT_EQ(page->body, "let a;");
  EXPECT_EQ(page->content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(header(*page, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header(*page, "Cache-Control"), "no-cache");
  EXPECT_FALSE(header(*page, "ETag").empty());
  EXPECT_EQ(files.answer(request("/sub/data.unknown"))->content_type, "application/octet-stream");
  EXPECT_EQ(files.answer(request("/with%20space.txt?v=2"))->body, "spaced");
}

TEST_F(StaticFilesTest, a_folder_is_its_index) {
  const auto files = read().value();
  EXPECT_EQ(files.answer(request("/"))->body, "<p>home");
  EXPECT_EQ(files.answer(request("/sub/"))->body, "<p>sub");
  const auto moved = files.answer(request("/sub?a=b"));
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->status, 301U);
  EXPECT_EQ(header(*moved, "Location"), "/sub/?a=b");
  fs::remove(top_ / "site/sub/index.html");
  EXPECT_EQ(status("/sub/"), 404U) << "a folder is never listed";
}

TEST_F(StaticFilesTest, who_has_the_file_hears_304) {
  const auto files = read().value();
  auto again = request("/page.js");
  const std::string tag = header(*files.answer(again), "ETag");
  for (const std::string& known : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
    again.headers = {{"If-None-Match", known}};
    const auto answer = files.answer(again);
    EXPECT_EQ(answer->status, 304U) << known;
    EXPECT_TRUE(answer->body.empty());
    EXPECT_EQ(header(*answer, "ETag"), tag);
  }
  write("site/page.js", "let b;");
  EXPECT_EQ(read().value().answer(again)->status, 304U) << "of *";
  again.headers = {{"If-None-Match", tag}};
  EXPECT_EQ(read().value().answer(again)->body, "let b;");
}

TEST_F(StaticFilesTest, files_are_read_only) {
  const auto files = read().value();
  EXPECT_EQ(files.answer(request("/page.js", "HEAD"))->body, "let a;") << "whose length HEAD tells";
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const auto answer = files.answer(request("/page.js", method));
    EXPECT_EQ(answer->status, 405U) << method;
    EXPECT_EQ(header(*answer, "Allow"), "GET, HEAD");
  }
  EXPECT_FALSE(files.answer(request("/none", "POST")));
}

TEST_F(StaticFilesTest, no_path_leads_out_of_the_folder) {
  const std::string outside = (top_ / "secret.txt").string();
  for (const std::string& path : {std::string("/../secret.txt"),
                                  std::string("/sub/../../secret.txt"),
                                  std::string("/sub/../index.html"),
                                  std::string("/%2e%2e/secret.txt"),
                                  std::string("/%2E%2E%2Fsecret.txt"),
                                  std::string("/..%2fsecret.txt"),
                                  std::string("/%252e%252e/secret.txt"),
                                  std::string("/%252e%252e%252fsecret.txt"),
                                  std::string("/..%5csecret.txt"),
                                  std::string("/%c0%ae%c0%ae/secret.txt"),
                                  std::string("/./index.html"),
                                  std::string("//index.html"),
                                  std::string("/sub//index.html"),
                                  std::string("/sub%2findex.html"),
                                  std::string("/index.html%00"),
                                  std::string("/page.js%00.html"),
                                  std::string("/index.html/"),
                                  std::string("/%"),
                                  std::string("/%zz"),
                                  std::string("/.hidden"),
                                  std::string("/.."),
                                  std::string("/../"),
                                  std::string("*"),
                                  std::string("page.js"),
                                  std::string(),
                                  outside,
                                  "/" + outside})
    EXPECT_EQ(status(path), 404U) << path;
}

TEST_F(StaticFilesTest, a_link_may_not_leave_the_folder) {
  fs::create_symlink("index.html", top_ / "site/home.html");
  EXPECT_EQ(read().value().answer(request("/home.html"))->body, "<p>home");
  fs::create_symlink("../secret.txt", top_ / "site/leak.txt");
  expect_refusal("site/leak.txt", "leaves the folder");
}

TEST_F(StaticFilesTest, neighbours_with_the_same_beginning_are_outside) {
  fs::create_directories(top_ / "site-secret");
  write("site-secret/file", "secret");
  fs::create_symlink("../site-secret/file", top_ / "site/leak");
  expect_refusal("site/leak", "leaves the folder");
}

TEST_F(StaticFilesTest, what_is_no_file_is_named) {
  fs::create_directory_symlink("sub", top_ / "site/also");
  expect_refusal("site/also", "a link to a folder");
  fs::remove(top_ / "site/also");
  fs::create_directory_symlink("..", top_ / "site/up");
  expect_refusal("site/up", "leaves the folder");
  fs::remove(top_ / "site/up");
  fs::create_symlink("nowhere", top_ / "site/broken");
  expect_refusal("site/broken", "No such file");
  fs::remove(top_ / "site/broken");
  ASSERT_EQ(::mkfifo((top_ / "site/pipe").c_str(), 0600), 0);
  expect_refusal("site/pipe", "neither a file nor a folder");
}

TEST_F(StaticFilesTest, names_of_rest_calls_are_refused) {
  fs::create_directory(top_ / "site/api");
  expect_refusal("site/api", "kept for REST calls");
  fs::remove(top_ / "site/api");
  write("site/negotiate", "");
  expect_refusal("site/negotiate", "kept for REST calls");
}

TEST_F(StaticFilesTest, limits_are_kept) {
  EXPECT_TRUE(read({.file_bytes = 7, .total_bytes = 30, .files = 5}));
  write("site/big", "12345678");
  expect_refusal("site/big", "larger than 7", {.file_bytes = 7, .total_bytes = 100, .files = 10});
  expect_refusal("site", "more than 37", {.file_bytes = 8, .total_bytes = 37, .files = 10});
  expect_refusal("site", "more than 5 files", {.file_bytes = 8, .total_bytes = 100, .files = 5});
}

TEST_F(StaticFilesTest, a_folder_that_is_none_is_named) {
  EXPECT_NE(StaticFiles::read(site() + "/none").error().message.find(site() + "/none: "), std::string::npos);
  EXPECT_FALSE(StaticFiles::read(site() + "/page.js"));
}

}  // namespace
}  // namespace wscluster::front
