#include "server/access.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/hmac.h"
#include "base/json.h"

namespace lips {
namespace {

constexpr int64_t kNow = 1'700'000'000;

class AccessTest : public ::testing::Test {
 protected:
  void TearDown() override {
    std::filesystem::remove(keys_);
    std::filesystem::remove(api_key_);
  }

  Access Open(bool token_key, bool api_key) {
    ServeSettings settings = settings_;
    std::ofstream(keys_) << "k1 " << key_.secret << "\n";
    std::ofstream(api_key_) << "api-key-of-the-test\n";
    if (token_key) settings.token_key = keys_;
    if (api_key) settings.api_key = api_key_;
    return std::move(Access::Open(settings)).value();
  }

  static Visit From(HttpHeaders headers, const char* target = "/v1/stream") {
    Visit visit;
    visit.request.headers = std::move(headers);
    visit.request.headers.emplace_back("Host", "localhost:8080");
    visit.target = ParseTarget(target).value();
    return visit;
  }

  static std::string CodeIn(const HttpResponse& response) {
    return std::to_string(response.status) + " " +
           ParseJson(response.text()).value().Find("error")->Find("code")->as_string();
  }

  // "pass", "resume", or status and code of the refusal.
  std::string Stream(Access& access, const std::string& token, const char* target = "/v1/stream",
                     int64_t now_s = kNow) {
    const Visit visit = From({{"Sec-WebSocket-Protocol", "lipsync.v1, bearer." + token}}, target);
    const auto answer = access.CheckStream(visit, now_s, [this](const std::string& id) { return id == connected_; });
    if (const auto* response = std::get_if<HttpResponse>(&answer)) return CodeIn(*response);
    return std::get<Access::Pass>(answer).only_resume ? "resume" : "pass";
  }

  std::string Token(const std::string& session, const std::string& avatar = "", int64_t life_s = 60) const {
    TokenClaims claims;
    claims.session = session;
    claims.avatar = avatar;
    claims.issued_s = kNow;
    claims.expires_s = kNow + life_s;
    return SignToken(claims, key_);
  }

