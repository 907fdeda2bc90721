// Parts and versions of what is served: Range, If-Range and If-None-Match.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace lips {

struct ByteRange {
  int64_t first = 0;
  int64_t last = 0;  // inclusive
};

// What a Range header asks of `size` bytes. Nothing: all of it, which is also the answer to several ranges and to what
// is no byte range. A range with first > last cannot be satisfied.
std::optional<ByteRange> ParseRange(std::string_view header, int64_t size);

// Answers GET and HEAD for a resource: 304 when the client has it, 206 for a part, 416 for one beyond the end, else
// 200. `etag` without quotes; headers the resource wants to be sent along are `headers`.
HttpResponse ServeBytes(const HttpRequest& request, const OwnedBytes& bytes, const std::string& etag,
                        HttpHeaders headers);

}  // namespace lips
