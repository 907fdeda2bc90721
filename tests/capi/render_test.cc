// Avatars and rendering through the C header.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "capi_fixture.h"
#include "media/video_reader.h"

namespace lips::testdata {
namespace {

TEST(CapiAvatar, TellsItsFacts) {
  const AvatarHandle avatar = OpenAvatar();
  lips_avatar_facts facts;
  lips_avatar_facts_init(&facts, sizeof(facts));
  ASSERT_EQ(lips_avatar_get_facts(avatar.get(), &facts), LIPS_OK) << lips_last_error();
  EXPECT_STREQ(facts.path, SyntheticAvatar().c_str());
  EXPECT_STRNE(facts.name, "");
  EXPECT_EQ(facts.width, 480);
  EXPECT_EQ(facts.height, 360);
  EXPECT_EQ(facts.frames, 30);
  EXPECT_EQ(facts.fps_num, 25 * facts.fps_den);
  EXPECT_EQ(facts.is_pack, 0);
}

TEST(CapiAvatar, WhatCannotBeOpenedSaysWhyAndGivesNoHandle) {
  const auto refused = [](const char* path, const lips_avatar_options* options, int status) {
    auto* avatar = reinterpret_cast<lips_avatar*>(&status);
    EXPECT_EQ(lips_avatar_open(path, options, &avatar), status) << lips_last_error();
    EXPECT_EQ(avatar, nullptr);
    return std::string(lips_last_error());
  };
  EXPECT_NE(refused("/nowhere/at-all", nullptr, LIPS_IO).find("/nowhere/at-all"), std::string::npos);
  EXPECT_EQ(refused(nullptr, nullptr, LIPS_INVALID_INPUT), "argument 'path' is NULL");
  lips_avatar_options options = EngineOptions("magic");
  EXPECT_NE(refused(SyntheticAvatar().c_str(), &options, LIPS_INVALID_INPUT).find("magic"), std::string::npos);
  options = EngineOptions("cpu");
  options.composite = "collage";
  EXPECT_NE(refused(SyntheticAvatar().c_str(), &options, LIPS_INVALID_INPUT).find("collage"), std::string::npos);
  options = EngineOptions("cpu");
  options.struct_size = 0;
  refused(SyntheticAvatar().c_str(), &options, LIPS_INVALID_INPUT);
  EXPECT_EQ(lips_avatar_open(SyntheticAvatar().c_str(), nullptr, nullptr), LIPS_INVALID_INPUT);
  EXPECT_EQ(lips_avatar_get_facts(nullptr, nullptr), LIPS_INVALID_INPUT);
  lips_avatar_close(nullptr);
}

TEST(CapiAvatar, AFolderOfAvatarsIsListedWithWhatIsNone) {
  const Folder folder;
  std::filesystem::create_directory_symlink(SyntheticAvatar(), folder / "anna");
  std::filesystem::create_directory(folder / "empty");
  std::filesystem::create_directory(folder / ".hidden");
  struct Seen {
    std::vector<std::string> names, problems;
  } seen;
  const auto visitor = [](const lips_avatar_facts* facts, const char* problem, void* user) {
    auto& list = *static_cast<Seen*>(user);
    list.names.push_back(Path(facts->path).filename().string() + (facts->width > 0 ? " ok" : ""));
    list.problems.emplace_back(problem != nullptr ? problem : "");
    return 0;
  };
  ASSERT_EQ(lips_list_avatars(folder.path().c_str(), visitor, &seen), LIPS_OK) << lips_last_error();
  EXPECT_EQ(seen.names, (std::vector<std::string>{"anna ok", "empty"}));
  EXPECT_EQ(seen.problems[0], "");
  EXPECT_NE(seen.problems[1], "");
  EXPECT_EQ(lips_list_avatars("/nowhere/at-all", visitor, &seen), LIPS_IO);
  EXPECT_EQ(lips_list_avatars(folder.path().c_str(), nullptr, nullptr), LIPS_INVALID_INPUT);
}

TEST(CapiRender, MakesTheVideoAndReportsIt) {
  const Folder folder;
  const AvatarHandle avatar = OpenAvatar("null");
  struct Counted {
    int64_t calls = 0, done = 0, total = 0;
  } counted;
  lips_render_options options;
  lips_render_options_init(&options, sizeof(options));
  options.preset = "ultrafast";
  options.duration_s = 2;
  options.user = &counted;
  options.progress = [](int64_t done, int64_t total, void* user) {
    *static_cast<Counted*>(user) = {static_cast<Counted*>(user)->calls + 1, done, total};
    return 0;
  };
  lips_render_report report;
  lips_render_report_init(&report, sizeof(report));
  const Path output = folder / "a.mp4";
  ASSERT_EQ(lips_avatar_render(avatar.get(), SyntheticSpeech().c_str(), output.c_str(), &options, &report), LIPS_OK)
      << lips_last_error();
  EXPECT_EQ(report.width, 480);
  EXPECT_GT(report.frames, 40);
  EXPECT_EQ(report.fps_num, 25 * report.fps_den);
  EXPECT_EQ(counted.calls, report.frames);
  EXPECT_EQ(counted.done, report.frames);
  EXPECT_EQ(counted.total, report.frames);
  EXPECT_EQ(VideoReader::Open(output).value().info().frames, report.frames);
}

TEST(CapiRender, EndsWhenTheProgramWantsAndLeavesNothing) {
  const Folder folder;
  const AvatarHandle avatar = OpenAvatar("null");
  lips_render_options options;
  lips_render_options_init(&options, sizeof(options));
  options.progress = [](int64_t done, int64_t, void*) { return done == 5 ? 1 : 0; };
  const Path output = folder / "a.mp4";
  EXPECT_EQ(lips_avatar_render(avatar.get(), SyntheticSpeech().c_str(), output.c_str(), &options, nullptr),
            LIPS_CANCELLED);
  EXPECT_TRUE(folder.empty());

  std::atomic<bool> running = false;
  options.user = &running;
  options.progress = [](int64_t, int64_t, void* user) {
    static_cast<std::atomic<bool>*>(user)->store(true);
    static_cast<std::atomic<bool>*>(user)->notify_all();
    return 0;
  };
  std::thread other([&] {
    running.wait(false);
    lips_avatar_cancel(avatar.get());
  });
  EXPECT_EQ(lips_avatar_render(avatar.get(), SyntheticSpeech().c_str(), output.c_str(), &options, nullptr),
            LIPS_CANCELLED);
  other.join();
  EXPECT_TRUE(folder.empty());
  lips_avatar_cancel(nullptr);
}

TEST(CapiRender, SaysWhatIsWrong) {
  const Folder folder;
  const AvatarHandle avatar = OpenAvatar("null");
  const Path output = folder / "a.mp4";
  EXPECT_EQ(lips_avatar_render(avatar.get(), (folder / "none.wav").c_str(), output.c_str(), nullptr, nullptr), LIPS_IO);
  std::string text(lips_avatar_error(avatar.get(), nullptr, 0), ' ');
  lips_avatar_error(avatar.get(), text.data(), text.size() + 1);
  EXPECT_EQ(text, lips_last_error());
  EXPECT_NE(text.find("none.wav"), std::string::npos);
  EXPECT_EQ(lips_avatar_render(avatar.get(), SyntheticSpeech().c_str(), (folder / "a.xyz").c_str(), nullptr, nullptr),
            LIPS_INVALID_INPUT);
  EXPECT_EQ(lips_avatar_render(avatar.get(), nullptr, output.c_str(), nullptr, nullptr), LIPS_INVALID_INPUT);
  EXPECT_EQ(lips_avatar_render(nullptr, "a", "b", nullptr, nullptr), LIPS_INVALID_INPUT);
  EXPECT_TRUE(folder.empty());
}

}  // namespace
}  // namespace lips::testdata