  ServeSettings settings_;
  const TokenKey key_{"k1", std::string(32, 's')};
  std::string connected_;
  Path keys_ = std::filesystem::temp_directory_path() / ("lipstream_access_" + RandomName(9));
  Path api_key_ = std::filesystem::temp_directory_path() / ("lipstream_api_" + RandomName(9));
};

TEST_F(AccessTest, IsOpenWhereNoKeyIsSet) {
  Access access = Open(false, false);
  EXPECT_FALSE(access.needs_token());
  EXPECT_FALSE(access.CheckApiKey(From({})));
  EXPECT_EQ(Stream(access, ""), "pass");
  EXPECT_EQ(access.Sign("s", "a", kNow), "");
  connected_ = "s";  // whoever knows a session's name still needs its resume token
  EXPECT_EQ(Stream(access, "", "/v1/stream?session=s"), "resume");
}

TEST_F(AccessTest, WantsATokenForEveryStream) {
  Access access = Open(true, false);
  EXPECT_EQ(Stream(access, ""), "401 token_missing");
  EXPECT_EQ(Stream(access, "nonsense"), "401 token_invalid");
  EXPECT_EQ(Stream(access, Token("s") + "x"), "401 token_invalid");
  EXPECT_EQ(Stream(access, Token("s"), "/v1/stream", kNow + 60), "401 token_expired");
  EXPECT_EQ(Stream(access, Token("s"), "/v1/stream?session=other"), "403 token_of_another_session");
  EXPECT_EQ(Stream(access, Token("", "", 61)), "401 token_invalid");
  EXPECT_EQ(Stream(access, Token("s"), "/v1/stream?session=s"), "pass");
}

TEST_F(AccessTest, ATokenLetsInOnceAndAfterwardsOnlyBackToItsSession) {
  Access access = Open(true, false);
  const std::string token = Token("s");
  EXPECT_EQ(Stream(access, token), "pass");
  EXPECT_EQ(Stream(access, token), "401 token_used");
  connected_ = "s";
  EXPECT_EQ(Stream(access, token), "resume");
  EXPECT_EQ(Stream(access, token, "/v1/stream?session=s", kNow + 3000), "resume");
  EXPECT_EQ(Stream(access, Token("other"), "/v1/stream?session=s"), "403 token_of_another_session");
}

TEST_F(AccessTest, ATokenOfNoSessionLeadsBackToTheOneItOpened) {
  Access access = Open(true, false);
  const std::string token = Token("");
  EXPECT_EQ(Stream(access, token), "pass");
  const Visit visit = From({{"Sec-WebSocket-Protocol", "lipsync.v1, bearer." + token}});
  access.Opened(visit, "s", [](const std::string&) { return true; });
  EXPECT_EQ(Stream(access, token), "401 token_used") << "nobody has connected to it yet";
  connected_ = "s";
  EXPECT_EQ(Stream(access, token, "/v1/stream?resume=1", kNow + 3000), "resume");
  EXPECT_EQ(Stream(access, Token("", "anna")), "pass") << "another token is another session's";
  access.Opened(From({{"Authorization", "Bearer other"}}), "t", [](const std::string&) { return false; });
  EXPECT_EQ(Stream(access, token), "401 token_used") << "the session is over";
}

TEST_F(AccessTest, LongTokensLetInAgain) {
  settings_.long_tokens = true;
  Access access = Open(true, false);
  const std::string token = Token("", "", 86400);
  EXPECT_EQ(Stream(access, token), "pass");
  EXPECT_EQ(Stream(access, token), "pass");
  EXPECT_EQ(Stream(access, token, "/v1/stream", kNow + 86400), "401 token_expired");
}

TEST_F(AccessTest, TokensMayComeInAHeader) {
  Access access = Open(true, false);
  const Visit visit = From({{"Authorization", "Bearer " + Token("s")}});
  EXPECT_TRUE(std::holds_alternative<Access::Pass>(access.CheckStream(visit, kNow, [](auto&) { return false; })));
}

TEST_F(AccessTest, MakersOfSessionsBringTheApiKey) {
  Access access = Open(false, true);
  EXPECT_TRUE(access.needs_token());
  EXPECT_EQ(CodeIn(*access.CheckApiKey(From({}))), "401 api_key_missing");
  EXPECT_EQ(CodeIn(*access.CheckApiKey(From({{"Authorization", "Bearer api-key-of-the-tesT"}}))), "401 api_key_wrong");
  EXPECT_FALSE(access.CheckApiKey(From({{"Authorization", "Bearer api-key-of-the-test"}})));
  EXPECT_EQ(Stream(access, access.Sign("s", "anna", kNow)), "pass");
  Access signed_elsewhere = Open(true, false);
  EXPECT_EQ(CodeIn(*signed_elsewhere.CheckApiKey(From({}))), "403 no_api_key");
}

TEST_F(AccessTest, WatchersNeedATokenOfTheSession) {
  const Access access = Open(true, true);
  const auto watch = [&](const std::string& target) {
    const auto refused = access.CheckWatch(From({}, target.c_str()), "s", kNow);
    return refused ? CodeIn(*refused) : "pass";
  };
  EXPECT_EQ(watch("/v1/sessions/s/mjpeg"), "401 token_invalid");
  EXPECT_EQ(watch("/v1/sessions/s/mjpeg?token=" + Token("other")), "403 token_of_another_session");
  EXPECT_EQ(watch("/v1/sessions/s/mjpeg?token=" + Token("s")), "pass");
}

TEST_F(AccessTest, PagesOfOtherOriginsStayOut) {
  Access access = Open(false, false);
  EXPECT_FALSE(access.CheckPage(From({})));
  EXPECT_FALSE(access.CheckPage(From({{"Origin", "http://localhost:8080"}})));
  EXPECT_EQ(CodeIn(*access.CheckPage(From({{"Origin", "https://example.com"}}))), "403 origin_not_allowed");
  Visit rebound;
  rebound.request.headers = {{"Host", "example.com:8080"}, {"Origin", "http://example.com:8080"}};
  EXPECT_EQ(CodeIn(*access.CheckPage(rebound)), "403 host_not_allowed");
}

}  // namespace
}  // namespace lips
