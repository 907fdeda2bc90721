#include "server/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/base64.h"
#include "base/hmac.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000;
const TokenKey kCurrent{"k2", std::string(32, 'b')};
const TokenKey kFormer{"k1", std::string(40, 'a')};
const std::vector<TokenKey> kKeys = {kCurrent, kFormer};

TokenClaims Claims() {
  TokenClaims claims;
  claims.subject = "app";
  claims.session = "s-1";
  claims.avatar = "anna";
  claims.max_s = 600;
  claims.issued_s = kNow;
  claims.expires_s = kNow + 60;
  return claims;
}

std::string Url(std::string_view text) {
  return EncodeBase64({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, Base64::kUrl);
}

// A token of any header and body, rightly signed by the current key.
std::string Signed(std::string_view header, std::string_view body) {
  const std::string content = Url(header) + "." + Url(body);
  return content + "." + EncodeBase64(HmacSha256(kCurrent.secret, content), Base64::kUrl);
}

std::string WhyRefused(std::string_view token, int64_t now_s = kNow, bool long_lived = false) {
  const auto claims = VerifyToken(token, kKeys, {now_s, long_lived});
  return claims.ok() ? "accepted" : claims.error().message();
}

TEST(VerifyToken, GivesBackWhatWasSigned) {
  for (const TokenKey& key : kKeys) {
    const auto claims = VerifyToken(SignToken(Claims(), key), kKeys, {kNow + 30});
    ASSERT_TRUE(claims.ok()) << claims.error().message();
    EXPECT_EQ(claims.value().subject, "app");
    EXPECT_EQ(claims.value().session, "s-1");
    EXPECT_EQ(claims.value().avatar, "anna");
    EXPECT_EQ(claims.value().max_s, 600);
    EXPECT_EQ(claims.value().expires_s, kNow + 60);
  }
}

TEST(VerifyToken, RefusesOtherKeysAndChangedTokens) {
  EXPECT_THAT(WhyRefused(SignToken(Claims(), {"k2", std::string(32, 'x')})), HasSubstr("not signed by a key"));
  EXPECT_THAT(WhyRefused(SignToken(Claims(), {"k9", kCurrent.secret})), HasSubstr("not signed by a key"));
  EXPECT_THAT(WhyRefused(SignToken(Claims(), {"k1", kCurrent.secret})), HasSubstr("not signed by a key"));
  const std::string token = SignToken(Claims(), kCurrent);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(WhyRefused(changed), "accepted") << i;
  }
  for (size_t length = 0; length < token.size(); ++length) {
    EXPECT_NE(WhyRefused(std::string_view(token).substr(0, length)), "accepted") << length;
  }
}

TEST(VerifyToken, RefusesOtherAlgorithms) {
  const std::string body = R"({"iat":1700000000,"exp":1700000060})";
  EXPECT_EQ(WhyRefused(Signed(R"({"alg":"HS256"})", body)), "accepted");
  for (const char* header : {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"hs256"})", R"({"alg":"HS512"})",
                             R"({"alg":"RS256"})", R"({"alg":null})", R"({})"}) {
    EXPECT_THAT(WhyRefused(Signed(header, body)), HasSubstr("not signed with HS256")) << header;
  }
  EXPECT_NE(WhyRefused(Url(R"({"alg":"none"})") + "." + Url(body) + "."), "accepted");
  EXPECT_THAT(WhyRefused(Signed(R"({"alg":"HS256","crit":["x"]})", body)), HasSubstr("extensions"));
}

TEST(VerifyToken, HoldsTokensToTheirTimes) {
  const std::string token = SignToken(Claims(), kCurrent);
  EXPECT_EQ(WhyRefused(token, kNow + 59), "accepted");
  EXPECT_THAT(WhyRefused(token, kNow + 60), HasSubstr("expired"));
  EXPECT_EQ(WhyRefused(token, kNow - 5), "accepted");  // clocks differ a little
  EXPECT_THAT(WhyRefused(token, kNow - 6), HasSubstr("future"));
  TokenClaims lasting = Claims();
  lasting.expires_s = kNow + 61;
  EXPECT_THAT(WhyRefused(SignToken(lasting, kCurrent)), HasSubstr("longer than 60 s"));
  EXPECT_EQ(WhyRefused(SignToken(lasting, kCurrent), kNow, /*long_lived=*/true), "accepted");
  EXPECT_THAT(WhyRefused(Signed(R"({"alg":"HS256"})", R"({"iat":1700000000})")), HasSubstr("when it expires"));
  EXPECT_THAT(WhyRefused(Signed(R"({"alg":"HS256"})", R"({"iat":1700000000,"exp":"1700000060"})")),
              HasSubstr("when it expires"));
  EXPECT_NE(WhyRefused(Signed(R"({"alg":"HS256"})", R"({"iat":-9223372036854775807,"exp":9223372036854775807})")),
            "accepted");
}

TEST(VerifyToken, RefusesWhatIsNoToken) {
  for (const char* token : {"", ".", "..", "...", "a.b", "a.b.c.d", "!.!.!", "e30.e30.", "W10.W10.W10"}) {
    EXPECT_NE(WhyRefused(token), "accepted") << token;
  }
  EXPECT_THAT(WhyRefused(std::string(5000, 'a')), HasSubstr("4096"));
}

TEST(UsedTokens, LetsEachInOnce) {
  UsedTokens used;
  EXPECT_TRUE(used.Use("a", kNow + 60, kNow));
  EXPECT_FALSE(used.Use("a", kNow + 60, kNow + 10));
  EXPECT_TRUE(used.Use("b", kNow + 60, kNow + 10));
  // Forgotten when it has expired: VerifyToken refuses it from then on.
  EXPECT_TRUE(used.Use("a", kNow + 160, kNow + 60));
}

class KeyFile : public ::testing::Test {
 protected:
  std::string Load(const std::string& text) {
    std::ofstream(path_) << text;
    const auto keys = LoadTokenKeys(path_);
    if (!keys.ok()) return keys.error().message();
    std::string ids;
    for (const TokenKey& key : keys.value()) ids += key.id + "=" + std::to_string(key.secret.size()) + " ";
    return ids;
  }
  void TearDown() override { std::filesystem::remove(path_); }
  Path path_ = std::filesystem::temp_directory_path() / ("lipstream_keys_" + RandomName(9));
};

TEST_F(KeyFile, HoldsOneOrTwoKeys) {
  const std::string a(32, 'a');
  EXPECT_EQ(Load("# current first\nk2 " + a + "\n\n  k1\t" + a + "b \r\n"), "k2=32 k1=33 ");
  EXPECT_THAT(Load(""), HasSubstr("0 keys"));
  EXPECT_THAT(Load("a " + a + "\nb " + a + "\nc " + a + "\n"), HasSubstr("3 keys"));
  EXPECT_THAT(Load("k2 short\n"), HasSubstr("line 1: the secret has fewer than 32 bytes"));
  EXPECT_THAT(Load("k2\n"), HasSubstr("an id and a secret"));
  EXPECT_THAT(Load("k " + a + "\nk " + a + "\n"), HasSubstr("twice"));
}

}  // namespace
}  // namespace lips
