// Every measure of a talking video finds the fault it is for, planted by ourselves, and is content with the clean twin.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <optional>
#include <utility>

#include "avatar/avatar.h"
#include "avatar/steady_rects.h"
#include "base/file.h"
#include "composite/composite.h"
#include "image/colour.h"
#include "image/resize.h"
#include "media/picture.h"
#include "media/speech.h"
#include "render/render.h"
#include "talker/timeline.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"
#include "verify/avatar_proof.h"
#include "verify/html_report.h"
#include "verify/pages.h"
#include "verify/talk.h"

namespace lips {
namespace {

// A render of the synthetic avatar, kept as pictures in memory beside the template frames it was made of.
struct Talk {
  std::vector<Image> shown, original;
  std::vector<Rect> rects;  // frame by frame
  std::vector<Place> places;
  std::vector<float> samples;
};

class Scratch {
 public:
  Scratch() : path_(std::filesystem::temp_directory_path() / ("lips-verify-" + std::to_string(getpid()))) {
    EXPECT_TRUE(MakeFolder(path_).ok());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const Path& path() const { return path_; }

 private:
  Path path_;
};

const Scratch& TheScratch() {
  static const Scratch scratch;
  return scratch;
}

// Six seconds with a long pause in the middle.
std::vector<float> SpeechWithAPause() {
  std::vector<float> samples = testdata::SynthesizeSpeech(6, 3).samples;
  std::fill(samples.begin() + 40000, samples.begin() + 66000, 0.0F);
  return samples;
}
constexpr int64_t kFrames = 149;

const Path& SpeechFile() {
  static const Path file = [] {
    Path path = TheScratch().path() / "speech.wav";
    EXPECT_TRUE(testdata::WriteWav(path, SpeechWithAPause(), 16000, 1).ok());
    return path;
  }();
  return file;
}

RenderReport RenderTo(const Path& folder, double offset_ms, const std::string& extension) {
  RenderRequest request;
  request.job.avatar = testdata::SyntheticAvatar();
  request.job.audio = SpeechFile();
  request.job.avatar_options.inputs = InputSource::kDerived;
  request.job.av_offset_ms = offset_ms;
  request.frames_folder = folder;
  request.frames_extension = extension;
  auto report = Render(request);
  EXPECT_TRUE(report.ok()) << report.error().message();
  return report.ok() ? report.value() : RenderReport();
}

Talk Load(const Path& folder, const std::string& extension) {
  Talk talk;
  const Avatar avatar = Avatar::Open(testdata::SyntheticAvatar(), {}).value();
  const auto templates = avatar.OpenTemplates().value();
  const std::vector<Place> places = SteadyRects(avatar.rects());
  talk.samples = ReadSpeech(SpeechFile()).value().samples_16k;
  const Timeline time(kFrames, {25, 1}, avatar.video().frames, avatar.video().fps, 0, Loop::kPingPong);
  TemplateFace face;
  for (int64_t n = 0;; ++n) {
    char name[16];
    std::snprintf(name, sizeof(name), "%06d.", static_cast<int>(n));
    auto picture = ReadPicture(folder / (name + extension));
    if (!picture.ok()) break;
    talk.shown.push_back(std::move(picture).value());
    const int64_t index = time.TemplateIndex(n);
    EXPECT_TRUE(templates->Read(index, FaceParts::kFrameAndCrop, face).ok());
    Image original(face.frame.width(), face.frame.height());
    YuvToBgr(face.frame.view(), original.view());
    talk.original.push_back(std::move(original));
    talk.rects.push_back(avatar.rects()[static_cast<size_t>(index)]);
    talk.places.push_back(places[static_cast<size_t>(index)]);
  }
  return talk;
}

const Talk& Clean() {
  static const Talk talk = [] {
    RenderTo(TheScratch().path() / "clean", 0, "png");
    return Load(TheScratch().path() / "clean", "png");
  }();
  return talk;
}

// Changes frame n of a talk; returns what is shown instead.
using Fault = std::function<Image(const Talk&, size_t)>;

TalkMeasures Measure(const Talk& talk, const Fault& fault = nullptr) {
  TalkMeter meter({25, 1});
  for (size_t n = 0; n < talk.shown.size(); ++n) {
    const Image changed = fault ? fault(talk, n) : talk.shown[n].Clone();
    meter.Add(changed.view(), talk.original[n].view(), talk.places[n]);
  }
  return std::move(meter).Finish(talk.samples, kFrames);
}

const Metric& Find(const TalkMeasures& measures, const std::string& name) {
  return *std::ranges::find(measures.metrics, name, &Metric::name);
}

std::string Table(const TalkMeasures& measures) {
  std::string text;
  for (const Metric& metric : measures.metrics) {
    text += "\n  " + metric.name + ": " + ValueText(metric) + " (" + LimitText(metric) + ")" +
            (metric.ok() ? "" : " FAILS");
  }
  return text;
}

void ExpectFlags(const TalkMeasures& measures, const std::string& name) {
  EXPECT_FALSE(Find(measures, name).ok()) << name << Table(measures);
}

// The rectangle's pixels through a change, pasted back.
Image InRect(const Talk& talk, size_t n, const std::function<void(ImageView)>& change) {
  Image frame = talk.shown[n].Clone();
  change(frame.view().Crop(talk.rects[n]));
  return frame;
}

TEST(TalkMeter, IsContentWithACleanRender) {
  const TalkMeasures measures = Measure(Clean());
  EXPECT_TRUE(AllOk(measures.metrics)) << Table(measures);
  RecordProperty("clean", Table(measures));
  std::printf("%s\n", Table(measures).c_str());
}

TEST(TalkMeter, FindsAStretchedPaste) {
  const auto measures = Measure(Clean(), [](const Talk& talk, size_t n) {
    return InRect(talk, n, [&](ImageView face) {  // the inner square over the whole rectangle: spec.md 5
      const int border = std::max(1, face.width * 4 / 328);
      Image inner(face.width - 2 * border, face.height - 2 * border);
      CopyPixels(ConstImageView(face).Crop({border, border, inner.width(), inner.height()}), inner.view());
      ResizeCubic(inner.view(), face);
    });
  });
  ExpectFlags(measures, "zoom");
}

TEST(TalkMeter, FindsABlackBorder) {
  const auto measures = Measure(Clean(), [](const Talk& talk, size_t n) {
    return InRect(talk, n, [](ImageView face) {
      for (int y = 0; y < face.height; ++y) {
        for (int x = 0; x < face.width; ++x) {
          if (std::min({x, y, face.width - 1 - x, face.height - 1 - y}) < 2)
            std::fill_n(face.Row(y) + 3 * x, 3, uint8_t{0});
        }
      }
    });
  });
  ExpectFlags(measures, "seam");
}

// A box so faint that no limit of the seam finds it, among two mouths that differ by as much: the border says how
// faint.
TEST(TalkMeter, TellsAFaintBorderFromAnotherMouth) {
  const auto lighten = [](int levels) {
    return [levels](const Talk& talk, size_t n) {
      return InRect(talk, n, [levels](ImageView face) {
        for (int y = face.height * 3 / 100; y < face.height * 97 / 100; ++y) {
          for (int i = 3 * (face.width * 3 / 100); i < 3 * (face.width * 97 / 100); ++i)
            face.Row(y)[i] = static_cast<uint8_t>(std::clamp(face.Row(y)[i] + levels, 0, 255));
        }
      });
    };
  };
  const double none = Find(Measure(Clean()), "border").value;
  EXPECT_LT(none, 0.2);
  for (const int levels : {1, 2, 4}) {
    EXPECT_NEAR(Find(Measure(Clean(), lighten(levels)), "border").value, levels, 0.4 * levels) << levels;
  }
}

TEST(TalkMeter, FindsSwappedColours) {
  const auto measures = Measure(Clean(), [](const Talk& talk, size_t n) {
    return InRect(talk, n, [](ImageView face) {
      for (int y = 0; y < face.height; ++y) {
        for (int x = 0; x < face.width; ++x) std::swap(face.Row(y)[3 * x], face.Row(y)[3 * x + 2]);
      }
    });
  });
  ExpectFlags(measures, "tint");
}

TEST(TalkMeter, FindsAFrozenMouth) {
  const auto measures = Measure(Clean(), [](const Talk& talk, size_t n) { return talk.original[n].Clone(); });
  ExpectFlags(measures, "sync");
}

// A chunk's last window again and again: the mouth stands still for 320 ms, then jumps.
TEST(TalkMeter, FindsARepeatedWindow) {
  const auto measures = Measure(Clean(), [](const Talk& talk, size_t n) {
    const size_t held = n / 8 * 8;
    Image frame = talk.original[n].Clone();
    const Rect to = talk.rects[n], from = talk.rects[held];
    const int width = std::min(to.width, from.width) / 2, height = std::min(to.height, from.height) / 2;
    const Rect mouth = {to.width / 4, to.height / 4, width, height};
    CopyPixels(talk.shown[held].view().Crop(from).Crop(mouth), frame.view().Crop(to).Crop(mouth));
    return frame;
  });
  ExpectFlags(measures, "stalls");
}

// A mouth that opens and closes slowly, once a second, and now and then quickly: it never stops.
TEST(TalkMeter, TakesNoSlowMouthForAStall) {
  const auto measures = Measure(Clean(), [](const Talk& talk, size_t n) {
    const double phase = static_cast<double>(n % 25) / 25;
    const int shade = static_cast<int>(std::lround(60 * (n % 20 == 10 ? 1 : std::abs(2 * phase - 1))));
    Image frame = talk.original[n].Clone();
    const ImageView face = frame.view().Crop(talk.rects[n]);
    for (int y = face.height / 3; y < face.height * 3 / 5; ++y) {
      for (int i = 3 * (face.width / 3); i < 3 * (face.width * 2 / 3); ++i)
        face.Row(y)[i] = static_cast<uint8_t>(std::max(face.Row(y)[i] - shade, 0));
    }
    return frame;
  });
  EXPECT_TRUE(Find(measures, "stalls").ok()) << Table(measures);
}

TEST(TalkMeter, FindsATremblingPaste) {
  const auto measures = Measure(Clean(), [](const Talk& talk, size_t n) {
    Image frame = talk.original[n].Clone();
    Rect to = talk.rects[n];
    const Rect from = to;
    to.x += n % 2 == 0 ? 1 : -1;
    CopyPixels(talk.shown[n].view().Crop(from), frame.view().Crop(to));
    return frame;
  });
  ExpectFlags(measures, "jitter");
}

// A quiver too faint for any limit in pixels: what the same mouth moves without it finds it.
TEST(TalkMeter, FindsAFaintQuiverAgainstAReference) {
  const Talk& talk = Clean();
  const auto measure = [&talk](const Fault& fault, std::optional<double> reference) {
    TalkMeter meter({25, 1});
    for (size_t n = 0; n < talk.shown.size(); ++n) {
      meter.Add((fault ? fault(talk, n) : talk.shown[n].Clone()).view(), talk.original[n].view(), talk.places[n]);
    }
    const double px = meter.TremorPx();
    return std::pair(px, std::move(meter).Finish(talk.samples, kFrames, reference));
  };
  const double clean_px = measure(nullptr, std::nullopt).first;
  const Metric clean = Find(measure(nullptr, clean_px).second, "tremor");
  EXPECT_TRUE(clean.ok() && clean.measured() && clean.limit) << ValueText(clean);
  const auto quivering = measure(
      [](const Talk& one, size_t n) {
        return InRect(one, n, [n](ImageView face) {  // every other frame an eighth of a pixel to the left
          for (int y = 0; n % 2 == 0 && y < face.height; ++y) {
            for (int i = 0; i < 3 * (face.width - 1); ++i)
              face.Row(y)[i] = static_cast<uint8_t>((7 * face.Row(y)[i] + face.Row(y)[i + 3] + 4) / 8);
          }
        });
      },
      clean_px);
  ExpectFlags(quivering.second, "tremor");
  EXPECT_TRUE(Find(quivering.second, "jitter").ok()) << Table(quivering.second);
}

TEST(TalkMeter, FindsAMouthThatQuiversInSilence) {
  const auto measures = Measure(Clean(), [](const Talk& talk, size_t n) {
    return InRect(talk, n, [&](ImageView face) {
      for (int y = face.height * 30 / 100; y < face.height * 60 / 100; ++y) {
        for (int i = 3 * (face.width / 3); i < 3 * (face.width * 2 / 3); ++i) {
          face.Row(y)[i] = static_cast<uint8_t>(std::clamp(face.Row(y)[i] + (n % 3 == 0 ? 9 : -5), 0, 255));
        }
      }
    });
  });
  ExpectFlags(measures, "silence motion");
}

TEST(TalkMeter, FindsABlurredMouth) {
  const auto measures = Measure(Clean(), [](const Talk& talk, size_t n) {
    return InRect(talk, n, [](ImageView face) {
      Image small(face.width / 6, face.height / 6);
      for (int y = 0; y < small.height(); ++y) {
        for (int x = 0; x < small.width(); ++x) {
          for (int c = 0; c < 3; ++c) {
            int sum = 0;
            for (int k = 0; k < 36; ++k) sum += face.Row(6 * y + k / 6)[3 * (6 * x + k % 6) + c];
            small.view().Row(y)[3 * x + c] = static_cast<uint8_t>(sum / 36);
          }
        }
      }
      ResizeCubic(small.view(), face);
    });
  });
  ExpectFlags(measures, "sharpness");
}

TEST(TalkMeter, FindsAMissingTail) {
  TalkMeter meter({25, 1});
  const Talk& talk = Clean();
  for (size_t n = 0; n + 3 < talk.shown.size(); ++n) {
    meter.Add(talk.shown[n].view(), talk.original[n].view(), talk.places[n]);
  }
  const TalkMeasures measures = std::move(meter).Finish(talk.samples, kFrames);
  ExpectFlags(measures, "frames");
  EXPECT_EQ(Find(measures, "frames").value, -3);
}

// The same pictures beside sound that comes earlier or later.
TEST(TalkMeter, RecoversPlantedDelaysWithinTenMilliseconds) {
  const auto offset_with = [](double mouth_later_ms) {
    TalkMeter meter({25, 1});
    const Talk& talk = Clean();
    for (size_t n = 0; n < talk.shown.size(); ++n) {
      meter.Add(talk.shown[n].view(), talk.original[n].view(), talk.places[n]);
    }
    const auto shift = static_cast<ptrdiff_t>(std::abs(mouth_later_ms) * 16);
    std::vector<float> samples = talk.samples;
    if (mouth_later_ms > 0) {
      samples.erase(samples.begin(), samples.begin() + shift);
    } else {
      samples.insert(samples.begin(), static_cast<size_t>(shift), 0.0F);
    }
    return Find(std::move(meter).Finish(samples, kFrames), "offset");
  };
  const double natural = offset_with(0).value;
  for (const double planted : {-120.0, -80.0, -40.0, 40.0, 80.0, 120.0, 200.0}) {
    const Metric offset = offset_with(planted);
    EXPECT_NEAR(offset.value - natural, planted, 10);
    EXPECT_EQ(offset.ok(), std::abs(offset.value) <= 60) << planted;
    if (std::abs(planted) >= 120) {
      EXPECT_FALSE(offset.ok()) << planted;
    }
  }
}

// The whole way: a render in a folder of pictures, its report, its page.
TEST(MeasureTalk, ReadsARenderAndShowsItsWorstFrames) {
  Clean();
  TalkRequest request;
  request.video = TheScratch().path() / "clean";
  request.avatar = testdata::SyntheticAvatar();
  request.audio = SpeechFile();
  request.pictures = TheScratch().path() / "worst";
  const auto report = MeasureTalk(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_TRUE(AllOk(report.value().measures.metrics)) << Table(report.value().measures);
  EXPECT_EQ(Find(report.value().measures, "tremor").unit, "of the template's");
  ASSERT_EQ(report.value().worst.size(), 3u);
  for (const auto& shown : report.value().worst) EXPECT_TRUE(std::filesystem::exists(shown.file)) << shown.file;
  const auto html = HtmlReport(PageOf(report.value()));
  ASSERT_TRUE(html.ok());
  EXPECT_NE(html.value().find("<polyline"), std::string::npos);
  EXPECT_NE(html.value().find("data:image/jpeg;base64,"), std::string::npos);
  EXPECT_EQ(html.value().find("http"), std::string::npos) << "nothing is loaded from elsewhere";
}

TEST(MeasureTalk, JudgesTremorByAReference) {
  Clean();
  TalkRequest request;
  request.video = TheScratch().path() / "clean";
  request.avatar = testdata::SyntheticAvatar();
  request.audio = SpeechFile();
  request.worst = 0;
  request.reference = request.video;
  const auto report = MeasureTalk(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  const Metric& tremor = Find(report.value().measures, "tremor");
  EXPECT_EQ(tremor.unit, "of the reference's");
  EXPECT_LE(tremor.value, 1);  // a reference that hardly trembles counts as a tenth of a pixel
  EXPECT_TRUE(tremor.ok() && tremor.limit);
}

TEST(ProveAvatar, FindsTheSyntheticAvatarSound) {
  AvatarProofRequest request;
  request.job.avatar = testdata::SyntheticAvatar();
  request.job.audio = SpeechFile();
  request.frames = 1;
  const auto proof = ProveAvatar(request);
  ASSERT_TRUE(proof.ok()) << proof.error().message();
  std::string text;
  for (const Metric& metric : proof.value().metrics) text += "\n  " + metric.name + ": " + ValueText(metric);
  EXPECT_TRUE(AllOk(proof.value().metrics)) << text;
  const auto named = [&](const char* name) { return std::ranges::count(proof.value().metrics, name, &Metric::name); };
  for (const char* name :
       {"identity", "natural identity", "engine", "cache", "batch", "streaming", "gate streaming", "bf16"}) {
    EXPECT_EQ(named(name), 1) << name << text;
  }
}

}  // namespace
}  // namespace lips
