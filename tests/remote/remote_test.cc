// A generator elsewhere gives what one here gives.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/remote/remote_fixture.h"

namespace lips::remote {
namespace {

const std::string kModel(64, 'a');

class Remote : public ::testing::Test {
 protected:
  void StartService(ServiceOptions options = {}) {
    options.model_sha256 = kModel;
    auto service = GeneratorService::Start(*served_, options);
    ASSERT_TRUE(service.ok()) << service.error().message();
    service_ = std::move(service).value();
  }
  ClientOptions Client() const {
    ClientOptions options;
    options.address = "127.0.0.1:" + std::to_string(service_->port());
    options.model_sha256 = kModel;
    options.answer_ms = 300'000;  // a busy machine is no fault
    options.retry_ms = 200;
    return options;
  }

  std::unique_ptr<Generator> local_ = LocalGenerator();
  std::unique_ptr<Generator> served_ = LocalGenerator();
  std::unique_ptr<GeneratorService> service_;  // goes before what it serves
};

TEST_F(Remote, MouthsEqualALocalEnginesBitForBitAndPicturesGoUpOnce) {
  StartService();
  auto remote = OpenRemoteGenerator(Client());
  ASSERT_TRUE(remote.ok()) << remote.error().message();
  EXPECT_EQ(remote.value()->size_px(), local_->size_px());
  EXPECT_EQ(remote.value()->audio_dims(), local_->audio_dims());
  EXPECT_NE(remote.value()->Describe().find(served_->Describe()), std::string::npos);
  auto far = PrepareFaces(*remote.value(), 3);
  auto near = PrepareFaces(*local_, 3);
  for (const int count : {1, 2, 7, 70}) {  // more than one message holds
    auto expected = Speak(*local_, count, near);
    auto mouths = Speak(*remote.value(), count, far);
    ASSERT_TRUE(mouths.ok()) << mouths.error().message();
    for (size_t i = 0; i < mouths.value().size(); ++i) {
      EXPECT_TRUE(Same(mouths.value()[i].view(), expected.value()[i].view())) << i << " of " << count;
    }
  }
  EXPECT_EQ(service_->stats().templates, 3);
  EXPECT_EQ(service_->stats().frames, 80);
  auto again = PrepareFaces(*remote.value(), 3);
  EXPECT_EQ(service_->stats().templates, 3) << "equal pictures are one template frame";
}

TEST_F(Remote, OnlyTheUsedPartOfAMouthComesBack) {
  StartService();
  const int size = local_->size_px();
  ClientOptions options = Client();
  options.used.assign(static_cast<size_t>(size) * static_cast<size_t>(size), 0);
  const Rect used = {40, 60, 33, 21};
  for (int y = used.y; y < used.bottom(); ++y) {
    for (int x = used.x; x < used.right(); ++x) options.used[static_cast<size_t>(y * size + x)] = 1;
  }
  auto remote = OpenRemoteGenerator(options);
  ASSERT_TRUE(remote.ok()) << remote.error().message();
  auto far = PrepareFaces(*remote.value(), 1);
  auto near = PrepareFaces(*local_, 1);
  auto mouths = Speak(*remote.value(), 2, far);
  auto expected = Speak(*local_, 2, near);
  ASSERT_TRUE(mouths.ok()) << mouths.error().message();
  EXPECT_TRUE(Same(mouths.value()[1].view().Crop(used), expected.value()[1].view().Crop(used)));
  EXPECT_FALSE(Same(mouths.value()[1].view(), expected.value()[1].view()));
}

TEST_F(Remote, ASmallMemoryOnTheOtherSideCostsUploadsNotErrors) {
  ServiceOptions small;
  small.template_bytes = 1;  // one frame stays
  StartService(small);
  auto remote = OpenRemoteGenerator(Client());
  ASSERT_TRUE(remote.ok());
  auto far = PrepareFaces(*remote.value(), 3);
  auto near = PrepareFaces(*local_, 3);
  for (int k = 0; k < 3; ++k) {
    std::rotate(far.begin(), far.begin() + 1, far.end());
    std::rotate(near.begin(), near.begin() + 1, near.end());
    auto mouths = Speak(*remote.value(), 1, far);
    ASSERT_TRUE(mouths.ok()) << mouths.error().message();
    EXPECT_TRUE(Same(mouths.value()[0].view(), Speak(*local_, 1, near).value()[0].view()));
  }
  auto too_many = Speak(*remote.value(), 3, far);
  ASSERT_FALSE(too_many.ok());
  EXPECT_EQ(too_many.error().code(), ErrorCode::kResourceLimit);
}

TEST_F(Remote, SeveralClientsShareOneNetwork) {
  StartService();
  auto near = PrepareFaces(*local_, 2);
  const auto expected = Speak(*local_, 4, near);
  std::vector<std::thread> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back([&] {
      auto remote = OpenRemoteGenerator(Client());
      ASSERT_TRUE(remote.ok()) << remote.error().message();
      auto far = PrepareFaces(*remote.value(), 2);
      auto mouths = Speak(*remote.value(), 4, far);
      ASSERT_TRUE(mouths.ok()) << mouths.error().message();
      for (size_t k = 0; k < 4; ++k) EXPECT_TRUE(Same(mouths.value()[k].view(), expected.value()[k].view()));
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(service_->stats().templates, 2);
}

TEST_F(Remote, WhoCannotBeServedIsToldWhy) {
  ServiceOptions lonely;
  lonely.max_connections = 1;
  StartService(lonely);
  ClientOptions options = Client();
  options.model_sha256 = std::string(64, 'b');
  auto other = OpenRemoteGenerator(options);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(other.error().message(), "remote generator: " + options.address +
                                         ": it runs another model: aaaaaaaaaaaaaaaa..., expected bbbbbbbbbbbbbbbb...");
  EXPECT_EQ(service_->stats().refused, 1);
  // Who was refused takes the only place until it is let go.
  for (int k = 0; k < 1000 && service_->stats().connections > 0; ++k) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  auto first = OpenRemoteGenerator(Client());
  ASSERT_TRUE(first.ok()) << first.error().message();
  auto second = OpenRemoteGenerator(Client());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kResourceLimit) << second.error().message();

  options = Client();
  service_.reset();
  auto nobody = OpenRemoteGenerator(options);
  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.error().code(), ErrorCode::kIo);
  EXPECT_EQ(nobody.error().message(), "remote generator: cannot reach " + options.address + ": Connection refused");
  for (const char* address : {"", "host", "host:", ":80", "host:0", "host:70000", "host:8o", "::1:80"}) {
    options.address = address;
    EXPECT_EQ(OpenRemoteGenerator(options).error().code(), ErrorCode::kInvalidInput) << address;
  }
}

TEST_F(Remote, WrongJobsAreRefusedHere) {
  StartService();
  auto remote = OpenRemoteGenerator(Client());
  ASSERT_TRUE(remote.ok());
  const Image small(10, 10);
  EXPECT_EQ(remote.value()->Prepare(small.view(), small.view()).error().code(), ErrorCode::kInvalidInput);
  auto near = PrepareFaces(*local_, 1);  // another generator's
  EXPECT_EQ(Speak(*remote.value(), 1, near).error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace lips::remote
