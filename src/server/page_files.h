// The web page and what belongs to it: built into the program, or read from a folder while it is being worked on.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/file_part.h"
#include "base/result.h"

namespace lips {

struct EmbeddedFile {
  std::string_view name;  // "index.html", "client/session.js"
  std::span<const uint8_t> bytes;
};
std::span<const EmbeddedFile> EmbeddedPage();  // written by cmake/LipsEmbed.cmake from web/

struct PageFile {
  OwnedBytes bytes;
  std::string etag;
  std::string_view content_type;
};

// Any number of threads.
class PageFiles {
 public:
  // Errors: kIo when `folder` is given and is none.
  static Result<PageFiles> Open(const std::optional<Path>& folder);

  // `name` as in the address, "" for the page itself; nothing when there is no such file. From a folder only what lies
  // in it and does not begin with a dot.
  std::optional<PageFile> Find(std::string_view name) const;

 private:
  struct Built {
    std::span<const uint8_t> bytes;
    std::string etag;
  };
  std::optional<Path> folder_;
  std::map<std::string, Built, std::less<>> built_;
};

// By the name's end; "application/octet-stream" for the unknown.
std::string_view ContentTypeOf(std::string_view name);

}  // namespace lips
