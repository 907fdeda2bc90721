#include "demo/sentences.h"

#include <algorithm>
#include <system_error>
#include <tuple>

#include "media/speech.h"

namespace lips::demo {
namespace {

namespace fs = std::filesystem;
constexpr size_t kFrameSamples = 640;  // 16 kHz at 25 fps
constexpr double kMaxOverhangSeconds = 0.5;

Path PhonesOf(const Sentence& sentence) { return Path(sentence.wav).replace_extension(".phones"); }

}  // namespace

Result<std::vector<Sentence>> FindSentences(const Path& folder) {
  std::vector<Sentence> sentences;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().extension() != ".wav") continue;
    const std::string name = entry->path().stem().string();
    sentences.push_back({name, entry->path(), name.starts_with("heldout_")});
  }
  if (error) return Error(ErrorCode::kIo, "cannot read the folder '" + folder.string() + "': " + error.message());
  if (sentences.empty()) {
    return Error(ErrorCode::kInvalidInput, "no NAME.wav with NAME.phones in '" + folder.string() + "'");
  }
  std::ranges::sort(sentences, {}, [](const Sentence& s) { return std::tie(s.held_out, s.name); });
  for (const Sentence& sentence : sentences) {
    if (fs::is_regular_file(PhonesOf(sentence), error)) continue;
    return Error(ErrorCode::kInvalidInput,
                 "'" + sentence.wav.string() + "' has no '" + PhonesOf(sentence).filename().string() + "' beside it");
  }
  return sentences;
}

Result<SpokenSentence> ReadSentence(const Sentence& sentence) {
  ASSIGN_OR_RETURN(Speech speech, ReadSpeech(sentence.wav));
  ASSIGN_OR_RETURN(const std::vector<Phone> phones, ReadPhones(PhonesOf(sentence)));
  const double length_s = static_cast<double>(speech.samples_16k.size()) / 16000;
  if (phones.back().end_s > length_s + kMaxOverhangSeconds) {
    return Error(ErrorCode::kInvalidInput, "'" + PhonesOf(sentence).string() + "' ends at " +
                                               std::to_string(phones.back().end_s) + " s, its sound at " +
                                               std::to_string(length_s) + " s");
  }
  SpokenSentence spoken;
  const size_t frames = (speech.samples_16k.size() + kFrameSamples - 1) / kFrameSamples;
  spoken.samples_16k = std::move(speech.samples_16k);
  spoken.samples_16k.resize(frames * kFrameSamples);
  spoken.mouths = MouthCurve(phones, static_cast<int64_t>(frames));
  return spoken;
}

}  // namespace lips::demo
