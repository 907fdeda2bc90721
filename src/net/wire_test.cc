#include "net/wire.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/hmac.h"
#include "net/listener.h"
#include "net/test_wires.h"
#include "net/tls.h"

namespace lips {
namespace {

constexpr auto kSoon = std::chrono::seconds(5);

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Runs the loop until `done` or for five seconds.
template <typename Condition>
bool RunUntil(Loop& loop, const Condition& done) {
  for (int i = 0; i < 500 && !done(); ++i) loop.RunFor(std::chrono::milliseconds(10));
  return done();
}

// Collects what comes until the end.
struct Reader {
  explicit Reader(Wire& from) : wire(from) { Next(); }
  void Next() {
    wire.ReadSome(buffer, WireDone([this](WireEnd how, size_t bytes) {
                    if (how != WireEnd::kOk) {
                      end = how;
                      return;
                    }
                    text.append(reinterpret_cast<const char*>(buffer.data()), bytes);
                    Next();
                  }));
  }
  Wire& wire;
  std::vector<uint8_t> buffer = std::vector<uint8_t>(1000);
  std::string text;
  std::optional<WireEnd> end;
};

TEST(TcpWire, CarriesBytesUntilTheEnd) {
  Loop loop;
  auto [a, b] = WirePair(loop);
  const std::string long_text(1 << 20, 'x');
  Reader reader(*b);
  bool written = false;
  WriteAll(*a, Bytes(long_text), WireDone([&written, wire = a.get()](WireEnd end, size_t bytes) {
    EXPECT_EQ(end, WireEnd::kOk);
    EXPECT_EQ(bytes, size_t{1} << 20);
    written = true;
    wire->Finish(WireDone([](WireEnd, size_t) {}));
  }));
  EXPECT_TRUE(RunUntil(loop, [&] { return reader.end.has_value(); }));
  EXPECT_TRUE(written);
  EXPECT_EQ(reader.end, WireEnd::kEnded);
  EXPECT_EQ(reader.text, long_text);
}

TEST(TcpWire, ClosingEndsWhatIsPending) {
  Loop loop;
  auto [a, b] = WirePair(loop);
  Reader reader(*a);
  a->Close();
  EXPECT_TRUE(RunUntil(loop, [&] { return reader.end.has_value(); }));
  EXPECT_EQ(reader.end, WireEnd::kClosed);
}

TEST(Timer, CallsOnceUnlessCancelled) {
  Loop loop;
  int calls = 0;
  Timer timer(loop), other(loop);
  timer.After(std::chrono::milliseconds(1), [&] { ++calls; });
  other.After(std::chrono::milliseconds(1), [&] { calls += 100; });
  other.Cancel();
  loop.RunFor(std::chrono::milliseconds(30));
  EXPECT_EQ(calls, 1);
}

TEST(Listener, TakesConnectionsOnAnyFreePort) {
  Loop loop;
  std::vector<Socket> accepted;
  const auto listener =
      std::move(Listener::Open(loop, "127.0.0.1", 0, [&](Socket s) { accepted.push_back(std::move(s)); })).value();
  ASSERT_GT(listener->port(), 0);
  std::optional<Result<Socket>> connected;
  Connect(loop, "localhost", listener->port(), kSoon,
          [&](Result<Socket> socket) { connected.emplace(std::move(socket)); });
  EXPECT_TRUE(RunUntil(loop, [&] { return connected && !accepted.empty(); }));
  ASSERT_TRUE(connected->ok()) << connected->error().message();
  EXPECT_EQ(accepted.front().peer(), "127.0.0.1");
}

TEST(Listener, NamesThePortThatIsTaken) {
  Loop loop;
  const auto first = std::move(Listener::Open(loop, "127.0.0.1", 0, [](Socket) {})).value();
  const auto second = Listener::Open(loop, "127.0.0.1", first->port(), [](Socket) {});
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message().find("127.0.0.1 port " + std::to_string(first->port())), std::string::npos);
  EXPECT_FALSE(Listener::Open(loop, "localhost", 0, [](Socket) {}).ok());
}

TEST(IsLoopback, KnowsThisMachine) {
  for (const char* address : {"127.0.0.1",
                              "127."
                              "9.9.9",
                              "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(IsLoopback(address)) << address;
  for (const char* address : {"0.0.0.0", "::", "localhost", "",
                              "128."
                              "0.0.1"})
    EXPECT_FALSE(IsLoopback(address)) << address;
}

// A certificate for localhost, made by the openssl program for this test.
class Tls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::filesystem::temp_directory_path() / ("lipstream_tls_" + RandomName(9));
    std::filesystem::create_directory(folder_);
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout '" +
        (folder_ / "key.pem").string() + "' -out '" + (folder_ / "cert.pem").string() +
        "' -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null";
    made_ = std::system(command.c_str()) == 0;
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(folder_); }
  void SetUp() override { ASSERT_TRUE(made_) << "the openssl program made no certificate"; }

  // Both sides' wires; null where the handshake failed.
  std::pair<std::unique_ptr<Wire>, std::unique_ptr<Wire>> Handshake(const TlsContext& server, const TlsContext& client,
                                                                    const std::string& name) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    std::unique_ptr<Wire> a, b;
    int done = 0;
    AcceptTls(loop_, Socket(ends[0], ""), server, kSoon, [&](std::unique_ptr<Wire> wire) {
      a = std::move(wire);
      ++done;
    });
    ConnectTls(loop_, Socket(ends[1], ""), client, name, kSoon, [&](std::unique_ptr<Wire> wire) {
      b = std::move(wire);
      ++done;
    });
    EXPECT_TRUE(RunUntil(loop_, [&] { return done == 2; }));
    return {std::move(a), std::move(b)};
  }

