#include "live/batch.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

namespace lips {
namespace {

// Sessions with a list of frames each; what is taken is noted as session * 100 + frame.
class Lists : public FrameQueues {
 public:
  explicit Lists(std::vector<std::deque<DueFrame>> lists) : lists_(std::move(lists)), next_(lists_.size()) {}
  int sessions() const override { return static_cast<int>(lists_.size()); }
  std::optional<DueFrame> NextOf(int session) override {
    const auto& list = lists_[static_cast<size_t>(session)];
    if (list.empty()) return std::nullopt;
    return list.front();
  }
  void Take(int session) override {
    taken.push_back(session * 100 + next_[static_cast<size_t>(session)]++);
    lists_[static_cast<size_t>(session)].pop_front();
  }
  BatchLimits LimitsOf(const void* /*group*/) override { return limits; }

  std::vector<int> taken;
  BatchLimits limits{4, 4, 10'000, 5'000};

 private:
  std::vector<std::deque<DueFrame>> lists_;
  std::vector<int> next_;
};

const int kAnna = 0;
const int kBella = 0;

TEST(PickBatch, TakesByDeadlineAndKeepsEachSessionsOrder) {
  Lists lists(
      {{{0, 50'000, &kAnna}, {0, 90'000, &kAnna}}, {{0, 40'000, &kAnna}}, {{0, 60'000, &kAnna}, {0, 61'000, &kAnna}}});
  EXPECT_EQ(PickBatch(lists, 0).frames, 4);
  EXPECT_EQ(lists.taken, (std::vector<int>{100, 0, 200, 201}));
}

TEST(PickBatch, TakesFewOfOneSessionAndOthersBesideThem) {
  Lists lists({{{0, 40'000, &kAnna}, {0, 41'000, &kAnna}}, {{0, 50'000, &kAnna}, {0, 51'000, &kAnna}}});
  lists.limits.most_of_one = 1;
  EXPECT_EQ(PickBatch(lists, 0).frames, 2);
  EXPECT_EQ(lists.taken, (std::vector<int>{0, 100}));
}

TEST(PickBatch, FramesOfOtherNetworksWaitTheirTurn) {
  Lists lists({{{0, 50'000, &kAnna}}, {{0, 40'000, &kBella}}, {{0, 45'000, &kAnna}}});
  EXPECT_EQ(PickBatch(lists, 0).frames, 1);
  EXPECT_EQ(lists.taken, (std::vector<int>{100}));
  EXPECT_EQ(PickBatch(lists, 0).frames, 2);
  EXPECT_EQ(lists.taken, (std::vector<int>{100, 200, 0}));
}

TEST(PickBatch, NothingDueSaysWhen) {
  Lists lists({{{7'000, 50'000, &kAnna}}, {{5'000, 40'000, &kBella}}, {}});
  const Picked picked = PickBatch(lists, 1'000);
  EXPECT_EQ(picked.frames, 0);
  EXPECT_EQ(picked.next_us, 5'000);
  Lists none({{}, {}});
  EXPECT_FALSE(PickBatch(none, 0).next_us.has_value());
}

TEST(PickBatch, WaitsForCompanyAtMostTenMilliseconds) {
  Lists near({{{0, 50'000, &kAnna}}, {{8'000, 58'000, &kAnna}}});
  EXPECT_EQ(PickBatch(near, 1'000).next_us, 8'000);
  EXPECT_EQ(PickBatch(near, 8'000).frames, 2);
  Lists far({{{0, 50'000, &kAnna}}, {{11'000, 58'000, &kAnna}}});
  EXPECT_EQ(PickBatch(far, 1'000).frames, 1) << "would have waited 11 ms";
  Lists other({{{0, 50'000, &kAnna}}, {{2'000, 58'000, &kBella}}});
  EXPECT_EQ(PickBatch(other, 1'000).frames, 1) << "not made together";
}

TEST(PickBatch, WaitsNoLongerThanItsSlack) {
  Lists lists({{{0, 12'000, &kAnna}}, {{8'000, 58'000, &kAnna}}});
  EXPECT_EQ(PickBatch(lists, 0).frames, 1) << "made in 5 ms, it must begin by 7 ms";
}

TEST(PickBatch, AFullBatchDoesNotWait) {
  Lists lists({{{0, 50'000, &kAnna}}, {{0, 50'000, &kAnna}}, {{1'000, 58'000, &kAnna}}});
  lists.limits.most = 2;
  EXPECT_EQ(PickBatch(lists, 0).frames, 2);
}

}  // namespace
}  // namespace lips
