#include "engine/cuda/program.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <utility>

#include "engine/cuda/launch.h"

namespace lips::cuda {
namespace {

// `data` in memory of the device; never empty, so that there is an address.
Result<Memory> Upload(const void* data, size_t bytes) {
  ASSIGN_OR_RETURN(Memory memory, Memory::OnDevice(std::max<size_t>(bytes, 16)));
  RETURN_IF_ERROR(Check(cudaMemcpy(memory.data(), data, bytes, cudaMemcpyHostToDevice), "copying weights"));
  return memory;
}

}  // namespace

Result<Program> Program::Make(Plan plan, const Device& device) {
  Program program;
  ASSIGN_OR_RETURN(program.constants_, Upload(plan.constants.data(), plan.constants.size()));
  program.plan_ = std::move(plan);
  program.plan_.constants = {};
  program.device_ = device;
  return program;
}

Result<Run> Run::Make(const Program& program, Bindings bindings) {
  Run run;
  const size_t bytes = program.plan().arena_bytes * static_cast<size_t>(bindings.images);
  ASSIGN_OR_RETURN(run.arena_, Memory::OnDevice(std::max<size_t>(bytes, 16)));
  bindings.constants = program.constants();
  bindings.arena = run.arena_.data();
  bindings.multiprocessors = program.device().multiprocessors;
  bindings.most_shared = program.device().most_shared;
  ASSIGN_OR_RETURN(run.bound_, Bind(program.plan(), bindings));
  ASSIGN_OR_RETURN(run.lists_, Upload(run.bound_.lists.data(), run.bound_.lists.size() * sizeof(uint32_t)));
  run.bound_.PlaceLists(reinterpret_cast<const uint32_t*>(run.lists_.data()));
  return run;
}

Status Run::Enqueue(const Stream& stream) const {
  for (const Launch& launch : bound_.launches) {
    RETURN_IF_ERROR(Check(Start(launch, stream.get()), "starting a kernel"));
  }
  return {};
}

}  // namespace lips::cuda
