#include "server/byte_range.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

std::string Range(const char* header, int64_t size = 10) {
  const auto range = ParseRange(header, size);
  if (!range) return "all";
  if (range->first > range->last) return "none";
  return std::to_string(range->first) + "-" + std::to_string(range->last);
}

TEST(ParseRange, TakesOneRange) {
  EXPECT_EQ(Range("bytes=0-3"), "0-3");
  EXPECT_EQ(Range("bytes=4-"), "4-9");
  EXPECT_EQ(Range("bytes=-3"), "7-9");
  EXPECT_EQ(Range("bytes=-30"), "0-9");
  EXPECT_EQ(Range("bytes=8-1000000000000000000000"), "8-9");
}

TEST(ParseRange, CannotSatisfyWhatLiesBeyondTheEnd) {
  EXPECT_EQ(Range("bytes=10-"), "none");
  EXPECT_EQ(Range("bytes=1000000000000000000000-"), "none");
  EXPECT_EQ(Range("bytes=-0"), "none");
  EXPECT_EQ(Range("bytes=0-", 0), "none");
}

TEST(ParseRange, IgnoresWhatIsNone) {
  for (const char* header : {"", "bytes", "bytes=", "bytes=-", "bytes=3-1", "bytes=a-b", "bytes=+1-2", "bytes=1-2,4-5",
                             "lines=1-2", "bytes= 1-2", "bytes=1-2x", "bytes=--2"}) {
    EXPECT_EQ(Range(header), "all") << header;
  }
}

HttpResponse Serve(HttpHeaders headers) {
  HttpRequest request;
  request.headers = std::move(headers);
  return ServeBytes(request, TextBody("0123456789"), "abc", {{"Content-Type", "text/plain"}});
}

TEST(ServeBytes, GivesThePartThatWasAskedFor) {
  const HttpResponse part = Serve({{"Range", "bytes=2-4"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.text(), "234");
  EXPECT_EQ(part.Header("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(part.Header("Content-Type"), "text/plain");
  const HttpResponse beyond = Serve({{"Range", "bytes=20-"}});
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.Header("Content-Range"), "bytes */10");
  EXPECT_EQ(Serve({}).text(), "0123456789");
}

TEST(ServeBytes, KnowsWhatTheClientHas) {
  EXPECT_EQ(Serve({{"If-None-Match", "\"x\", \"abc\""}}).status, 304);
  EXPECT_EQ(Serve({{"If-None-Match", "W/\"abc\""}}).status, 304);
  EXPECT_EQ(Serve({{"If-None-Match", "\"abcd\""}}).status, 200);
  // A part of another version would not fit what the client has of the old one.
  EXPECT_EQ(Serve({{"If-Range", "\"abc\""}, {"Range", "bytes=2-4"}}).status, 206);
  EXPECT_EQ(Serve({{"If-Range", "\"old\""}, {"Range", "bytes=2-4"}}).status, 200);
}

}  // namespace
}  // namespace lips
