#include "net/http_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lips {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(HeaderOf, IgnoresCase) {
  const HttpHeaders headers = {{"Content-TYPE", "a"}, {"content-type", "b"}};
  EXPECT_EQ(HeaderOf(headers, "Content-Type"), "a");
  EXPECT_EQ(HeaderOf(headers, "Content"), "");
}

TEST(HeaderHasToken, LooksBetweenCommas) {
  EXPECT_TRUE(HeaderHasToken("keep-alive, Upgrade", "upgrade"));
  EXPECT_TRUE(HeaderHasToken("lipsync.v1", "lipsync.v1"));
  EXPECT_FALSE(HeaderHasToken("lipsync.v10, xlipsync.v1", "lipsync.v1"));
  EXPECT_FALSE(HeaderHasToken("", "x"));
}

TEST(ResponseHead, SaysLengthOrChunks) {
  HttpResponse response;
  response.headers = {{"ETag", "\"x\""}};
  const std::string head = ResponseHead(response, 12, true);
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\nETag: \"x\"\r\nDate: "));
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 12\r\nConnection: keep-alive\r\n"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  EXPECT_THAT(ResponseHead(response, -1, false), HasSubstr("Transfer-Encoding: chunked\r\nConnection: close"));
  response.status = 304;
  EXPECT_THAT(ResponseHead(response, 0, true), Not(HasSubstr("Content-Length")));
  EXPECT_EQ(ChunkHead(255), "ff\r\n");
}

}  // namespace
}  // namespace lips
