#include "net/http_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace lips {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

constexpr const char* kPost =
    "POST /v1/sessions?x=1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

TEST(HttpRequestParser, ReadsAMessageHoweverItIsCut) {
  const std::string text = kPost;
  for (size_t step : {size_t{1}, size_t{7}, text.size()}) {
    HttpRequestParser parser{HttpLimits()};
    for (size_t at = 0; at < text.size(); at += step) {
      EXPECT_FALSE(parser.complete());
      parser.Feed(Bytes(std::string_view(text).substr(at, step)));
    }
    ASSERT_TRUE(parser.complete()) << step;
    const HttpRequest request = parser.Take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/v1/sessions?x=1");
    EXPECT_EQ(request.Header("content-type"), "application/json");
    EXPECT_EQ(request.body, "{}");
    EXPECT_TRUE(request.keep_alive);
  }
}

TEST(HttpRequestParser, ReadsOneMessageAfterTheOther) {
  HttpRequestParser parser{HttpLimits()};
  parser.Feed(Bytes(std::string(kPost) + "GET /a HTTP/1.0\r\n\r\nrest"));
  EXPECT_EQ(parser.Take().body, "{}");
  ASSERT_TRUE(parser.complete());
  const HttpRequest second = parser.Take();
  EXPECT_EQ(second.target, "/a");
  EXPECT_FALSE(second.keep_alive);
}

TEST(HttpRequestParser, LeavesWhatComesAfterAnUpgrade) {
  HttpRequestParser parser{HttpLimits()};
  parser.Feed(Bytes("GET /s HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00"));
  EXPECT_TRUE(parser.Take().wants_upgrade());
}

int StatusOfFault(const std::string& text, HttpLimits limits = {}, size_t step = 1000) {
  HttpRequestParser parser{limits};
  for (size_t at = 0; at < text.size() && parser.fault() == nullptr; at += step) {
    parser.Feed(Bytes(std::string_view(text).substr(at, step)));
  }
  return parser.fault() == nullptr ? 0 : parser.fault()->status;
}

TEST(HttpRequestParser, RefusesWhatIsNoHttp) {
  EXPECT_EQ(StatusOfFault("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400);  // TLS on the wrong port
  EXPECT_EQ(StatusOfFault("GET\r\n\r\n"), 400);
  EXPECT_EQ(StatusOfFault("GET / HTTP/3.0\r\n\r\n"), 400);
  EXPECT_EQ(StatusOfFault("GET / HTTP/1.1\r\nno colon\r\n\r\n"), 400);
  EXPECT_EQ(StatusOfFault("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400);
  EXPECT_EQ(StatusOfFault("GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(HttpRequestParser, BoundsHeaderBlockAndBody) {
  const std::string endless = "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'a');
  EXPECT_EQ(StatusOfFault(endless), 431);
  EXPECT_EQ(StatusOfFault(endless, {}, 1), 431);
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 5000; ++i) many += "X: aaaa\r\n";
  EXPECT_EQ(StatusOfFault(many), 431);
  EXPECT_EQ(StatusOfFault("GET /" + std::string(100'000, 'a')), 431);
  EXPECT_EQ(StatusOfFault("POST / HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n"), 413);
  EXPECT_EQ(StatusOfFault("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string("ffffff\r\n") +
                          std::string(200'000, 'a')),
            413);
  EXPECT_NE(StatusOfFault("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;" + std::string(100'000, 'x')), 0);
}

TEST(HttpResponseParser, ReadsABodyThatEndsWithTheConnection) {
  HttpResponseParser parser{HttpLimits()};
  parser.Feed(Bytes("HTTP/1.1 200 OK\r\n\r\nhello"));
  EXPECT_FALSE(parser.complete());
  parser.FeedEnd();
  ASSERT_TRUE(parser.complete());
  const HttpResponse response = parser.Take();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.text(), "hello");
}

TEST(HttpResponseParser, ReadsChunks) {
  HttpResponseParser parser{HttpLimits()};
  parser.Feed(Bytes(
      "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\nRetry-After: 5\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  ASSERT_TRUE(parser.complete());
  const HttpResponse response = parser.Take();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.text(), "abcde");
  EXPECT_EQ(response.Header("retry-after"), "5");
}

}  // namespace
}  // namespace lips
