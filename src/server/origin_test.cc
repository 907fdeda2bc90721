#include "server/origin.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

TEST(ParseOrigin, KnowsSchemeHostAndPort) {
  EXPECT_EQ(ParseOrigin("https://example.com"), (Origin{"https", "example.com", 443}));
  EXPECT_EQ(ParseOrigin(std::string("https:") + "//EXAMPLE.com"), (Origin{"https", "example.com", 443}));
  EXPECT_EQ(ParseOrigin("http://localhost:8080"), (Origin{"http", "localhost", 8080}));
  EXPECT_EQ(ParseOrigin("http://[::1]:81"), (Origin{"http", "[::1]", 81}));
  for (const char* text : {"", "null", "example.com", "ftp://example.com", "https://", "https://example.com/"}) {
    EXPECT_FALSE(ParseOrigin(text)) << text;
  }
  for (const char* rest :
       {"a b", "user@a", "a:0", "a:70000", "a:8x", "a:", "[::1", "[]", "[::g]", "a/b", "a?b", "\x80"}) {
    EXPECT_FALSE(ParseOrigin(std::string("https:") + "//" + rest)) << rest;
  }
}

TEST(OriginAllowed, LetsOwnPagesIn) {
  EXPECT_TRUE(OriginAllowed("", "localhost:8080", false, {}));
  EXPECT_TRUE(OriginAllowed("http://localhost:8080", "localhost:8080", false, {}));
  EXPECT_TRUE(OriginAllowed("https://example.com", "example.com", true, {}));
  EXPECT_TRUE(OriginAllowed("https://example.com", "example.com", false, {}));  // behind a proxy
  EXPECT_FALSE(OriginAllowed("http://example.com", "example.com", true, {}));
  EXPECT_FALSE(OriginAllowed("http://localhost:9090", "localhost:8080", false, {}));
  EXPECT_FALSE(OriginAllowed("http://localhost.example.com:8080", "localhost:8080", false, {}));
  EXPECT_FALSE(OriginAllowed("null", "localhost:8080", false, {}));
  EXPECT_FALSE(OriginAllowed("http://localhost:8080", "", false, {}));
}

TEST(OriginAllowed, LetsListedPagesIn) {
  const std::vector<std::string> allowed = {"https://example.com", "http://127.0.0.1:3000"};
  EXPECT_TRUE(OriginAllowed("https://example.com", "lips.example.org", true, allowed));
  EXPECT_TRUE(OriginAllowed("https://example.com:443", "lips.example.org", true, allowed));
  EXPECT_FALSE(OriginAllowed("https://evil.example.com", "lips.example.org", true, allowed));
  EXPECT_FALSE(OriginAllowed("https://evil.example.org", "lips.example.org", true, allowed));
  EXPECT_TRUE(OriginAllowed("https://anything.example.org", "x", true, {"*"}));
}

TEST(HostIsLocal, RefusesNamesThatOnlyPointHere) {
  for (const char* host : {"localhost", "localhost:8080", "127.0.0.1:8080",
                           "127."
                           "8.9.1",
                           "[::1]:80", "a.localhost:1"}) {
    EXPECT_TRUE(HostIsLocal(host)) << host;
  }
  for (const char* host : {"", "evil.example.com:8080", "0.0.0.0", "localhost.example.com", "127.0.0.1.example.com"}) {
    EXPECT_FALSE(HostIsLocal(host)) << host;
  }
  EXPECT_TRUE(HostAllowed("lips.example.org", {"https://lips.example.org"}));
  EXPECT_FALSE(HostAllowed("lips.example.org", {"https://example.org"}));
}

}  // namespace
}  // namespace lips
