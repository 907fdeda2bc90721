#include "engine/ort/provider.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "engine/ort/device_memory.h"
#include "engine/ort/needed.h"

namespace lips {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

// A shared library that does nothing but need others.
std::vector<uint8_t> LibraryThatNeeds(const std::vector<std::string>& names) {
  std::string strings(1, '\0');
  std::vector<Elf64_Dyn> dynamic;
  for (const std::string& name : names) {
    dynamic.push_back({.d_tag = DT_NEEDED, .d_un = {.d_val = strings.size()}});
    strings += name + '\0';
  }
  constexpr uint64_t kAddress = 0x10000;  // where it would lie in memory
  const size_t dynamic_bytes = (dynamic.size() + 2) * sizeof(Elf64_Dyn);
  const uint64_t dynamic_at = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr);
  const uint64_t strings_at = dynamic_at + dynamic_bytes;
  dynamic.push_back({.d_tag = DT_STRTAB, .d_un = {.d_ptr = kAddress + strings_at}});
  dynamic.push_back({.d_tag = DT_NULL, .d_un = {.d_val = 0}});
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_phoff = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 2;
  Elf64_Phdr segments[2] = {};
  segments[0].p_type = PT_LOAD;
  segments[0].p_vaddr = kAddress;
  segments[0].p_filesz = strings_at + strings.size();
  segments[1].p_type = PT_DYNAMIC;
  segments[1].p_offset = dynamic_at;
  segments[1].p_filesz = dynamic_bytes;
  std::vector<uint8_t> file(strings_at + strings.size());
  std::memcpy(file.data(), &header, sizeof(header));
  std::memcpy(file.data() + sizeof(header), segments, sizeof(segments));
  std::memcpy(file.data() + dynamic_at, dynamic.data(), dynamic_bytes);
  std::memcpy(file.data() + strings_at, strings.data(), strings.size());
  return file;
}

