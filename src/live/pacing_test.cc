// The small parts that decide when and how much: clock, easing, admission, shedding, delivery, metrics.
#include <gtest/gtest.h>

#include <thread>

#include "live/admission.h"
#include "live/client_skips.h"
#include "live/delivery.h"
#include "live/ease.h"
#include "live/frame_clock.h"
#include "live/live_metrics.h"
#include "live/shedding.h"

namespace lips {
namespace {

TEST(FrameClock, IsExactAfterADay) {
  const FrameClock ntsc({30000, 1001});
  const int64_t frames = int64_t{24} * 3600 * 30;  // 1,001 s late by design of the rate
  EXPECT_EQ(ntsc.PtsUs(frames), int64_t{86'486'400'000});
  EXPECT_EQ(ntsc.SamplesBefore(frames, 44100), int64_t{3'814'050'240});
  for (const FrameRate rate : {FrameRate{25, 1}, FrameRate{30000, 1001}, FrameRate{24, 1}, FrameRate{60, 1}}) {
    const FrameClock clock(rate);
    for (const int64_t n : {int64_t{0}, int64_t{1}, int64_t{7}, int64_t{2'160'000}, int64_t{1'000'000'007}}) {
      EXPECT_EQ(clock.FrameFrom(clock.PtsUs(n)), n);
      EXPECT_EQ(clock.FrameFrom(clock.PtsUs(n) + 1), n + 1);
    }
  }
}

TEST(EaseToRest, GoesFromOneToTheOther) {
  const std::vector<float> rest = {0, 4};
  std::vector<float> window = {8, 0};
  EaseToRest(rest, 0.75f, window);
  EXPECT_EQ(window, (std::vector<float>{6, 1}));
  EaseToRest(rest, 0, window);
  EXPECT_EQ(window, rest);
}

TEST(Admission, SlotsAreWholeSessions) {
  EXPECT_EQ(SpeakingSlots(100, 25, 0.85), 3);
  EXPECT_EQ(SpeakingSlots(20, 25, 0.85), 0);
  EXPECT_EQ(SpeakingSlots(100, 0, 0.85), 0);
}

// The duty table of jobs-and-scale.md 7.
TEST(Admission, ConnectedSessionsByHowMuchTheySpeak) {
  const std::vector<std::pair<int64_t, int64_t>> thirty = {{1, 1},   {2, 2},   {4, 5},     {8, 14},
                                                           {16, 33}, {40, 98}, {100, 275}, {240, 706}};
  for (const auto& [slots, connected] : thirty) EXPECT_EQ(ConnectedLimit(slots, 0.3), connected) << slots;
  const std::vector<std::pair<int64_t, int64_t>> twenty = {{1, 1},   {2, 3},    {4, 7},    {8, 20},
                                                           {16, 48}, {40, 144}, {100, 406}};
  for (const auto& [slots, connected] : twenty) EXPECT_EQ(ConnectedLimit(slots, 0.2), connected) << slots;
  EXPECT_EQ(ConnectedLimit(7, 1), 7);
  EXPECT_EQ(ConnectedLimit(0, 0.3), 0);
}

TEST(LoadShedding, OneLateFrameInAHundredIsTolerated) {
  LoadShedding shedding;
  for (int i = 0; i < 200; ++i) shedding.Frame(i < 2, i * 30'000);
  EXPECT_FALSE(shedding.Update(4'999'000));
  EXPECT_TRUE(shedding.Update(6'000'000));
  EXPECT_EQ(shedding.level(), Shedding::kNone);
  for (int i = 0; i < 200; ++i) shedding.Frame(i < 3, 6'000'000 + i * 30'000);
  EXPECT_TRUE(shedding.Update(12'000'000));
  EXPECT_EQ(shedding.level(), Shedding::kRefuse);
}

TEST(LoadShedding, LevelsFollowOneAnother) {
  LoadShedding shedding;
  int64_t now_us = 0;
  const auto stretch = [&](bool late) {
    for (int i = 0; i < 126; ++i, now_us += 40'000) shedding.Frame(late && i % 10 == 0, now_us);
    EXPECT_TRUE(shedding.Update(now_us));
  };
  for (const Shedding level :
       {Shedding::kRefuse, Shedding::kHalfRate, Shedding::kHoldMouth, Shedding::kCloseNewest, Shedding::kCloseNewest}) {
    stretch(true);
    EXPECT_EQ(shedding.level(), level);
  }
  stretch(false);
  EXPECT_EQ(shedding.level(), Shedding::kCloseNewest);
  stretch(false);
  EXPECT_EQ(shedding.level(), Shedding::kHoldMouth);
}

// The load went away and nobody looked for a minute: what was late then must not cost anybody now.
TEST(LoadShedding, QuietIsCalmHoweverLateOneLooks) {
  LoadShedding shedding;
  int64_t now_us = 0;
  for (int stretch = 0; stretch < 4; ++stretch) {
    for (int i = 0; i < 126; ++i, now_us += 40'000) shedding.Frame(true, now_us);
    EXPECT_TRUE(shedding.Update(now_us));
  }
  ASSERT_EQ(shedding.level(), Shedding::kCloseNewest);
  for (int i = 0; i < 10; ++i) shedding.Frame(true, now_us += 40'000);
  EXPECT_TRUE(shedding.Update(now_us + 21'000'000));
  EXPECT_EQ(shedding.level(), Shedding::kHalfRate) << "four quiet stretches";
  EXPECT_EQ(shedding.NextUs(), now_us + 26'000'000);
  EXPECT_FALSE(shedding.Update(now_us + 25'000'000));
  EXPECT_TRUE(shedding.Update(now_us + 81'000'000));
  EXPECT_EQ(shedding.level(), Shedding::kNone);
  EXPECT_EQ(shedding.NextUs(), std::nullopt);
}

TEST(ClientSkips, JudgesFiveSecondsOfReports) {
  constexpr int64_t kHalf = 500'000;
  ClientSkips skips;
  int64_t now_us = 0, sent = 0, dropped = 0;
  const auto report = [&](int frames, int lost) {
    sent += frames;
    dropped += lost;
    return skips.Report(dropped, sent, now_us += kHalf);
  };
  for (int i = 0; i < 30; ++i) EXPECT_FALSE(report(12, 6)) << "half is not more than half";
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(report(12, 7));
  EXPECT_TRUE(report(12, 7)) << "five seconds after the first report that said so";
  EXPECT_FALSE(report(12, 7)) << "told once";
  EXPECT_TRUE(skips.too_many());
  for (int i = 0; i < 4; ++i) report(12, 0);
  report(12, 4);
  for (int i = 0; i < 10; ++i) report(12, 3);
  EXPECT_TRUE(skips.too_many()) << "not yet five seconds of calm";
  report(12, 3);
  EXPECT_FALSE(skips.too_many());
}

TEST(ClientSkips, FewFramesAndCountsThatGoBackSayNothing) {
  ClientSkips skips;
  for (int i = 1; i < 40; ++i) EXPECT_FALSE(skips.Report(i * 100, i * 0, i * 500'000));
  for (int i = 1; i < 40; ++i) EXPECT_FALSE(skips.Report(100 - i, i * 12, i * 500'000));
  EXPECT_FALSE(skips.too_many());
}

class CountingSink : public SessionSink {
 public:
  void Send(const ServerEvent& event) override {
    inside += 1;
    if (inside != 1) overlapped = true;
    if (const auto* ack = std::get_if<AudioAckEvent>(&event)) order.push_back(ack->samples);
    inside -= 1;
  }
  void Send(MediaMessage message) override { media.push_back(message.header.utterance); }
  void PauseInput(bool /*pause*/) override {}
  void Closed(CloseCode /*code*/, const std::string& /*reason*/) override {}

  std::atomic<int> inside = 0;
  std::atomic<bool> overlapped = false;
  std::vector<int64_t> order;
  std::vector<uint32_t> media;
};

TEST(Delivery, ManyThreadsPostOneDelivers) {
  Delivery delivery;
  const auto sink = std::make_shared<CountingSink>();
  delivery.SetSink(sink);
  std::mutex order;
  int64_t next = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) {
          {
            const std::lock_guard lock(order);
            delivery.Post(ServerEvent(AudioAckEvent{next++, 0}));
          }
          delivery.Pump();
        }
      });
    }
  }
  delivery.Pump();
  EXPECT_FALSE(sink->overlapped);
  ASSERT_EQ(sink->order.size(), 2000U);
  for (size_t i = 0; i < sink->order.size(); ++i) EXPECT_EQ(sink->order[i], static_cast<int64_t>(i));
}

TEST(Delivery, DroppedMediaIsNotDelivered) {
  Delivery delivery;
  const auto sink = std::make_shared<CountingSink>();
  delivery.SetSink(sink);
  for (const uint32_t utterance : {1U, 0U, 2U}) {
    MediaMessage message;
    message.header.utterance = utterance;
    delivery.Post(std::move(message));
  }
  delivery.DropMedia();
  delivery.Pump();
  EXPECT_EQ(sink->media, (std::vector<uint32_t>{0}));
}

TEST(Histogram, CountsUpToItsBounds) {
  Histogram histogram;
  for (const double seconds : {0.0001, 0.01, 0.011, 5.0, 100.0}) histogram.Add(seconds);
  EXPECT_EQ(histogram.at_most(0), 1);
  EXPECT_EQ(histogram.at_most(4), 2);
  EXPECT_EQ(histogram.at_most(5), 3);
  EXPECT_EQ(histogram.at_most(Histogram::kBounds.size() - 1), 4);
  EXPECT_EQ(histogram.count(), 5);
  EXPECT_EQ(histogram.PercentileBound(50), 0.01);
}

}  // namespace
}  // namespace lips
