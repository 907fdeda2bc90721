#include "engine/template_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "engine/network.h"
#include "engine/template_filler.h"
#include "engine/test_graph.h"
#include "image/image.h"

namespace lips {
namespace {

constexpr size_t kTemplateBytes = 1000;

// Counts what is prepared; a template is the number it was made from. Only as a generator's Prepare is used: one at a
// time. `beside`: PrepareQuietly is not one of those, and waits as long as `stuck`, like a thread that gets no CPU.
class CountingGenerator : public Generator {
 public:
  struct Face : Template {
    explicit Face(std::atomic<int>& living) : alive(living) { ++alive; }
    ~Face() override { --alive; }
    size_t bytes() const override { return kTemplateBytes; }
    std::atomic<int>& alive;
    int number = 0;
  };

  int size_px() const override { return 2; }
  Dims audio_dims() const override { return {1}; }
  int64_t audio_floats() const override { return 1; }
  std::string Describe() const override { return "counting"; }
  Result<std::unique_ptr<Template>> Prepare(ConstImageView roi, ConstImageView,
                                            std::unique_ptr<Template> reuse) override {
    EXPECT_EQ(++inside, 1) << "two threads in Prepare";
    if (fail) {
      --inside;
      return Error(ErrorCode::kInvalidInput, "asked to fail");
    }
    if (reuse == nullptr && alive >= room) {
      --inside;
      return Error(ErrorCode::kResourceLimit, "no memory is left");
    }
    if (reuse == nullptr) {
      ++made;
      reuse = std::make_unique<Face>(alive);
    }
    static_cast<Face&>(*reuse).number = roi.Row(0)[0];
    ++prepared;
    --inside;
    return reuse;
  }
  bool prepares_beside() const override { return beside; }
  Result<std::unique_ptr<Template>> PrepareQuietly(ConstImageView roi, ConstImageView masked,
                                                   std::unique_ptr<Template> reuse) override {
    if (!beside) return Prepare(roi, masked, std::move(reuse));
    quiet = true;
    quiet.notify_all();
    stuck.wait(true);
    if (reuse == nullptr) reuse = std::make_unique<Face>(alive);
    static_cast<Face&>(*reuse).number = roi.Row(0)[0];
    return reuse;
  }
  Status Generate(std::span<const Job>) override { return {}; }

  void Release() {
    stuck = false;
    stuck.notify_all();
  }

  std::atomic<int> inside = 0, alive = 0, made = 0, prepared = 0;
  std::atomic<bool> stuck = false, quiet = false;
  bool fail = false, beside = false;
  int room = 1000;  // for templates
};

int NumberOf(const TemplateCache::Handle& face) { return static_cast<const CountingGenerator::Face&>(*face).number; }

// The picture of frame `index` shows its number.
Image PictureOf(int64_t index) {
  Image image(2, 2);
  image.view().Row(0)[0] = static_cast<uint8_t>(index);
  return image;
}

class TemplateCacheTest : public testing::Test {
 protected:
  TemplateCache::Handle Prepare(TemplateCache& cache, int64_t index, int64_t next_need = TemplateCache::kUnknown) {
    const Image picture = PictureOf(index);
    auto face = cache.Prepare(generator_, index, picture.view(), picture.view(), next_need);
    EXPECT_TRUE(face.ok());
    if (!face.ok()) return nullptr;
    EXPECT_EQ(NumberOf(face.value()), static_cast<uint8_t>(index)) << "another frame's template";
    return std::move(face).value();
  }

  // Plays `steps` frames in the order that `at` gives; the share of requests that hit after the first pass.
  template <typename At>
  double HitRate(TemplateCache& cache, int64_t period, int64_t steps, At at, bool know_order) {
    int64_t hits_before = 0;
    for (int64_t n = 0; n < steps; ++n) {
      if (n == period) hits_before = cache.stats().hits;
      int64_t need = n + 1;
      while (at(need) != at(n)) ++need;
      Prepare(cache, at(n), know_order ? need : TemplateCache::kUnknown);
    }
    return static_cast<double>(cache.stats().hits - hits_before) / static_cast<double>(steps - period);
  }