class ProviderFolder : public testing::Test {
 protected:
  ProviderFolder()
      : folder_(std::filesystem::path(testing::TempDir()) / ("lips_provider_test" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~ProviderFolder() override { std::filesystem::remove_all(folder_); }

  Path Write(const std::string& name, const std::vector<uint8_t>& bytes) {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return folder_ / name;
  }
  std::string Fault(Provider provider) {
    const Status status = CheckProviderLibraries(folder_, provider, FAKE_NVIDIA_DRIVER);
    return status.ok() ? "" : status.error().message();
  }

  Path folder_;
};

TEST_F(ProviderFolder, SaysWhichLibrariesAFileNeeds) {
  const Path file = Write("a.so", LibraryThatNeeds({"libcublas.so.13", "libc.so.6"}));
  EXPECT_THAT(NeededLibraries(file).value(), ElementsAre("libcublas.so.13", "libc.so.6"));
  EXPECT_THAT(NeededLibraries(Write("none.so", LibraryThatNeeds({}))).value(), ElementsAre());
}

TEST_F(ProviderFolder, RefusesEveryCutFileAndWhatIsNone) {
  const std::vector<uint8_t> whole = LibraryThatNeeds({"libcublas.so.13"});
  for (size_t size = 1; size < whole.size(); ++size) {
    const auto needed = NeededLibraries(Write("cut.so", {whole.begin(), whole.begin() + static_cast<long>(size)}));
    ASSERT_FALSE(needed.ok()) << size;
    EXPECT_EQ(needed.error().code(), ErrorCode::kCorrupted);
  }
  EXPECT_FALSE(NeededLibraries(folder_ / "absent.so").ok());
}

TEST_F(ProviderFolder, NamesTheFirstLibraryThatIsMissingAndWhoseItIs) {
  EXPECT_THAT(Fault(Provider::kCuda), HasSubstr("libonnxruntime_providers_cuda.so is missing in " + folder_.string() +
                                                ": run ./dev setup --gpu"));
  for (const auto& [name, owner] :
       std::vector<std::pair<std::string, std::string>>{{"libcublasLt.so.99", "the CUDA toolkit's cuBLAS"},
                                                        {"libcudart.so.99", "the CUDA toolkit's runtime"},
                                                        {"libcudnn_graph.so.99", "cuDNN"},
                                                        {"libodd.so.1", "this system"}}) {
    Write("libonnxruntime_providers_cuda.so", LibraryThatNeeds({"libc.so.6", "libcuda.so.1", name}));
    EXPECT_EQ(Fault(Provider::kCuda), name + " of " + owner +
                                          ", which libonnxruntime_providers_cuda.so needs, cannot be loaded; install "
                                          "it, or name its folder in LD_LIBRARY_PATH");
  }
}

TEST_F(ProviderFolder, AsksForTensorRtOnlyWhereItIsWanted) {
  Write("libonnxruntime_providers_cuda.so", LibraryThatNeeds({"libc.so.6"}));
  Write("libonnxruntime_providers_tensorrt.so", LibraryThatNeeds({"libc.so.6", "libnvinfer.so.99"}));
  EXPECT_THAT(Fault(Provider::kCuda), testing::Not(HasSubstr("libnvinfer")));
  if (!Fault(Provider::kCuda).empty()) GTEST_SKIP() << Fault(Provider::kCuda);
  EXPECT_THAT(Fault(Provider::kTensorRt), HasSubstr("libnvinfer.so.99 of TensorRT"));
}

class NvidiaDriver : public testing::Test {
 protected:
  ~NvidiaDriver() override { unsetenv("FAKE_NVIDIA"); }
  static std::string Fault(const char* fault, const std::string& library = FAKE_NVIDIA_DRIVER) {
    setenv("FAKE_NVIDIA", fault, 1);
    const auto device = FindNvidiaDevice(library);
    return device.ok() ? "" : device.error().message();
  }
};

TEST_F(NvidiaDriver, NamesTheDevice) {
  const auto device = FindNvidiaDevice(FAKE_NVIDIA_DRIVER);
  ASSERT_TRUE(device.ok()) << device.error().message();
  EXPECT_EQ(Describe(device.value()), "Fake RTX, 24 GiB, compute capability 8.9, CUDA 13.1");
}

TEST_F(NvidiaDriver, SaysWhatIsMissing) {
  EXPECT_THAT(Fault("", "libcuda.so.999"), HasSubstr("no NVIDIA driver here (libcuda.so.999 cannot be loaded)"));
  EXPECT_THAT(Fault("", "libc.so.6"), HasSubstr("libc.so.6 is no NVIDIA driver"));
  EXPECT_THAT(Fault("no-device"), HasSubstr("the NVIDIA driver finds no device on this machine"));
  EXPECT_THAT(Fault("error"), HasSubstr("cuInit gives 803, system has unsupported display driver"));
}

TEST_F(NvidiaDriver, CopiesIntoWithinAndOutOfTheDevice) {
  using Way = DeviceMemory::Way;
  const auto memory = OpenNvidiaMemory(FAKE_NVIDIA_DRIVER);
  ASSERT_TRUE(memory.ok()) << memory.error().message();
  EXPECT_NE(memory.value()->stream(), nullptr);
  const auto first = DeviceBlock::Make(memory.value(), 8);
  const auto second = DeviceBlock::Make(memory.value(), 8);
  const auto host = DeviceBlock::Make(memory.value(), 8, /*host=*/true);
  ASSERT_TRUE(first.ok() && second.ok() && host.ok());
  ASSERT_TRUE(memory.value()->Copy(first.value().data(), "lipsync", 8, Way::kIn).ok());
  ASSERT_TRUE(memory.value()->Copy(second.value().data(), first.value().data(), 8, Way::kWithin).ok());
  ASSERT_TRUE(memory.value()->Copy(host.value().data(), second.value().data(), 8, Way::kOut).ok());
  ASSERT_TRUE(memory.value()->Wait().ok());
  EXPECT_STREQ(reinterpret_cast<const char*>(host.value().data()), "lipsync");
  setenv("FAKE_NVIDIA", "full", 1);
  const auto third = DeviceBlock::Make(memory.value(), 8);
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().code(), ErrorCode::kResourceLimit);
}

TEST(ProviderOptions, FollowWhatTheSessionAsks) {
  EXPECT_THAT(ProviderOptions(Provider::kCuda, {.half = true}),
              UnorderedElementsAre(Pair("prefer_nhwc", "1"), Pair("enable_cuda_graph", "0"), Pair("use_tf32", "1")));
  EXPECT_EQ(ProviderOptions(Provider::kCuda, {}).at("use_tf32"), "0");
  const auto tensorrt = ProviderOptions(Provider::kTensorRt, {.graphs = true, .engine_folder = "/tmp/engines"});
  EXPECT_THAT(tensorrt, testing::IsSupersetOf({Pair("trt_fp16_enable", "0"), Pair("trt_cuda_graph_enable", "1"),
                                               Pair("trt_engine_cache_enable", "1"),
                                               Pair("trt_engine_cache_path", "/tmp/engines")}));
  EXPECT_EQ(ProviderOptions(Provider::kTensorRt, {}).at("trt_engine_cache_enable"), "0");
}

TEST(ProviderOptions, LeaveConvolutionsAloneWhereChannelsComeFirst) {
  EXPECT_THAT(OptimizersLeftOut({.provider = Provider::kCuda}), HasSubstr("ConvActivationFusion"));
  EXPECT_EQ(OptimizersLeftOut({.provider = Provider::kCuda, .half = true}), "");
  EXPECT_EQ(OptimizersLeftOut({}), "");
}

TEST(ProviderOptions, AreReadFromText) {
  EXPECT_THAT(ParseProviderOptions("").value(), ElementsAre());
  EXPECT_THAT(ParseProviderOptions("prefer_nhwc=0,fuse_conv_bias=1").value(),
              ElementsAre(Pair("fuse_conv_bias", "1"), Pair("prefer_nhwc", "0")));
  for (const char* text : {"prefer_nhwc", "=1", "a=1,,b=2"}) EXPECT_FALSE(ParseProviderOptions(text).ok()) << text;
}

// Leaves, in a process of its own, because a process has one ONNX Runtime, with what `core` says to a provider.
void ExpectOf(const Path& core, Provider provider, const std::string& pattern) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        setenv("LIPSTREAM_ORT_LIBRARY", core.c_str(), 1);
        const auto device = ProviderDevice(provider);
        const auto version = OnnxRuntimeVersion();
        std::fprintf(stderr, "%s: %s\n", version.ok() ? version.value().c_str() : version.error().message().c_str(),
                     device.ok() ? device.value().c_str() : device.error().message().c_str());
        std::exit(0);
      },
      testing::ExitedWithCode(0), pattern);
}

