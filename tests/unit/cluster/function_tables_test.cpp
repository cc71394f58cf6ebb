// SPDX-License-Identifier: Apache-2.0
#include "cluster/function_tables.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "otp/builtin_functions.hpp"

namespace pulpo {
namespace {

TEST(FunctionTables, EachRowOfANodeIsThereOnceAndSaysWhatItDoes) {
  std::vector<Function> all = builtin_functions();
  for (const auto& table : {node_functions(), cluster_functions(), everywhere_functions()})
    all.insert(all.end(), table.begin(), table.end());
  std::set<std::string> names;
  for (const Function& each : all) {
    const std::string name = std::string(each.name) + "/" + std::to_string(each.arity);
    EXPECT_TRUE(each.module_and_name()) << name;
    EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
    const std::string_view documentation = each.documentation;
    EXPECT_GT(documentation.size(), 5u) << name;
    EXPECT_TRUE(documentation.ends_with('.')) << name << ": " << documentation;
    EXPECT_TRUE(each.takes.starts_with('(') && each.takes.ends_with(')')) << name << ": " << each.takes;
  }
}

}  // namespace
}  // namespace pulpo
