// SPDX-License-Identifier: Apache-2.0
#include "cookie.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

namespace pulpo::cli {
namespace {

class CookieTest : public ::testing::Test {
 protected:
  CookieTest() {
    char pattern[] = "/tmp/pulpo_cookie_XXXXXX";
    folder_ = ::mkdtemp(pattern);
    variables_["HOME"] = folder_;
  }
  ~CookieTest() override { std::filesystem::remove_all(folder_); }

  std::string make(const std::string& name, const std::string& text, mode_t mode) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  [[nodiscard]] Arguments arguments(std::vector<const char*> words = {}) const {
    const auto* const variables = &variables_;
    auto parsed = Arguments::parse(verb_, words, [variables](const char* name) -> const char* {
      const auto found = variables->find(name);
      return found == variables->end() ? nullptr : found->second.c_str();
    });
    EXPECT_TRUE(parsed);
    return std::move(parsed).value();
  }
  Outcome<Cookie> find(std::vector<const char*> words = {}) { return find_cookie(arguments(std::move(words)), random_, places()); }
  [[nodiscard]] CookiePlaces places() const { return {.system_file = folder_ + "/etc-cookie"}; }
  [[nodiscard]] std::string home_file() const { return folder_ + "/.pulpo.cookie"; }

  std::string folder_;
  std::map<std::string, std::string> variables_;
  SystemRandom random_;
  Verb verb_{.name = "try", .options = {{.name = "cookie", .value = "C"}, {.name = "cookie-file", .value = "FILE"}}};
};

TEST_F(CookieTest, TheFirstSourceInTheSettledOrderWins) {
  // Goal:   the order of Settled points, step by step.
  // Method: all sources exist; the first is taken away, again and again.
  const std::string given = make("given", "from-option-file\n", 0400);
  const std::string named = make("named", "from-variable-file", 0400);
  make("etc-cookie", "from-etc", 0400);
  make(".pulpo.cookie", "from-home", 0400);
  std::filesystem::create_directory(folder_ + "/credentials");
  make("credentials/cookie", "from-systemd", 0440);
  variables_["PULPO_COOKIE"] = "from-variable";
  variables_["PULPO_COOKIE_FILE"] = named;
  variables_["CREDENTIALS_DIRECTORY"] = folder_ + "/credentials";

  EXPECT_EQ(find({"--cookie", "typed", "--cookie-file", given.c_str()})->value, "typed");
  EXPECT_EQ(find({"--cookie-file", given.c_str()})->value, "from-option-file");
  EXPECT_EQ(find()->value, "from-variable");
  variables_.erase("PULPO_COOKIE");
  EXPECT_EQ(find()->value, "from-variable-file");
  variables_.erase("PULPO_COOKIE_FILE");
  EXPECT_EQ(find()->value, "from-systemd");
  variables_.erase("CREDENTIALS_DIRECTORY");
  EXPECT_EQ(find()->value, "from-etc");
  EXPECT_EQ(find()->source, folder_ + "/etc-cookie");
  std::filesystem::remove(folder_ + "/etc-cookie");
  EXPECT_EQ(find()->value, "from-home");
}

TEST_F(CookieTest, OneIsMadeAtFirstUseWithMode0400And256Bits) {
  EXPECT_EQ(cookie_source(arguments(), places()), home_file() + " (made at first use)");
  const auto made = find();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->value.size(), 64u);
  EXPECT_TRUE(made->lasting);
  struct stat about {};
  ASSERT_EQ(::stat(home_file().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0400u);
  EXPECT_EQ(find()->value, made->value);
  EXPECT_EQ(cookie_source(arguments(), places()), home_file());
  // Nothing but the cookie is left behind.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator()), 1);
}

TEST_F(CookieTest, ProgramsThatStartTogetherAgreeOnOneCookie) {
  constexpr int kPrograms = 8;
  std::vector<std::string> values(kPrograms);
  std::vector<std::thread> threads;
  for (int i = 0; i < kPrograms; ++i) {
    threads.emplace_back([&, i] {
      SystemRandom random;
      const auto cookie = find_cookie(arguments(), random, places());
      if (cookie) values[static_cast<std::size_t>(i)] = cookie->value;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(values.begin(), values.end()).size(), 1u);
  EXPECT_EQ(values[0].size(), 64u);
}

TEST_F(CookieTest, AFileThatOthersCanReadIsRefusedWithTheRemedy) {
  for (const mode_t mode : {0440, 0404, 0644, 0420}) {
    const std::string path = make("open", "secret", mode);
    const auto cookie = find({"--cookie-file", path.c_str()});
    ASSERT_FALSE(cookie);
    EXPECT_EQ(cookie.error().code, Errc::bad_argument);
    EXPECT_EQ(cookie.error().text(), fmt::format("others can read the cookie file {0} (mode {1:04o}); chmod 400 {0}", path, mode));
  }
  const std::string path = make("owner", "secret", 0600);
  EXPECT_TRUE(find({"--cookie-file", path.c_str()}));
}

TEST_F(CookieTest, AnOpenFileInTheHomeFolderIsRefusedAndNotReplaced) {
  make(".pulpo.cookie", "mine", 0644);
  const auto cookie = find();
  ASSERT_FALSE(cookie);
  EXPECT_NE(cookie.error().text().find("chmod 400"), std::string::npos);
}

TEST_F(CookieTest, AFileThatIsNotThereIsSaidToBeMissing) {
  const std::string path = folder_ + "/nothing";
  const auto cookie = find({"--cookie-file", path.c_str()});
  ASSERT_FALSE(cookie);
  EXPECT_EQ(cookie.error().text(), "--cookie-file: there is no file " + path + "; make it with mode 400, or name another");
  EXPECT_FALSE(std::filesystem::exists(home_file()));
}

TEST_F(CookieTest, AFolderOrAPipeIsNoCookieFile) {
  ASSERT_EQ(::mkfifo((folder_ + "/pipe").c_str(), 0400), 0);
  for (const std::string& path : {folder_, folder_ + "/pipe"}) {
    const auto cookie = find({"--cookie-file", path.c_str()});
    ASSERT_FALSE(cookie);
    EXPECT_EQ(cookie.error().text(), "the cookie file " + path + " is not a regular file; name one with --cookie-file");
  }
}

TEST_F(CookieTest, EmptyLongAndUnprintableCookiesAreRefused) {
  for (const std::string& text : {std::string(), std::string("\n"), std::string(256, 'a'), std::string(5000, 'a'), std::string("a\tb"),
                                  std::string("a\nb"), std::string("a\0b", 3)}) {
    const std::string path = make("wrong", text, 0400);
    const auto cookie = find({"--cookie-file", path.c_str()});
    ASSERT_FALSE(cookie) << text;
    EXPECT_EQ(cookie.error().code, Errc::bad_argument);
    std::filesystem::remove(path);
  }
  EXPECT_FALSE(find({"--cookie="}));
  EXPECT_EQ(find({"--cookie", "contraseña con espacios"})->value, "contraseña con espacios");
}

TEST_F(CookieTest, ALineEndIsNotPartOfTheCookie) {
  const std::string path = make("dos", std::string(255, 'a') + "\r\n", 0400);
  EXPECT_EQ(find({"--cookie-file", path.c_str()})->value, std::string(255, 'a'));
}

TEST_F(CookieTest, WithNoPlaceToKeepOneItIsInMemoryAndSaysSo) {
  variables_["HOME"] = folder_ + "/missing/home";
  const auto cookie = find();
  ASSERT_TRUE(cookie);
  EXPECT_FALSE(cookie->lasting);
  EXPECT_EQ(cookie->value.size(), 64u);
  EXPECT_NE(cookie->warning.find("no other board can join"), std::string::npos);
  variables_.erase("HOME");
  EXPECT_FALSE(find()->lasting);
  EXPECT_NE(find()->value, find()->value);
}

}  // namespace
}  // namespace pulpo::cli
