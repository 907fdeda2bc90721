// Runs a fuzz target over a corpus without libFuzzer: every seed, the seed cut short at several places, and no bytes
// at all. usage: TARGET FILE|FOLDER...
//
// Exit 0 when every input came back, 2 when there was nothing to run. The input at work is printed first, so that a
// crash names its file.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

std::set<fs::path> Seeds(int count, char** arguments) {
  std::set<fs::path> seeds;
  for (int i = 1; i < count; ++i) {
    const fs::path path = arguments[i];
    if (fs::is_regular_file(path)) seeds.insert(path);
    if (!fs::is_directory(path)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file() && !entry.path().filename().string().starts_with('.')) seeds.insert(entry.path());
    }
  }
  return seeds;
}

// The bytes get a buffer of exactly their size, so that the address sanitizer sees a read past the end.
void RunPrefix(const std::vector<uint8_t>& bytes, size_t size) {
  const std::vector<uint8_t> exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
  const std::set<fs::path> seeds = Seeds(argc, argv);
  if (seeds.empty()) {
    std::fprintf(stderr, "no seeds: expected at least one file in the corpus folder named on the command line\n");
    return 2;
  }
  constexpr size_t kCuts = 16;
  for (const fs::path& seed : seeds) {
    std::printf("%s\n", seed.c_str());
    std::fflush(stdout);
    std::ifstream file(seed, std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    RunPrefix(bytes, bytes.size());
    for (size_t cut = 0; cut < kCuts; ++cut) RunPrefix(bytes, bytes.size() * cut / kCuts);
  }
  std::printf("%zu seeds replayed\n", seeds.size());
  return 0;
}