TEST(CpuSetDeathTest, SaysWhichProvidersItOffersInstead) {
  const Path core = Path(FETCHED) / "onnxruntime/lib/libonnxruntime.so.1";
  if (!std::filesystem::exists(core)) GTEST_SKIP() << "no " << core << ": ./dev setup fetches it";
  ExpectOf(core, Provider::kTensorRt,
           "provider tensorrt: ONNX Runtime 1\\.29\\.0 in .* offers only CPUExecutionProvider: run ./dev setup --gpu");
}

// What ./dev setup --gpu fetches.
TEST(GpuSetDeathTest, IsLoadedAndOffersItsProvidersUpToTheDriver) {
  const Path folder = Path(FETCHED) / "onnxruntime_gpu/lib";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder << ": ./dev setup --gpu fetches it";
  ExpectOf(folder / "libonnxruntime.so.1", Provider::kCuda,
           "1\\.29\\.0 .*(compute capability|provider cuda: (no NVIDIA driver|the NVIDIA driver|libcu))");
  // Everything the provider links to but the driver is looked for where the loader looks.
  const auto needed = NeededLibraries(folder / "libonnxruntime_providers_cuda.so");
  ASSERT_TRUE(needed.ok()) << needed.error().message();
  EXPECT_THAT(needed.value(), testing::IsSupersetOf({"libcuda.so.1", "libcudart.so.13", "libcublas.so.13"}));
}

}  // namespace
}  // namespace lips
