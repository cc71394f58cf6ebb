// SPDX-License-Identifier: Apache-2.0
#include "pulpo/file.hpp"

#include "base/random.hpp"
#include "unit/proc/io_fixture.hpp"

namespace pulpo {
namespace {

using testing::eventually;
using testing::Footprint;
using testing::FreshPath;

class FileTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(FileTest);

TEST_P(FileTest, WhatIsWrittenIsReadBack) {
  const FreshPath path("file");
  run([&path] {
    std::string bytes(300'000, '\0');
    SeededRandom(3).fill(bytes.data(), bytes.size());
    ASSERT_TRUE(write_file(path, bytes, {.sync = true}));
    EXPECT_TRUE(read_file(path).value() == bytes);
    EXPECT_TRUE(read_file(path, bytes.size()).value() == bytes);
    const auto too_much = read_file(path, bytes.size() - 1);
    ASSERT_FALSE(too_much);
    EXPECT_EQ(too_much.error().code, Errc::busy);
    EXPECT_NE(too_much.error().text().find("more than 299999 bytes"), std::string::npos) << too_much.error().text();
    ASSERT_TRUE(write_file(path, "short"));
    EXPECT_EQ(read_file(path).value(), "short");
  });
}

TEST_P(FileTest, ThePositionMovesOnAndOffsetsLeaveItAlone) {
  const FreshPath path("file");
  run([&path] {
    File file = File::open(path, {.write = true, .create = true}).value();
    ASSERT_TRUE(file.write("0123"));
    ASSERT_TRUE(file.write("4567"));
    EXPECT_EQ(file.position(), 8u);
    EXPECT_EQ(file.size().value(), 8u);
    EXPECT_EQ(file.read(4).value(), "");
    file.seek(2);
    EXPECT_EQ(file.read(3).value(), "234");
    EXPECT_EQ(file.read_at(0, 100).value(), "01234567");
    EXPECT_EQ(file.read(100).value(), "567");
    ASSERT_TRUE(file.write_at(1, "x"));
    EXPECT_EQ(file.position(), 8u);
    ASSERT_TRUE(file.sync());
    EXPECT_EQ(file.read_at(0, 3).value(), "0x2");
    File log = File::open(path, {.append = true}).value();
    ASSERT_TRUE(log.write_at(0, "end"));
    EXPECT_EQ(file.read_at(8, 100).value(), "end");
  });
}

TEST_P(FileTest, WhatCannotBeOpenedIsNamed) {
  run([] {
    const FreshPath path("file");
    const auto missing = File::open(path);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
    EXPECT_EQ(missing.error().reason, Term("enoent"_atom));
    EXPECT_NE(missing.error().text().find("does not exist"), std::string::npos) << missing.error().text();
    EXPECT_EQ(read_file(path).error().code, Errc::not_found);
    ASSERT_TRUE(write_file(path, "x"));
    File file = File::open(path).value();
    EXPECT_FALSE(file.write("y"));
    file.close();
    EXPECT_FALSE(file.is_open());
    EXPECT_EQ(file.read(1).error().code, Errc::bad_argument);
  });
}

TEST_P(FileTest, DescriptorsAreClosedWithTheirObjects) {
  const FreshPath path("file");
  run([&path] {
    const Footprint before;
    {
      const File file = File::open(path, {.write = true, .create = true}).value();
      EXPECT_GE(file.descriptor(), 0);
      EXPECT_EQ(testing::open_descriptors(), before.descriptors + 1);
    }
    EXPECT_EQ(testing::open_descriptors(), before.descriptors);
    ASSERT_TRUE(read_file(path));
    EXPECT_TRUE(eventually([&] { return Footprint() == before; }));
  });
}

class KernelFileTest : public testing::OnEachLoop {};
PULPO_ON_EACH_KERNEL_LOOP(KernelFileTest);  // a simulated disk has no folders and no /proc

TEST_P(KernelFileTest, AFileWithoutASizeIsReadWhole) {
  run([] {
    const std::string text = read_file("/proc/self/status").value();
    EXPECT_NE(text.find("\nThreads:"), std::string::npos);
    EXPECT_EQ(File::open("/").error().code, Errc::bad_argument);
    EXPECT_EQ(File::open("/dev/null").error().code, Errc::bad_argument);
  });
}

}  // namespace
}  // namespace pulpo
