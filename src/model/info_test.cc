#include "model/info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/builder.h"

namespace lips {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A 1x1 convolution that has the shape of an encoder's last layer, and a cast nobody counts.
Graph TinyEncoder() {
  GraphBuilder net;
  const ValueId mel = net.Input("mel", {kDynamicDim, 1, 80, 16});
  const ValueId w = net.Constant("w", Tensor(DType::kF32, {512, 1, 80, 16}));
  net.Output(net.Add("Flatten", {net.Add("Conv", {mel, w}, {}, "last")}), "rows");
  return std::move(net).Finish();
}

TEST(ModelInfo, CountsParametersAndMacsPerLayer) {
  const Json info = ModelInfo(TinyEncoder());
  EXPECT_EQ(info.Find("parameters")->as_int(), 512 * 80 * 16);
  EXPECT_EQ(info.Find("macs")->as_int(), 512 * 80 * 16);
  EXPECT_EQ(info.Find("operators")->Dump(true), R"({"Conv":1,"Flatten":1})");
  EXPECT_EQ(info.Find("inputs")->Dump(true), R"([{"name":"mel","dtype":"f32","dims":[null,1,80,16]}])");
  EXPECT_EQ(info.Find("binding")->Find("as")->as_string(), "audio encoder");
  EXPECT_EQ(info.Find("layers")->array().size(), 2);
  EXPECT_EQ(info.Find("layers")->array()[0].Dump(true),
            R"({"name":"last","op":"Conv","dims":[1,512,1,1],"macs":655360})");
}

TEST(ModelInfo, ReadsAsATable) {
  const std::string text = FormatModelInfo(ModelInfo(TinyEncoder()));
  EXPECT_THAT(text,
              AllOf(HasSubstr("input       'mel' f32[?,1,80,16]\n"), HasSubstr("operators   1 Conv, 1 Flatten\n"),
                    HasSubstr("audio encoder: mel 'mel' [?,1,80,16] -> rows 'rows' [?,512]\n"), HasSubstr("0.7 MMAC")));
}

TEST(ModelInfo, SaysWhyItCannotTellMore) {
  GraphBuilder net;
  net.Output(net.Add("FlyToTheMoon", {net.Input("x", {kDynamicDim, kDynamicDim})}), "y");
  const Graph graph = std::move(net).Finish();
  const Json info = ModelInfo(graph);
  EXPECT_TRUE(info.Find("macs")->is_null());
  EXPECT_THAT(info.Find("shape_note")->as_string(), HasSubstr("input 'x' is left open ([?,?])"));
  EXPECT_THAT(info.Find("binding_note")->as_string(), HasSubstr("no audio encoder"));
  EXPECT_THAT(FormatModelInfo(info), AllOf(HasSubstr("cost        unknown: "), Not(HasSubstr("MMAC"))));
}

}  // namespace
}  // namespace lips