  static inline Path folder_;
  static inline bool made_ = false;
  Loop loop_;
};

TEST_F(Tls, CarriesBytesToWhoTrustsTheCertificate) {
  const auto server = LoadTlsServer(folder_ / "cert.pem", folder_ / "key.pem");
  ASSERT_TRUE(server.ok()) << server.error().message();
  const auto client = LoadTlsClient(folder_ / "cert.pem");
  ASSERT_TRUE(client.ok()) << client.error().message();
  auto [a, b] = Handshake(server.value(), client.value(), "localhost");
  ASSERT_TRUE(a && b);
  Reader reader(*b);
  WriteAll(*a, Bytes("secret"), WireDone([](WireEnd, size_t) {}));
  EXPECT_TRUE(RunUntil(loop_, [&] { return reader.text == "secret"; }));
  a->Close();
  EXPECT_TRUE(RunUntil(loop_, [&] { return reader.end.has_value(); }));
}

TEST_F(Tls, ClientsRefuseStrangersAndOtherNames) {
  const auto server = LoadTlsServer(folder_ / "cert.pem", folder_ / "key.pem").value();
  EXPECT_FALSE(Handshake(server, LoadTlsClient(std::nullopt).value(), "localhost").second);
  EXPECT_FALSE(Handshake(server, LoadTlsClient(folder_ / "cert.pem").value(), "example.com").second);
}

TEST_F(Tls, WhoNeverShakesHandsIsLetGo) {
  const auto server = LoadTlsServer(folder_ / "cert.pem", folder_ / "key.pem").value();
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const Socket silent(ends[1], "");
  std::optional<bool> got;
  AcceptTls(loop_, Socket(ends[0], ""), server, std::chrono::milliseconds(50),
            [&](auto wire) { got = wire != nullptr; });
  EXPECT_TRUE(RunUntil(loop_, [&] { return got.has_value(); }));
  EXPECT_FALSE(*got);
}

TEST_F(Tls, NamesTheFileThatIsWrong) {
  const auto missing = LoadTlsServer(folder_ / "none.pem", folder_ / "key.pem");
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message().find("none.pem"), std::string::npos);
  const auto swapped = LoadTlsServer(folder_ / "key.pem", folder_ / "key.pem");
  ASSERT_FALSE(swapped.ok());
  EXPECT_NE(swapped.error().message().find("key.pem' holds no certificate"), std::string::npos);
}

}  // namespace
}  // namespace lips
