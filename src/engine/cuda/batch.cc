#include "engine/cuda/batch.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "image/image.h"

namespace lips::cuda {

Result<std::unique_ptr<Batch>> Batch::Make(const Network& network, size_t images, std::span<const uint8_t> used,
                                           const Stream& stream) {
  auto batch = std::make_unique<Batch>();
  const auto side = static_cast<size_t>(network.binding.size_px);
  batch->images_ = images;
  batch->size_px_ = network.binding.size_px;
  batch->audio_floats_ = static_cast<size_t>(network.binding.audio_floats());
  batch->picture_bytes_ = 3 * side * side;
  batch->bottom_ = batch->size_px_;
  if (const auto is_used = [](uint8_t one) { return one != 0; }; std::ranges::any_of(used, is_used)) {
    const auto first = std::ranges::find_if(used, is_used) - used.begin();
    const auto last = std::find_if(used.rbegin(), used.rend(), is_used) - used.rbegin();
    batch->top_ = static_cast<int>(first) / batch->size_px_;
    batch->bottom_ = static_cast<int>(used.size() - static_cast<size_t>(last) - 1) / batch->size_px_ + 1;
  }
  batch->audio_at_ = AlignUp(images * sizeof(uint8_t*));
  batch->up_bytes_ = batch->audio_at_ + images * batch->audio_floats_ * sizeof(float);
  batch->pictures_at_ = AlignUp(images * sizeof(int));
  const size_t down_bytes = batch->pictures_at_ + images * batch->picture_bytes_;
  ASSIGN_OR_RETURN(batch->up_host_, Memory::Pinned(batch->up_bytes_));
  ASSIGN_OR_RETURN(batch->up_, Memory::OnDevice(batch->up_bytes_));
  ASSIGN_OR_RETURN(batch->down_host_, Memory::Pinned(down_bytes));
  ASSIGN_OR_RETURN(batch->down_, Memory::OnDevice(down_bytes));

  Bindings bindings;
  const auto* table = reinterpret_cast<uint8_t* const*>(batch->up_.data());
  for (const size_t at : network.layout.maps) bindings.inputs.push_back({.table = table, .offset = at});
  if (network.layout.has_pictures) bindings.inputs.push_back({.table = table, .offset = network.layout.pictures});
  bindings.inputs.push_back(
      {.base = batch->up_.data() + batch->audio_at_, .image_bytes = batch->audio_floats_ * sizeof(float)});
  bindings.outputs.push_back({.base = batch->down_.data() + batch->pictures_at_, .image_bytes = batch->picture_bytes_});
  bindings.broken = reinterpret_cast<int*>(batch->down_.data());
  bindings.images = static_cast<int>(images);
  bindings.used = used;
  ASSIGN_OR_RETURN(batch->done_, Event::Make());
  ASSIGN_OR_RETURN(batch->run_, Run::Make(network.tail, std::move(bindings)));
  ASSIGN_OR_RETURN(batch->graph_, CapturedGraph::Capture(stream, [&] { return batch->Enqueue(stream); }));
  return batch;
}

Status Batch::Enqueue(const Stream& stream) const {
  RETURN_IF_ERROR(Check(cudaMemcpyAsync(up_.data(), up_host_.data(), up_bytes_, cudaMemcpyHostToDevice, stream.get()),
                        "sending audio"));
  RETURN_IF_ERROR(Check(cudaMemsetAsync(down_.data(), 0, images_ * sizeof(int), stream.get()), "clearing"));
  RETURN_IF_ERROR(run_.Enqueue(stream));
  const size_t row_bytes = 3 * static_cast<size_t>(size_px_);
  const size_t skipped = static_cast<size_t>(top_) * row_bytes, kept = static_cast<size_t>(bottom_ - top_) * row_bytes;
  RETURN_IF_ERROR(Check(
      cudaMemcpyAsync(down_host_.data(), down_.data(), images_ * sizeof(int), cudaMemcpyDeviceToHost, stream.get()),
      "receiving"));
  return Check(cudaMemcpy2DAsync(down_host_.data() + pictures_at_ + skipped, picture_bytes_,
                                 down_.data() + pictures_at_ + skipped, picture_bytes_, kept, images_,
                                 cudaMemcpyDeviceToHost, stream.get()),
               "receiving pictures");
}

Status Batch::Start(std::span<const Generator::Job> jobs, const Stream& stream) {
  auto* const table = reinterpret_cast<uint8_t**>(up_host_.data());
  auto* const audio = reinterpret_cast<float*>(up_host_.data() + audio_at_);
  for (size_t i = 0; i < jobs.size(); ++i) {
    table[i] = dynamic_cast<const FaceTemplate&>(*jobs[i].face).data();
    std::ranges::copy(jobs[i].audio, audio + i * audio_floats_);
  }
  RETURN_IF_ERROR(graph_.Start(stream));
  return done_.Record(stream);
}

Status Batch::Finish(std::span<const Generator::Job> jobs, size_t first) {
  RETURN_IF_ERROR(done_.Wait());
  const auto* broken = reinterpret_cast<const int*>(down_host_.data());
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (broken[i] != 0) {
      return Error(ErrorCode::kCorrupted, "job " + std::to_string(first + i) + ": the network gave NaN or infinity");
    }
    const int stride = 3 * size_px_;
    const ptrdiff_t skipped = static_cast<ptrdiff_t>(top_) * stride;
    const uint8_t* from = down_host_.data() + pictures_at_ + i * picture_bytes_ + skipped;
    const ImageView to = {jobs[i].mouth.data + top_ * ptrdiff_t{jobs[i].mouth.stride_bytes}, size_px_, bottom_ - top_,
                          jobs[i].mouth.stride_bytes};
    CopyPixels(ConstImageView{from, size_px_, bottom_ - top_, stride}, to);
  }
  return {};
}

}  // namespace lips::cuda
