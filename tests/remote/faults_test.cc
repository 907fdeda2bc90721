// What goes wrong between two hosts, and what comes of it.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "tests/remote/relay.h"
#include "tests/remote/remote_fixture.h"

namespace lips::remote {
namespace {

class RemoteFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    Restart();
    relay_ = std::make_unique<Relay>(service_->port());
    near_ = PrepareFaces(*local_, 2);
    expected_ = Speak(*local_, 3, near_).value();
  }
  void Restart() {
    service_.reset();
    service_ = GeneratorService::Start(*served_, {}).value();
    if (relay_) relay_->PointTo(service_->port());
  }
  std::unique_ptr<Generator> Connect(int answer_ms = 300'000, int retry_ms = 20'000) {
    ClientOptions options;
    options.address = relay_->address();
    options.answer_ms = answer_ms;
    options.retry_ms = retry_ms;
    auto remote = OpenRemoteGenerator(options);
    EXPECT_TRUE(remote.ok()) << remote.error().message();
    return remote.ok() ? std::move(remote).value() : nullptr;
  }
  void ExpectRight(const Result<std::vector<Image>>& mouths) {
    ASSERT_TRUE(mouths.ok()) << mouths.error().message();
    for (size_t i = 0; i < expected_.size(); ++i) EXPECT_TRUE(Same(mouths.value()[i].view(), expected_[i].view())) << i;
  }

  std::unique_ptr<Generator> local_ = LocalGenerator();
  std::unique_ptr<Generator> served_ = LocalGenerator();
  std::unique_ptr<GeneratorService> service_;
  std::unique_ptr<Relay> relay_;
  std::vector<std::unique_ptr<Generator::Template>> near_;
  std::vector<Image> expected_;
};

TEST_F(RemoteFaults, AConnectionLostAnywhereInAnAnswerIsTakenUpAgain) {
  const auto remote = Connect();
  ASSERT_NE(remote, nullptr);
  auto far = PrepareFaces(*remote, 2);
  int before = relay_->connections();
  for (const int64_t bytes : {0, 1, 11, 12, 13, 5000, 300'000, 900'000}) {
    relay_->CutAnswersAfter(bytes);
    ExpectRight(Speak(*remote, 3, far));
    EXPECT_GT(relay_->connections(), before) << "cut after " << bytes;
    before = relay_->connections();
  }
}

TEST_F(RemoteFaults, AServiceKilledAndStartedAgainGetsThePicturesAnew) {
  const auto remote = Connect();
  ASSERT_NE(remote, nullptr);
  auto far = PrepareFaces(*remote, 2);
  ExpectRight(Speak(*remote, 3, far));
  Restart();
  ExpectRight(Speak(*remote, 3, far));
  EXPECT_EQ(service_->stats().templates, 2);
}

TEST_F(RemoteFaults, AServiceThatIsBackOnlyLaterIsWaitedFor) {
  const auto remote = Connect();
  ASSERT_NE(remote, nullptr);
  auto far = PrepareFaces(*remote, 2);
  service_.reset();
  const int before = relay_->refused();
  std::thread later([this, before] {
    while (relay_->refused() < before + 2) std::this_thread::yield();  // it has been asked for in vain
    Restart();
  });
  ExpectRight(Speak(*remote, 3, far));
  later.join();
}

TEST_F(RemoteFaults, GarbageIsNoPictureButAReasonToAskAgain) {
  const auto remote = Connect();
  ASSERT_NE(remote, nullptr);
  auto far = PrepareFaces(*remote, 2);
  relay_->SpoilAnswers(12);  // the header
  ExpectRight(Speak(*remote, 3, far));
  EXPECT_EQ(relay_->connections(), 2);
}

TEST_F(RemoteFaults, AServiceThatNoLongerAnswersIsGivenUpInTime) {
  const auto remote = Connect(3000, 400);
  ASSERT_NE(remote, nullptr);
  auto far = PrepareFaces(*remote, 2);
  relay_->Hold(true);
  auto mouths = Speak(*remote, 3, far);
  ASSERT_FALSE(mouths.ok());
  EXPECT_EQ(mouths.error().code(), ErrorCode::kIo);
  EXPECT_EQ(mouths.error().message().find("remote generator " + relay_->address() +
                                          ": lost, and not found again in 400 ms: "),
            0u)
      << mouths.error().message();
  relay_->Hold(false);
  ExpectRight(Speak(*remote, 3, far));  // usable again
}

TEST_F(RemoteFaults, AnotherProgramAtTheAddressIsRecognised) {
  int port = 0;
  const int listener = ListenOnLoopback(port);
  ASSERT_GE(listener, 0);
  std::thread mail_server([listener] {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    const std::string text = "220 mail.example.com ready\r\n";
    static_cast<void>(::send(client, text.data(), text.size(), MSG_NOSIGNAL));
    std::array<char, 256> ignored;
    while (::recv(client, ignored.data(), ignored.size(), 0) > 0) {
    }
    ::close(client);
  });
  ClientOptions options;
  options.address = "127.0.0.1:" + std::to_string(port);
  auto remote = OpenRemoteGenerator(options);
  mail_server.join();
  ::close(listener);
  ASSERT_FALSE(remote.ok());
  EXPECT_EQ(remote.error().code(), ErrorCode::kCorrupted);
  EXPECT_EQ(remote.error().message(),
            "remote generator: " + options.address + ": what came is no message of a remote generator");
}

// Clients that say nonsense, too much, or nothing more in the middle of a word.
TEST_F(RemoteFaults, BadClientsAreLetGoAndOthersDoNotNotice) {
  const auto remote = Connect();
  ASSERT_NE(remote, nullptr);
  auto far = PrepareFaces(*remote, 2);
  const Address address = {"127.0.0.1", service_->port()};
  std::vector<uint8_t> payload;
  const auto answer_to = [&](Type type, std::span<const uint8_t> bytes, bool greet) {
    Connection client = Connection::Connect(address, 1000).value();
    if (greet) {
      Encode(Hello{}, payload);
      EXPECT_TRUE(client.Send(Type::kHello, payload, 1000).ok());
      EXPECT_TRUE(client.Receive(payload, 5000, 5000).ok());
    }
    EXPECT_TRUE(client.Send(type, bytes, 1000).ok());
    auto answer = client.Receive(payload, 5000, 5000);
    if (!answer.ok()) return std::string("closed");
    if (answer.value() != Type::kFailure) return std::string("served");
    return ParseFailure(payload).value().message;
  };
  const std::vector<uint8_t> noise(100, 0xEE);
  EXPECT_EQ(answer_to(Type::kGenerate, noise, false), "a client begins without a greeting");
  EXPECT_EQ(answer_to(Type::kHello, noise, false),
            "the client speaks version 61166 of the generator protocol, this generator version 1");
  EXPECT_EQ(answer_to(Type::kGenerate, noise, true), "closed");
  EXPECT_EQ(answer_to(Type::kTemplate, noise, true), "closed");
  EXPECT_EQ(answer_to(Type::kMouths, noise, true), "closed");
  Connection silent = Connection::Connect(address, 1000).value();  // never says a word
  std::vector<uint8_t> lie;
  const Face face = MakeFace(*local_, 9);
  TemplatePictures pictures = {IdOf(face.masked.view(), face.roi.view()), face.roi.view(), face.masked.view()};
  Encode(pictures, lie);
  EXPECT_EQ(answer_to(Type::kTemplate, lie, true), "closed") << "pictures under another's name";
  ExpectRight(Speak(*remote, 3, far));
}

}  // namespace
}  // namespace lips::remote
