// SPDX-License-Identifier: Apache-2.0
#include "skeleton.hpp"

#include <gtest/gtest.h>

#include <set>

namespace pulpo::cli {
namespace {

TEST(Skeleton, AnApplicationsNameIsAnAtomAFileAndATarget) {
  for (const char* name : {"hello", "weather_station", "a1", "news", "x"}) EXPECT_TRUE(check_application_name(name)) << name;
  for (const char* name :
       {"", "Hello", "1a", "_a", "a-b", "a b", "a.b", "../a", "h\xC3\xA9", "class", "co_await", "pulpo", "test", "install"}) {
    const auto checked = check_application_name(name);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code, Errc::bad_argument);
    EXPECT_FALSE(checked.error().detail.empty());
  }
  EXPECT_TRUE(check_application_name(std::string(64, 'a')));
  EXPECT_FALSE(check_application_name(std::string(65, 'a')));
}

TEST(Skeleton, TheModuleIsTheNameInCapitals) {
  EXPECT_EQ(module_of("hello"), "Hello");
  EXPECT_EQ(module_of("weather_station"), "WeatherStation");
  EXPECT_EQ(module_of("a_1_b"), "A1B");
}

TEST(Skeleton, PlacesAreFilledWithNameAndModule) {
  EXPECT_EQ(filled("@app@@localhost @App@ @other@ a@b", "my_app"), "my_app@localhost MyApp @other@ a@b");
}

TEST(Skeleton, EachFileHasItsFolderBeforeItAndNoPlaceLeftOpen) {
  std::set<std::string> folders{""};
  for (const SkeletonFile& file : skeleton_files()) {
    const std::string path = filled(file.path, "hello");
    if (path.ends_with('/')) {
      EXPECT_TRUE(folders.insert(path).second) << path;
      continue;
    }
    EXPECT_TRUE(folders.contains(path.substr(0, path.rfind('/') + 1))) << path;
    const std::string text = filled(file.text, "hello");
    EXPECT_TRUE(text.ends_with('\n')) << path;
    EXPECT_EQ(text.find("@app@"), std::string::npos) << path;
    EXPECT_EQ(text.find("@App@"), std::string::npos) << path;
  }
  EXPECT_EQ(folders.size(), 3u);
}

}  // namespace
}  // namespace pulpo::cli
