// Which sessions and CUDA graphs of ONNX Runtime are made, run and released, seen through its table of functions; the
// CPU provider computes and ignores graphs.
#include "engine/ort/bound_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnxruntime_c_api.h>

#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/ort/handle.h"
#include "engine/test_graph.h"
#include "model/builder.h"

namespace lips {
namespace {

using testing::ElementsAre;

struct Seen {
  OrtApi real = {};
  OrtApi spied = {};
  std::map<const OrtRunOptions*, std::string> graph_of;
  std::vector<std::string> ran;                            // the graph of every run
  std::map<const OrtSession*, std::set<int64_t>> rows_of;  // what every session has run with
  int released = 0;                                        // sessions
  bool refuse_graphs = false;
  int64_t rows = 0;  // of the current run
};
Seen* seen = nullptr;

OrtStatus* ORT_API_CALL AddRunConfigEntry(OrtRunOptions* options, const char* key, const char* value) noexcept {
  if (std::string(key) == "gpu_graph_id") seen->graph_of[options] = value;
  return seen->real.AddRunConfigEntry(options, key, value);
}

OrtStatus* ORT_API_CALL RunWithBinding(OrtSession* session, const OrtRunOptions* options,
                                       const OrtIoBinding* binding) noexcept {
  seen->ran.push_back(seen->graph_of[options]);
  seen->rows_of[session].insert(seen->rows);
  if (seen->refuse_graphs && seen->ran.back() != "-1") {
    return seen->real.CreateStatus(ORT_FAIL, "operation not permitted when stream is capturing");
  }
  return seen->real.RunWithBinding(session, options, binding);
}

void ORT_API_CALL ReleaseSession(OrtSession* session) noexcept {
  ++seen->released;
  seen->real.ReleaseSession(session);
}

// Memory of this computer, of a device that may stop to answer.
class Memory : public DeviceMemory {
 public:
  const char* ort_name() const override { return real_->ort_name(); }
  void* stream() const override { return nullptr; }
  Result<void*> Allocate(size_t bytes, bool host) override { return real_->Allocate(bytes, host); }
  void Free(void* memory, bool host) override { real_->Free(memory, host); }
  Status Copy(void* to, const void* from, size_t bytes, Way way) override { return real_->Copy(to, from, bytes, way); }
  Status Wait() override { return lost ? Status(Error(ErrorCode::kUnsupported, "no answer")) : Status(); }
  bool lost = false;

 private:
  std::shared_ptr<DeviceMemory> real_ = OpenHostMemory();
};

class BoundSession : public testing::Test {
 protected:
  void SetUp() override {
    const auto loaded = LoadOrtLibrary();
    if (!loaded.ok()) GTEST_SKIP() << loaded.error().message();
    seen_.real = seen_.spied = *loaded.value()->api;
    seen_.spied.AddRunConfigEntry = AddRunConfigEntry;
    seen_.spied.RunWithBinding = RunWithBinding;
    seen_.spied.ReleaseSession = ReleaseSession;
    seen = &seen_;
    library_ = *loaded.value();
    library_.api = &seen_.spied;
    GraphBuilder net;
    net.Output(net.Add("Neg", {net.Input("x", {kDynamicDim, 2})}), "y");
    OrtHandle<OrtSessionOptions> options(library_.api->ReleaseSessionOptions);
    ASSERT_EQ(library_.api->CreateSessionOptions(options.out()), nullptr);
    auto session = OpenBoundSession(library_, std::move(net).Finish(), std::move(options),
                                    {.memory = memory_, .graphs = true, .description = {}});
    ASSERT_TRUE(session.ok()) << session.error().message();
    session_ = std::move(session).value();
  }

  // What the session makes of `rows` rows: right each time.
  void Run(int64_t rows) {
    seen_.rows = rows;
    const Tensor x = RandomTensor({rows, 2}, static_cast<int>(rows));
    std::vector<Tensor> y(1);
    const Status ran = session_->Run(std::vector<TensorView>{x}, y);
    ASSERT_TRUE(ran.ok()) << ran.error().message();
    for (size_t i = 0; i < x.As<float>().size(); ++i) EXPECT_EQ(y[0].As<float>()[i], -x.As<float>()[i]);
  }

