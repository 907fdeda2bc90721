#include "avatar/manifest.h"

#include <gtest/gtest.h>

#include <string>

namespace lips {
namespace {

const std::string kHash(64, 'a');

TEST(FrameMetadata, ReadsWidthBeforeHeight) {
  const auto metadata =
      ParseFrameMetadata(R"({"processed_frames": 523, "original_shape": [1280, 720], "frame_indices": [0, 1, 2]})");
  ASSERT_TRUE(metadata.ok());
  EXPECT_EQ(metadata.value().processed_frames, 523);
  EXPECT_EQ(metadata.value().width, 1280);
  EXPECT_EQ(metadata.value().height, 720);
  EXPECT_EQ(metadata.value().frame_indices, 3);
}

TEST(FrameMetadata, IgnoresMembersOfTheWrongType) {
  const auto metadata =
      ParseFrameMetadata(R"({"processed_frames": "many", "original_shape": [1280], "frame_indices": 3})");
  ASSERT_TRUE(metadata.ok());
  EXPECT_FALSE(metadata.value().processed_frames || metadata.value().width || metadata.value().frame_indices);
}

TEST(FrameMetadata, RefusesNegativeCountsAndWhatIsNoObject) {
  for (const char* json : {R"({"processed_frames": -1})", "[]", "", "{", "3"}) {
    EXPECT_FALSE(ParseFrameMetadata(json).ok()) << json;
  }
}

TEST(PackageManifest, ReadsVideosAndTheModel) {
  const auto manifest = ParsePackageManifest(R"({"dataset_name": "anna", "package_version": "2.0",
    "videos": {"full_body_img": {"video_file": "full.mp4", "frame_count": 12, "fps": 25}},
    "onnx": {"file": "checkpoint/model_best.onnx"}})");
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(manifest.value().dataset_name, "anna");
  EXPECT_EQ(manifest.value().onnx_file, "checkpoint/model_best.onnx");
  const PackageManifest::Video* full = manifest.value().Find("full_body_img");
  ASSERT_NE(full, nullptr);
  EXPECT_EQ(full->file, "full.mp4");
  EXPECT_EQ(full->frames, 12);
  EXPECT_EQ(full->fps, 25.0);
  EXPECT_EQ(manifest.value().Find("rois_320"), nullptr);
}

TEST(PackageManifest, NamesCannotLeadOutOfThePackage) {
  for (const char* name : {"/etc/passwd", "../x.mp4", "a/../../x.mp4", ".\\\\x.mp4", "", "a\\u0000b"}) {
    const auto manifest = ParsePackageManifest(R"({"videos": {"v": {"video_file": ")" + std::string(name) + R"("}}})");
    ASSERT_TRUE(manifest.ok()) << name;
    EXPECT_EQ(manifest.value().Find("v")->file, "") << name;
  }
}

TEST(PackageManifest, IgnoresImpossibleRates) {
  for (const char* fps : {"0", "-25", "1e9", "\"25\"", "null"}) {
    const auto manifest = ParsePackageManifest(R"({"videos": {"v": {"fps": )" + std::string(fps) + "}}}");
    ASSERT_TRUE(manifest.ok());
    EXPECT_FALSE(manifest.value().Find("v")->fps) << fps;
  }
}

TEST(OnnxDistConfig, FindsFilesAndHashesInAnyShape) {
  for (const std::string& json : {
           R"({"models": [{"file": "generator.onnx", "sha256": ")" + kHash + R"("}]})",
           R"({"generator": "generator.onnx", "audio": "enc.txt", "generator_sha256": ")" + kHash + R"("})",
           R"({"files": {"generator.onnx": ")" + kHash + R"("}})",
           R"({"generator.onnx": {"sha256": ")" + std::string(64, 'A') + R"("}})",
       }) {
    const auto files = ParseOnnxDistConfig(json);
    ASSERT_TRUE(files.ok()) << json;
    ASSERT_EQ(files.value().size(), 1U) << json;
    EXPECT_EQ(files.value()[0].file, "generator.onnx");
    EXPECT_EQ(files.value()[0].sha256, kHash) << json;
  }
}

TEST(OnnxDistConfig, TellsTwoFilesInOneObjectApart) {
  const std::string other(64, 'b');
  const auto files = ParseOnnxDistConfig(R"({"generator_file": "g.onnx", "audio_file": "a.onnx", "audio_sha256": ")" +
                                         other + R"(", "generator_sha256": ")" + kHash + R"("})");
  ASSERT_TRUE(files.ok());
  ASSERT_EQ(files.value().size(), 2U);
  EXPECT_EQ(files.value()[0].sha256, kHash);
  EXPECT_EQ(files.value()[1].sha256, other);
}

TEST(OnnxDistConfig, WithoutAHashDeclaresTheNameAlone) {
  const auto files = ParseOnnxDistConfig(R"(["ignored"])");
  EXPECT_FALSE(files.ok()) << "no object";
  const auto named = ParseOnnxDistConfig(R"({"list": ["a.onnx", "a.onnx", "../b.onnx"], "sha256": "short"})");
  ASSERT_TRUE(named.ok());
  ASSERT_EQ(named.value().size(), 1U);
  EXPECT_EQ(named.value()[0].sha256, "");
}

}  // namespace
}  // namespace lips
