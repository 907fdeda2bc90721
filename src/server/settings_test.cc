#include "server/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace lips {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string WhyRefused(const char* json) {
  ServeSettings settings;
  const Status status = ApplyConfig(json, settings);
  return status.ok() ? "accepted" : status.error().message();
}

ServeSettings Valid() {
  ServeSettings settings;
  settings.avatars = {"avatars"};
  return settings;
}

std::string WhyUnfit(const ServeSettings& settings) {
  const Status status = CheckServeSettings(settings);
  return status.ok() ? "fits" : status.error().message();
}

TEST(ApplyConfig, SetsWhatTheFileNames) {
  ServeSettings settings;
  ASSERT_TRUE(ApplyConfig(R"({"avatars":["a","b"],"port":9000,"insecure":true,"headroom":0.5,"precision":"int8",
                             "allow_origin":"https://example.com"})",
                          settings)
                  .ok());
  EXPECT_THAT(settings.avatars, ElementsAre("a", "b"));
  EXPECT_EQ(settings.port, 9000);
  EXPECT_TRUE(settings.insecure);
  EXPECT_EQ(settings.headroom, 0.5);
  EXPECT_EQ(settings.precision, "int8");
  EXPECT_THAT(settings.allow_origin, ElementsAre("https://example.com"));
  EXPECT_EQ(settings.bind, "127.0.0.1");  // what is not named stays
}

TEST(ApplyConfig, NamesTheNearestKey) {
  EXPECT_THAT(WhyRefused(R"({"prt":1})"), HasSubstr("unknown key 'prt' (did you mean 'port'?)"));
  EXPECT_THAT(WhyRefused(R"({"alow_origin":1})"), HasSubstr("'allow_origin'"));
  EXPECT_EQ(WhyRefused(R"({"zebra_crossing":1})"), "unknown key 'zebra_crossing'");
}

TEST(ApplyConfig, SaysWhatAValueShouldBe) {
  EXPECT_EQ(WhyRefused(R"({"port":"80"})"), "'port' must be a number of 0 to 65535, not \"80\"");
  EXPECT_EQ(WhyRefused(R"({"port":70000})"), "'port' must be a number of 0 to 65535, not 70000");
  EXPECT_EQ(WhyRefused(R"({"headroom":0.01})"), "'headroom' must be a number of 0.1 to 1, not 0.01");
  EXPECT_EQ(WhyRefused(R"({"insecure":1})"), "'insecure' must be true or false, not 1");
  EXPECT_EQ(WhyRefused(R"({"avatars":[1]})"), "'avatars' must be a list of texts, not [1]");
  EXPECT_EQ(WhyRefused(R"({"bind":null})"), "'bind' must be text, not null");
  EXPECT_THAT(WhyRefused("[]"), HasSubstr("object"));
  EXPECT_NE(WhyRefused("{"), "accepted");
}

TEST(CheckServeSettings, WantsTokenAndTlsWhereOthersCanConnect) {
  ServeSettings settings = Valid();
  EXPECT_EQ(WhyUnfit(settings), "fits");
  settings.bind = "0.0.0.0";
  EXPECT_THAT(WhyUnfit(settings), HasSubstr("needs a token (--token-key or --api-key) and TLS"));
  settings.token_key = "keys";
  EXPECT_THAT(WhyUnfit(settings), HasSubstr("needs TLS"));
  settings.tls_cert = "cert.pem";
  EXPECT_THAT(WhyUnfit(settings), HasSubstr("only one of them"));
  settings.tls_key = "key.pem";
  EXPECT_EQ(WhyUnfit(settings), "fits");
  settings.token_key = "";
  EXPECT_THAT(WhyUnfit(settings), HasSubstr("needs a token"));
  settings.insecure = true;
  EXPECT_EQ(WhyUnfit(settings), "fits");
}

TEST(CheckServeSettings, FindsWhatDoesNotFit) {
  EXPECT_THAT(WhyUnfit(ServeSettings()), HasSubstr("--avatars"));
  ServeSettings settings = Valid();
  settings.allow_origin = {"example.com"};
  EXPECT_THAT(WhyUnfit(settings), HasSubstr("no origin"));
  settings.allow_origin = {"*"};
  settings.cache_memory = "lots";
  EXPECT_NE(WhyUnfit(settings), "fits");
}

TEST(CheckServeSettings, WantsALabelWithItsText) {
  ServeSettings settings;
  settings.avatars = {"anna"};
  settings.label_position = "top";
  EXPECT_THAT(CheckServeSettings(settings).error().message(), testing::HasSubstr("--label TEXT"));
  settings.label = "AI-generated";
  EXPECT_TRUE(CheckServeSettings(settings).ok());
  settings.label_position = "middle";
  EXPECT_THAT(CheckServeSettings(settings).error().message(), testing::HasSubstr("bottom-left"));
  settings.label_position = "auto";
  settings.role = kRoleGenerator;
  EXPECT_THAT(CheckServeSettings(settings).error().message(), testing::HasSubstr("not pictures"));
}

TEST(SettingKeys, AreThereOnceWithHelp) {
  std::set<std::string> names;
  for (const SettingKey& key : SettingKeys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_GT(std::string(key.help).size(), 10u) << key.name;
  }
}

}  // namespace
}  // namespace lips