  Seen seen_;
  OrtLibrary library_;
  std::shared_ptr<Memory> memory_ = std::make_shared<Memory>();
  std::unique_ptr<Session> session_;
};

TEST_F(BoundSession, RecordsAGraphForEveryShapeFromItsSecondRunOn) {
  for (const int64_t rows : {1, 1, 3, 1, 3, 3}) Run(rows);
  std::thread([this] { Run(1); }).join();
  EXPECT_THAT(seen_.ran, ElementsAre("-1", "1", "-1", "1", "2", "2", "1"));
}

TEST_F(BoundSession, ComputesWithoutWhereNoGraphCanBeRecorded) {
  for (const int64_t rows : {1, 1}) Run(rows);
  seen_.refuse_graphs = true;
  for (const int64_t rows : {3, 3, 3, 5, 5}) Run(rows);
  EXPECT_THAT(seen_.ran, ElementsAre("-1", "1", "-1", "2", "-1", "-1", "-1", "-1"));
}

TEST_F(BoundSession, ComputesEveryShapeInASessionOfItsOwnAndReleasesThemAll) {
  for (const int64_t rows : {1, 3, 1, 3, 5}) Run(rows);
  EXPECT_EQ(seen_.rows_of.size(), 3u);
  for (const auto& [session, rows] : seen_.rows_of) EXPECT_EQ(rows.size(), 1u);
  for (int64_t rows = 6; rows < 21; ++rows) Run(rows);
  EXPECT_EQ(seen_.released, 16);  // as many as are kept
  session_.reset();
  EXPECT_EQ(seen_.released, 18);
}

TEST_F(BoundSession, ReleasesAnUnusedSession) {
  session_.reset();
  EXPECT_EQ(seen_.released, 1);
}

TEST_F(BoundSession, ReleasesNothingOnceTheDeviceDoesNotAnswer) {
  for (const int64_t rows : {1, 3}) Run(rows);
  memory_->lost = true;
  const Tensor x = RandomTensor({1, 2}, 1);
  std::vector<Tensor> y(1);
  EXPECT_FALSE(session_->Run(std::vector<TensorView>{x}, y).ok());
  session_.reset();
  EXPECT_EQ(seen_.released, 0);
  memory_->lost = false;  // what was kept stays so
}

TEST(OrtStatus, IsOneSentenceOfWhatFailedOnTheDevice) {
  const auto loaded = LoadOrtLibrary();
  if (!loaded.ok()) GTEST_SKIP() << loaded.error().message();
  const OrtApi& api = *loaded.value()->api;
  const auto told = [&](const char* message) { return TakeStatus(api, api.CreateStatus(ORT_FAIL, message)).error(); };
  const Error full = told(
      "Non-zero status code returned while running Conv node. Name:'up1' Status Message: /src/cuda_call.cc:154 void "
      "CudaCall(int) [with ERRTYPE = cudaError] CUDA failure 2: out of memory ; GPU=0 ; hostname=vm ; "
      "file=/src/cuda_allocator.cc ; line=48 ; expr=cudaMalloc((void**)&p, size); \n\n");
  EXPECT_EQ(full.message(), "CUDA failure 2: out of memory, in cudaMalloc((void**)&p, size), at Conv 'up1'");
  EXPECT_EQ(full.code(), ErrorCode::kResourceLimit);
  EXPECT_EQ(told("CUDNN failure 3000: NOT_SUPPORTED ; GPU=0 ; hostname=vm").message(),
            "CUDNN failure 3000: NOT_SUPPORTED");
  EXPECT_EQ(told("Non-zero status code\n").message(), "Non-zero status code");
  EXPECT_EQ(told("").message(), "");
}

}  // namespace
}  // namespace lips
