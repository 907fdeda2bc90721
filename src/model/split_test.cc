#include "model/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/onnx.h"
#include "model/test_data.h"

namespace lips {
namespace {

TEST(CutByInput, FindsTheTemplatePartOfARealNetwork) {
  const Path path = TestData(kGeneratorFile);
  if (path.empty()) GTEST_SKIP() << "no " << kGeneratorFile << " in LIPSTREAM_TEST_DATA";
  const auto graph = ReadOnnx(path);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  const auto split = CutByInput(graph.value(), 0);
  ASSERT_TRUE(split.ok()) << split.error().message();
  EXPECT_EQ(split.value().head.outputs.size(), 6);
}

}  // namespace
}  // namespace lips
