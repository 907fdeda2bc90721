#include "live/outbox.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

constexpr int64_t kMs = 1000;

MediaMessage Frame(uint32_t seq, size_t bytes = 1000, bool key = true, uint32_t utterance = 1) {
  MediaMessage message;
  message.header.kind = MediaKind::kPatch;
  message.header.seq = seq;
  message.header.utterance = utterance;
  message.header.flags = key ? kMediaKey : 0;
  message.payload = std::make_shared<const std::vector<uint8_t>>(bytes);
  return message;
}

MediaMessage Sound(uint32_t seq, uint32_t utterance = 1) {
  MediaMessage message = Frame(seq, 640, true, utterance);
  message.header.kind = MediaKind::kAudio;
  return message;
}

// What is written from now on: seq of media, -1 for text.
std::vector<int64_t> Drain(Outbox& outbox, int64_t now_us) {
  std::vector<int64_t> seqs;
  while (const auto item = outbox.Pop(now_us)) {
    const auto* media = std::get_if<MediaMessage>(&*item);
    seqs.push_back(media != nullptr ? int64_t{media->header.seq} : -1);
  }
  return seqs;
}

TEST(Outbox, WritesInOrder) {
  Outbox outbox({});
  outbox.Push(Frame(0), 0);
  outbox.Push(AudioAckEvent{}, 0);
  outbox.Push(Sound(1), 0);
  EXPECT_EQ(Drain(outbox, 100 * kMs), (std::vector<int64_t>{0, -1, 1}));
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.video_bytes(), 0);
  EXPECT_EQ(outbox.audio_bytes(), 0);
}