  CountingGenerator generator_;
};

TEST_F(TemplateCacheTest, HalfOfTheFramesKeptHalveTheWorkBackAndForthAndRoundAndRound) {
  constexpr int64_t kLength = 100;
  const auto back_and_forth = [](int64_t n) {
    const int64_t phase = n % (2 * kLength - 2);
    return phase < kLength ? phase : 2 * kLength - 2 - phase;
  };
  const auto round_and_round = [](int64_t n) { return n % kLength; };
  constexpr size_t kHalf = kLength / 2 * kTemplateBytes;
  TemplateCache triangle(kHalf);
  TemplateCache forward(kHalf);
  EXPECT_GE(HitRate(triangle, 2 * kLength - 2, 10 * kLength, back_and_forth, true), 0.48);
  EXPECT_GE(HitRate(forward, kLength, 10 * kLength, round_and_round, true), 0.48);
  EXPECT_LE(triangle.stats().peak_kept_bytes, kHalf);
  EXPECT_EQ(triangle.stats().templates, kLength / 2);
}

// As on a device whose memory others fill: what is needed latest goes, what is in use stays.
TEST_F(TemplateCacheTest, WhereMemoryEndsBeforeTheBudgetWhatIsKeptMakesRoom) {
  generator_.room = 3;
  TemplateCache cache(10 * kTemplateBytes);
  const TemplateCache::Handle in_use = Prepare(cache, 1, 40);
  Prepare(cache, 2, 20);
  Prepare(cache, 3, 30);
  Prepare(cache, 4, 35);
  EXPECT_TRUE(cache.Has(1));
  EXPECT_TRUE(cache.Has(2));
  EXPECT_FALSE(cache.Has(3));
  EXPECT_TRUE(cache.Has(4));
  EXPECT_EQ(cache.stats().bytes, 3 * kTemplateBytes);

  const TemplateCache::Handle others[] = {Prepare(cache, 2, 20), Prepare(cache, 4, 35)};
  const Image picture = PictureOf(5);
  const auto none_left = cache.Prepare(generator_, 5, picture.view(), picture.view());
  ASSERT_FALSE(none_left.ok());
  EXPECT_EQ(none_left.error().code(), ErrorCode::kResourceLimit);
}

TEST_F(TemplateCacheTest, WithoutAPlanTheLeastRecentlyUsedGoesOut) {
  TemplateCache cache(3 * kTemplateBytes);
  for (const int64_t index : {1, 2, 3, 1, 4}) Prepare(cache, index);
  EXPECT_TRUE(cache.Has(1));
  EXPECT_FALSE(cache.Has(2));
  EXPECT_TRUE(cache.Has(3));
  EXPECT_TRUE(cache.Has(4));
  EXPECT_EQ(cache.stats().hits, 1);
  EXPECT_EQ(cache.stats().misses, 4);
}

TEST_F(TemplateCacheTest, WhatIsNeededLaterThanAllOthersOrNeverIsNotKept) {
  TemplateCache cache(2 * kTemplateBytes);
  Prepare(cache, 1, 10);
  Prepare(cache, 2, 20);
  Prepare(cache, 3, 30);
  EXPECT_FALSE(cache.Has(3)) << "needed after both others";
  Prepare(cache, 4, 15);
  EXPECT_TRUE(cache.Has(4));
  EXPECT_FALSE(cache.Has(2)) << "was needed latest";
  TemplateCache roomy(100 * kTemplateBytes);
  Prepare(roomy, 1, TemplateCache::kNever);
  EXPECT_EQ(roomy.stats().templates, 0);
}

TEST_F(TemplateCacheTest, AnEmptyBudgetKeepsNothingAndStillRecyclesMemory) {
  TemplateCache cache(0);
  for (int64_t n = 0; n < 100; ++n) Prepare(cache, n % 3, n + 3);
  EXPECT_EQ(cache.stats().hits, 0);
  EXPECT_EQ(cache.stats().templates, 0);
  EXPECT_EQ(cache.stats().bytes, kTemplateBytes) << "the one whose memory is used again";
  EXPECT_EQ(generator_.made, 1);
}

TEST_F(TemplateCacheTest, TheSteadyStateTakesNoMemory) {
  TemplateCache cache(5 * kTemplateBytes);
  for (int64_t n = 0; n < 200; ++n) Prepare(cache, n % 10, n + 10);
  EXPECT_LE(generator_.made, 6) << "five kept and one on its way";
  EXPECT_LE(cache.stats().bytes, 6 * kTemplateBytes);
  EXPECT_GT(cache.stats().hits, 0);
}

TEST_F(TemplateCacheTest, TemplatesInUseStayAndCount) {
  TemplateCache cache(2 * kTemplateBytes);
  const auto first = Prepare(cache, 1);
  const auto second = Prepare(cache, 2);
  const auto third = Prepare(cache, 3);
  EXPECT_FALSE(cache.Has(3)) << "no room while both others are in use";
  EXPECT_EQ(cache.stats().bytes, 3 * kTemplateBytes);
  EXPECT_EQ(NumberOf(first) + NumberOf(second) + NumberOf(third), 6);
}

TEST_F(TemplateCacheTest, AHandleOutlivesTheCache) {
  TemplateCache::Handle face;
  {
    TemplateCache cache(2 * kTemplateBytes);
    face = Prepare(cache, 7);
    Prepare(cache, 8);
  }
  EXPECT_EQ(NumberOf(face), 7);
  EXPECT_EQ(generator_.alive, 1);
  face.reset();
  EXPECT_EQ(generator_.alive, 0);
}

TEST_F(TemplateCacheTest, AdoptedTemplatesCountButTheirMemoryIsNotRecycled) {
  TemplateCache cache(kTemplateBytes);
  const auto adopt = [&](int64_t index) {
    return cache.Adopt(index, std::make_unique<CountingGenerator::Face>(generator_.alive));
  };
  adopt(1);
  adopt(2);  // puts the first out
  EXPECT_FALSE(cache.Has(1));
  EXPECT_TRUE(cache.Has(2));
  EXPECT_EQ(generator_.alive, 1) << "the first is gone";
  EXPECT_EQ(cache.TakeSpare(), nullptr);
  EXPECT_EQ(cache.stats().adopted, 2);
  EXPECT_EQ(cache.stats().bytes, kTemplateBytes);
}

TEST_F(TemplateCacheTest, ATemplateLargerThanTheBudgetIsHandedOutButNotKept) {
  TemplateCache cache(kTemplateBytes - 1);
  EXPECT_EQ(NumberOf(Prepare(cache, 5)), 5);
  EXPECT_EQ(cache.stats().templates, 0);
}

TEST_F(TemplateCacheTest, AFailureIsPassedOnAndNothingIsKept) {
  TemplateCache cache(2 * kTemplateBytes);
  generator_.fail = true;
  const Image picture = PictureOf(1);
  EXPECT_EQ(cache.Prepare(generator_, 1, picture.view(), picture.view()).error().message(), "asked to fail");
  EXPECT_FALSE(cache.Has(1));
  generator_.fail = false;
  EXPECT_EQ(NumberOf(Prepare(cache, 1)), 1);
}

TEST_F(TemplateCacheTest, ManyThreadsGetTheRightTemplatesWithinTheBudget) {
  constexpr int kThreads = 4;
  TemplateCache cache(6 * kTemplateBytes);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t n = 0; n < 300; ++n) {
        const int64_t index = (n * (t + 1)) % 10;
        auto face = cache.Get(index);
        if (face == nullptr) face = Prepare(cache, index);
        EXPECT_EQ(NumberOf(face), index);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache.stats().peak_kept_bytes, 6 * kTemplateBytes);
  EXPECT_LE(cache.stats().bytes, 7 * kTemplateBytes);
  EXPECT_EQ(cache.stats().hits + cache.stats().misses, kThreads * 300);
}

// What a network made of recycled memory equals what it makes of new memory.
TEST(TemplateCacheNetwork, CachedRecycledAndFreshTemplatesGiveTheSameMouth) {
  constexpr int kSizePx = 160;
  const auto opened = OpenNetworkGenerator(MiniatureGenerator({.size_px = kSizePx}),
                                           {.session = {.backend = Backend::kReference, .threads = 1}, .prove = false});
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  Generator& generator = *opened.value();
  const Tensor audio = RandomTensor({32, 16, 16}, 3);
  const auto picture = [](int index) {
    Image image(kSizePx, kSizePx);
    for (int y = 0; y < kSizePx; ++y) {
      for (int i = 0; i < 3 * kSizePx; ++i) image.view().Row(y)[i] = static_cast<uint8_t>((index * 40 + y * i) % 251);
    }
    return image;
  };
  const auto mouth = [&](const Generator::Template& face) {
    Image out(kSizePx, kSizePx);
    const Generator::Job job{&face, audio.As<float>(), out.view()};
    EXPECT_TRUE(generator.Generate({&job, 1}).ok());
    std::vector<uint8_t> bytes;
    for (int y = 0; y < kSizePx; ++y) bytes.insert(bytes.end(), out.view().Row(y), out.view().Row(y) + 3 * kSizePx);
    return bytes;
  };
  std::vector<std::vector<uint8_t>> fresh;
  for (int i = 0; i < 4; ++i) {
    const Image face = picture(i);
    fresh.push_back(mouth(*generator.Prepare(face.view(), face.view()).value()));
  }
  EXPECT_NE(fresh[0], fresh[1]);
  const Image first = picture(0);
  TemplateCache cache(2 * generator.Prepare(first.view(), first.view()).value()->bytes());
  for (const int index : {0, 1, 2, 3, 2, 1, 0, 1, 2, 3}) {
    const Image face = picture(index);
    const auto kept = cache.Prepare(generator, index, face.view(), face.view());
    ASSERT_TRUE(kept.ok());
    EXPECT_EQ(mouth(*kept.value()), fresh[static_cast<size_t>(index)]) << index;
  }
  EXPECT_GT(cache.stats().hits, 0);
}

class TemplateFillerTest : public TemplateCacheTest {
 protected:
  TemplateFiller::FaceOf Pictures() {
    return [this](int64_t index) -> Result<TemplateFiller::Face> {
      asked_.push_back(index);
      picture_ = PictureOf(index);
      return TemplateFiller::Face{std::as_const(picture_).view(), std::as_const(picture_).view()};
    };
  }
  std::vector<int64_t> asked_;
  Image picture_;
};

TEST_F(TemplateFillerTest, PreparesWhatIsMissingInTheGivenOrderUntilTheCacheIsFull) {
  TemplateCache cache(4 * kTemplateBytes);
  Prepare(cache, 6);
  TemplateFiller filler(cache, generator_, {5, 6, 7, 8, 9, 10}, Pictures());
  EXPECT_TRUE(filler.Wait().ok());
  EXPECT_EQ(asked_, (std::vector<int64_t>{5, 7, 8}));
  for (const int64_t index : {5, 6, 7, 8}) EXPECT_TRUE(cache.Has(index)) << index;
  EXPECT_EQ(cache.stats().filled, 3);
  EXPECT_EQ(cache.stats().misses, 1) << "nobody asked for the filled ones";
}

TEST_F(TemplateFillerTest, EndsAtOnceWhenItIsNoLongerWanted) {
  TemplateCache cache(1000 * kTemplateBytes);
  std::vector<int64_t> order(250);
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  std::atomic<bool> started = false;
  {
    TemplateFiller filler(cache, generator_, order, [&](int64_t index) -> Result<TemplateFiller::Face> {
      picture_ = PictureOf(index);
      started = true;
      started.notify_all();
      return TemplateFiller::Face{std::as_const(picture_).view(), std::as_const(picture_).view()};
    });
    started.wait(false);
  }
  EXPECT_EQ(cache.stats().filled, cache.stats().templates);
}

TEST_F(TemplateFillerTest, WorksBesideThoseWhoAsk) {
  TemplateCache cache(200 * kTemplateBytes);
  std::vector<int64_t> order(100);
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  TemplateFiller filler(cache, generator_, order, Pictures());
  for (int64_t index = 99; index >= 0; --index) Prepare(cache, index);
  EXPECT_TRUE(filler.Wait().ok());
  EXPECT_EQ(cache.stats().templates, 100);
  EXPECT_EQ(generator_.prepared, 100) << "no frame twice";
}

// The filler's thread has idle priority: where others want the cores it may stand still in the middle of a template.
TEST_F(TemplateFillerTest, StandingStillItKeepsNobodyWaiting) {
  TemplateCache cache(4 * kTemplateBytes);
  generator_.beside = generator_.stuck = true;
  TemplateFiller filler(cache, generator_, {1, 2}, Pictures());
  generator_.quiet.wait(false);
  EXPECT_EQ(NumberOf(Prepare(cache, 9)), 9) << "another frame";
  const auto same = Prepare(cache, 1);  // with the former lock this would wait for the release below
  EXPECT_EQ(generator_.prepared, 2);
  generator_.Release();
  EXPECT_TRUE(filler.Wait().ok());
  EXPECT_EQ(Prepare(cache, 1).get(), same.get()) << "the first one stays";
  EXPECT_TRUE(cache.Has(2));
  EXPECT_EQ(cache.stats().filled, 1) << "frame 1 was not needed any more";
  EXPECT_EQ(cache.stats().templates, 3);
  EXPECT_LE(generator_.alive, 4) << "and no second one of frame 1 was left";
}

TEST_F(TemplateFillerTest, PutsNothingOutThatCameWhileItWorked) {
  TemplateCache cache(2 * kTemplateBytes);
  generator_.beside = generator_.stuck = true;
  TemplateFiller filler(cache, generator_, {1}, Pictures());
  generator_.quiet.wait(false);
  Prepare(cache, 8);
  Prepare(cache, 9);
  generator_.Release();
  EXPECT_TRUE(filler.Wait().ok());
  EXPECT_TRUE(cache.Has(8) && cache.Has(9) && !cache.Has(1));
  EXPECT_EQ(cache.stats().filled, 0);
}

TEST_F(TemplateFillerTest, AnErrorEndsItAndIsTold) {
  TemplateCache cache(10 * kTemplateBytes);
  TemplateFiller filler(cache, generator_, {1, 2}, [](int64_t index) -> Result<TemplateFiller::Face> {
    return Error(ErrorCode::kCorrupted, "no frame " + std::to_string(index));
  });
  EXPECT_EQ(filler.Wait().error().message(), "no frame 1");
}

}  // namespace
}  // namespace lips
