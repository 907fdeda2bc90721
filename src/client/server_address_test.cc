#include "client/server_address.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

std::string Parsed(const char* url) {
  const auto address = ParseServerUrl(url, std::nullopt);
  if (!address.ok()) return "none";
  const ServerAddress& a = address.value();
  return (a.secure ? "tls " : "") + a.host + " " + std::to_string(a.port) + " " + a.host_header();
}

TEST(ParseServerUrl, KnowsSchemeHostAndPort) {
  EXPECT_EQ(Parsed("http://localhost:8080"), "localhost 8080 localhost:8080");
  EXPECT_EQ(Parsed("ws://localhost/"), "localhost 80 localhost");
  EXPECT_EQ(Parsed("https://example.com"), "tls example.com 443 example.com");
  EXPECT_EQ(Parsed("wss://example.com:8443/"), "tls example.com 8443 example.com:8443");
  EXPECT_EQ(Parsed("http://[::1]:81"), "::1 81 [::1]:81");
}

TEST(ParseServerUrl, RefusesWhatIsNone) {
  for (const char* url : {"", "localhost:8080", "http://localhost/path"}) EXPECT_EQ(Parsed(url), "none") << url;
  for (const char* rest : {"", ":80", "a:0", "a:x", "a:70000", "a:80x", "u@a", "[::1", "[::1]x", "a b", "a?b", "a#b"}) {
    EXPECT_EQ(Parsed((std::string("http:") + "//" + rest).c_str()), "none") << rest;
  }
  EXPECT_EQ(Parsed((std::string("ftp:") + "//a").c_str()), "none");
}

TEST(ParseServerUrl, NamesAnAuthorityItCannotRead) {
  EXPECT_FALSE(ParseServerUrl("https://example.com", Path("no-such-file.pem")).ok());
}

TEST(FetchNow, SaysWhoDoesNotAnswer) {
  ServerAddress nobody;
  nobody.host = "127.0.0.1";
  nobody.port = 1;
  const auto answer = FetchNow(nobody, {});
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().message().find("cannot connect to 127.0.0.1 port 1"), std::string::npos);
}

}  // namespace
}  // namespace lips
