#include "model/binding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/onnx.h"
#include "model/test_data.h"

namespace lips {
namespace {

TEST(Binding, FindsTheRolesOfARealPackage) {
  const Path generator_path = TestData(kGeneratorFile);
  const Path encoder_path = TestData(kEncoderFile);
  if (generator_path.empty() || encoder_path.empty()) GTEST_SKIP() << "no networks in LIPSTREAM_TEST_DATA";
  const auto generator = ReadOnnx(generator_path);
  ASSERT_TRUE(generator.ok()) << generator.error().message();
  const auto bound = BindGenerator(generator.value());
  ASSERT_TRUE(bound.ok()) << bound.error().message();
  EXPECT_EQ(Describe(generator.value(), bound.value()),
            "image 'input' [?,6,320,320], audio 'audio' [?,32,16,16] -> 'output' [?,3,320,320]");
  const auto encoder = ReadOnnx(encoder_path);
  const auto rows = BindEncoder(encoder.value());
  ASSERT_TRUE(rows.ok()) << rows.error().message();
  EXPECT_EQ(Describe(encoder.value(), rows.value()), "mel 'mel' [?,1,80,16] -> rows 'emb' [?,512]");
}

}  // namespace
}  // namespace lips
