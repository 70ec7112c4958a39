// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/runtime/side_stream.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace graphsieve {
namespace {

c10::impl::VirtualGuardImpl guard_of(at::Device device) { return c10::impl::VirtualGuardImpl(device.type()); }

}  // namespace

SideStream::SideStream(at::Device device) {
  if (device.is_cpu()) return;
  const auto guard = guard_of(device);
  main_ = guard.getStream(device);
  side_ = guard.getStreamFromGlobalPool(device);
  // The side stream may read tensors that the main stream is still computing, so it first waits for the work so far.
  c10::Event so_far(device.type());
  so_far.record(*main_);
  so_far.block(*side_);
}

SideStream::Current::Current(const SideStream& side) {
  if (side.side_) before_ = guard_of(side.side_->device()).exchangeStream(*side.side_);
}

SideStream::Current::~Current() {
  if (before_) guard_of(before_->device()).exchangeStream(*before_);
}

SideStream::Mark SideStream::mark() const {
  if (!side_) return nullptr;
  auto mark = std::make_shared<c10::Event>(side_->device_type());
  mark->record(*side_);
  return mark;
}

SideStream::Mark SideStream::hand_over(const std::vector<at::Tensor>& tensors) const {
  if (!side_) return nullptr;
  // The allocator knows only the stream on which a tensor was made. It is told that the main stream uses the memory
  // too.
  for (const at::Tensor& t : tensors)
    if (t.defined() && t.device() == main_->device())
      guard_of(t.device()).recordDataPtrOnStream(t.storage().data_ptr(), *main_);
  return mark();
}

void SideStream::wait_for(const Mark& mark) {
  if (!mark) return;
  const at::Device device(mark->device_type(), mark->device_index());
  mark->block(guard_of(device).getStream(device));
}

}  // namespace graphsieve