TEST(Outbox, AddsTheTimeInTheQueueToTheLatency) {
  Outbox outbox({});
  MediaMessage frame = Frame(0);
  frame.header.server_latency_us = 5000;
  outbox.Push(std::move(frame), 10 * kMs);
  const auto item = outbox.Pop(17 * kMs);
  EXPECT_EQ(std::get<MediaMessage>(*item).header.server_latency_us, 12'000U);
}

TEST(Outbox, WhatNobodyTriedToSendDoesNotCountAsWaiting) {
  Outbox outbox({.mode = VideoMode::kH264, .gap_us = 300 * kMs});
  outbox.Push(Frame(0), 0);
  outbox.Push(Frame(1, 1000, false), 3000 * kMs);  // the connection got no processor for three seconds
  EXPECT_EQ(Drain(outbox, 3001 * kMs), (std::vector<int64_t>{0, 1}));
  outbox.Push(Frame(2, 1000, false), 4000 * kMs);
  for (int64_t ms = 4250; ms <= 4750; ms += 250) outbox.Check(ms * kMs);  // and now the client does not read
  EXPECT_TRUE(Drain(outbox, 4750 * kMs).empty());
  EXPECT_EQ(outbox.dropped_frames(), 1);
}

TEST(Outbox, TheLatestPatchesWinAndSoundIsKept) {
  Outbox outbox({});
  for (uint32_t i = 0; i < 100; ++i) {
    outbox.Push(Frame(2 * i), i * 40 * kMs);
    outbox.Push(Sound(2 * i + 1), i * 40 * kMs);
    EXPECT_LE(outbox.video_bytes(), 14 * 1040) << "half a second";
  }
  std::vector<MediaMessage> frames;
  int sounds = 0;
  while (auto item = outbox.Pop(99 * 40 * kMs)) {
    auto& media = std::get<MediaMessage>(*item);
    if (media.is_video())
      frames.push_back(std::move(media));
    else
      ++sounds;
  }
  EXPECT_EQ(sounds, 100);
  ASSERT_EQ(frames.size(), 13U);
  EXPECT_EQ(frames[0].header.seq, 2 * 87U);
  EXPECT_NE(frames[0].header.flags & kMediaFramesDropped, 0);
  EXPECT_EQ(frames[1].header.flags & kMediaFramesDropped, 0);
  EXPECT_EQ(outbox.dropped_frames(), 87);
  EXPECT_EQ(outbox.sent_frames(), 13);
}

TEST(Outbox, IsBoundedInBytesToo) {
  Outbox outbox({});
  for (uint32_t i = 0; i < 20; ++i) outbox.Push(Frame(i, 300'000), 0);
  EXPECT_LE(outbox.video_bytes(), 2 << 20);
  EXPECT_EQ(Drain(outbox, 0), (std::vector<int64_t>{14, 15, 16, 17, 18, 19}));
}

// Pictures that lean on others go all at once, and none is taken until one stands on its own.
TEST(Outbox, CodedPicturesWaitForAKeyframe) {
  Outbox::Options options;
  options.mode = VideoMode::kH264;
  Outbox outbox(options);
  for (uint32_t i = 0; i < 14; ++i) outbox.Push(Frame(i, 1000, i == 0), i * 40 * kMs);
  EXPECT_TRUE(outbox.empty());
  EXPECT_TRUE(outbox.Check(520 * kMs).keyframe);
  EXPECT_FALSE(outbox.Check(520 * kMs).keyframe) << "asked once";
  outbox.Push(Frame(14, 1000, false), 560 * kMs);
  EXPECT_TRUE(outbox.empty());
  outbox.Push(Frame(15, 1000, true), 600 * kMs);
  outbox.Push(Frame(16, 1000, false), 640 * kMs);
  const auto first = outbox.Pop(640 * kMs);
  EXPECT_EQ(std::get<MediaMessage>(*first).header.flags, kMediaKey | kMediaFramesDropped);
  EXPECT_EQ(Drain(outbox, 640 * kMs), (std::vector<int64_t>{16}));
  EXPECT_EQ(outbox.dropped_frames(), 15);
}

TEST(Outbox, TheBeginningOfAnMp4IsNeverDropped) {
  Outbox::Options options;
  options.mode = VideoMode::kMp4;
  Outbox outbox(options);
  MediaMessage init = Frame(0);
  init.header.kind = MediaKind::kMp4Init;
  outbox.Push(std::move(init), 0);
  outbox.Push(Frame(1, 1000, true), 0);
  outbox.Push(Frame(2, 1000, false), 900 * kMs);
  outbox.Push(OutputClearedEvent{1, 0, 0}, 900 * kMs);
  EXPECT_EQ(Drain(outbox, 900 * kMs), (std::vector<int64_t>{0, -1}));
}

TEST(Outbox, ClearedOutputNeverLeaves) {
  Outbox outbox({});
  outbox.Push(Frame(0, 1000, true, 1), 0);
  outbox.Push(Sound(1, 2), 0);
  outbox.Push(Frame(2, 1000, true, 0), 0);
  outbox.Push(Frame(3, 1000, true, 3), 0);
  outbox.Push(OutputClearedEvent{2, 0, 0}, 0);
  outbox.Push(Frame(4, 1000, true, 2), 0);
  EXPECT_EQ(Drain(outbox, 0), (std::vector<int64_t>{2, 3, -1}));
  EXPECT_EQ(outbox.audio_bytes(), 0);
  EXPECT_EQ(outbox.dropped_frames(), 0) << "wanted, not lost";
}

TEST(Outbox, SlowClientsAreWarnedHalvedAndGivenUp) {
  Outbox outbox({});
  int64_t now_us = 0;
  int warnings = 0;
  bool halved = false;
  int64_t halved_us = 0;
  int64_t closed_us = 0;
  for (uint32_t i = 0; closed_us == 0 && i < 1000; ++i, now_us += 40 * kMs) {
    outbox.Push(Frame(i), now_us);
    const auto wishes = outbox.Check(now_us);
    if (wishes.half_rate) {
      halved = *wishes.half_rate;
      halved_us = now_us;
    }
    if (wishes.close_slow) closed_us = now_us;
    EXPECT_LE(outbox.size(), 15U);
  }
  EXPECT_TRUE(halved);
  EXPECT_NEAR(static_cast<double>(halved_us), 5.5e6, 1e5);
  EXPECT_NEAR(static_cast<double>(closed_us), 15.5e6, 1e5);
  while (const auto item = outbox.Pop(now_us)) warnings += std::holds_alternative<std::string>(*item) ? 1 : 0;
  EXPECT_EQ(warnings, 1);
}

TEST(Outbox, AClientThatCatchesUpGetsItsFramesBack) {
  Outbox outbox({});
  int64_t now_us = 0;
  for (uint32_t i = 0; i < 160; ++i, now_us += 40 * kMs) {
    outbox.Push(Frame(i), now_us);
    outbox.Check(now_us);
  }
  std::optional<bool> half;
  for (uint32_t i = 0; i < 60; ++i, now_us += 40 * kMs) {
    outbox.Push(Frame(i), now_us);
    Drain(outbox, now_us);
    if (const auto wishes = outbox.Check(now_us); wishes.half_rate) half = wishes.half_rate;
  }
  EXPECT_EQ(half, false);
}

}  // namespace
}  // namespace lips
