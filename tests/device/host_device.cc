// SPDX-License-Identifier: Apache-2.0
#include "host_device.h"

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/view_native.h>
#include <ATen/record_function.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <sys/mman.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <mutex>
#include <set>

#include "emulated_cuda.h"

namespace graphsieve::host_device {
namespace {

using at::Tensor;
constexpr size_t kArena = size_t{256} << 20, kAlign = 256;
constexpr size_t kStreams = 8;
constexpr auto kType = c10::DeviceType::PrivateUse1;
const c10::Device kDevice(kType, 0);

using Clock = std::array<int64_t, kStreams>;  ///< of each stream, how much of its work is known to be done

void take_later(Clock& to, const Clock& from) {
  for (size_t i = 0; i < kStreams; ++i) to[i] = std::max(to[i], from[i]);
}

struct Moment {
  size_t stream = 0;
  int64_t time = 0;
};

struct Block {
  size_t bytes = 0, stream = 0;
  Moment written;
  std::map<size_t, int64_t> reads;  ///< by stream, the last
  std::set<size_t> recorded;
};

thread_local size_t current_stream = 0;
thread_local Clock waited_for{};        ///< what the host's thread has seen done
thread_local bool in_operator = false;  ///< whose copies to the host are not the caller's

struct Device {
  std::recursive_mutex mutex;
  char* memory = nullptr;
  std::map<size_t, Block> blocks;  ///< by their place
  int64_t open = 0, used = 0, peak = 0, pretend = 0, offences = 0, side_work = 0;
  std::array<Clock, kStreams> clocks{};
  size_t streams = 1;
  std::set<const void*> pinned;

  void allow(int protection) { TORCH_CHECK(mprotect(memory, kArena, protection) == 0, "mprotect"); }

  void offence(const std::string& what) {
    ++offences;
    std::fprintf(stderr, "host_device: %s\n", what.c_str());
  }

  /// A piece of work on the thread's stream.
  Moment work() {
    Clock& clock = clocks[current_stream];
    take_later(clock, waited_for);
    side_work += current_stream != 0;
    return {current_stream, ++clock[current_stream]};
  }

  Block* block_of(const Tensor& t) {
    const auto at = reinterpret_cast<uintptr_t>(t.storage().data()) - reinterpret_cast<uintptr_t>(memory);
    const auto found = blocks.find(at);
    return found == blocks.end() ? nullptr : &found->second;
  }

  void use(const Tensor& t, bool writes, Moment now, const char* name) {
    Block* block = t.defined() && t.device().type() == kType ? block_of(t) : nullptr;
    if (!block) return;
    const Clock& known = clocks[now.stream];
    if (known[block->written.stream] < block->written.time)
      offence(std::string(name) + " uses what another stream makes without waiting for it");
    if (writes) {
      for (const auto& [stream, time] : block->reads)
        if (known[stream] < time) offence(std::string(name) + " writes what another stream reads");
      block->written = now;
    } else {
      block->reads[now.stream] = now.time;
    }
  }
};

Device& device() {
  static auto* the = new Device;  // tensors may outlive everything else
  return *the;
}

/// While one lives, the device's memory is there.
class Open {
 public:
  Open() : lock_(device().mutex) {
    if (device().open++ == 0) device().allow(PROT_READ | PROT_WRITE);
  }
  ~Open() {
    if (--device().open == 0) device().allow(PROT_NONE);
  }
  Open(const Open&) = delete;

 private:
  std::lock_guard<std::recursive_mutex> lock_;
};

class Allocator final : public c10::DeviceAllocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    Device& d = device();
    const std::lock_guard lock(d.mutex);
    if (bytes == 0) return {nullptr, nullptr, &release, kDevice};
    size_t at = 0;
    for (const auto& [place, block] : d.blocks) {
      if (place - at >= bytes) break;
      at = (place + block.bytes + kAlign - 1) / kAlign * kAlign;
    }
    TORCH_CHECK_WITH(OutOfMemoryError, at + bytes <= kArena, "host_device: ", bytes, " bytes more do not fit");
    d.blocks[at] = {bytes, current_stream, d.work(), {}, {}};
    d.used += static_cast<int64_t>(bytes);
    d.peak = std::max(d.peak, d.used);
    return {d.memory + at, d.memory + at, &release, kDevice};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, size_t bytes) const override {
    const Open open;
    if (bytes > 0) std::memcpy(to, from, bytes);
  }
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr&, c10::Stream) override {}
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex) override {
    c10::CachingDeviceAllocator::DeviceStats stats;
    stats.allocated_bytes[0].peak = device().peak;
    return stats;
  }
  void resetAccumulatedStats(c10::DeviceIndex) override {}
  void resetPeakStats(c10::DeviceIndex) override { device().peak = device().used; }
  std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex) override {
    const size_t all = kArena - static_cast<size_t>(device().used);
    return {device().pretend > 0 ? std::min(all, static_cast<size_t>(device().pretend)) : all, kArena};
  }

 private:
  static void release(void* at) {
    if (!at) return;
    Device& d = device();
    const std::lock_guard lock(d.mutex);
    const auto found = d.blocks.find(static_cast<size_t>(static_cast<char*>(at) - d.memory));
    const Block& block = found->second;
    const Clock& known = d.clocks[block.stream];
    for (const auto& [stream, time] : block.reads)
      if (known[stream] < time && !block.recorded.contains(stream))
        d.offence("memory is freed while another stream may read it");
    d.used -= static_cast<int64_t>(block.bytes);
    d.blocks.erase(found);
  }
};

class PinnedAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* at = std::malloc(std::max<size_t>(bytes, 1));
    const std::lock_guard lock(device().mutex);
    device().pinned.insert(at);
    return {at, at, &release, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }

 private:
  static void release(void* at) {
    const std::lock_guard lock(device().mutex);
    device().pinned.erase(at);
    std::free(at);
  }
};

class Hooks final : public at::PrivateUse1HooksInterface {
 public:
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override { return 0; }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
  c10::Allocator* getPinnedMemoryAllocator() const override {
    static PinnedAllocator allocator;
    return &allocator;
  }
  bool isPinnedPtr(const void* at) const override {
    const std::lock_guard lock(device().mutex);
    return device().pinned.contains(at);
  }
};

class Guard final : public c10::impl::DeviceGuardImplInterface {
 public:
  c10::DeviceType type() const override { return kType; }
  c10::Device exchangeDevice(c10::Device) const override { return kDevice; }
  c10::Device getDevice() const override { return kDevice; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const override { return stream(current_stream); }
  c10::Stream getDefaultStream(c10::Device) const override { return stream(0); }
  c10::Stream getStreamFromGlobalPool(c10::Device, bool) const override {
    const std::lock_guard lock(device().mutex);
    const size_t next = device().streams;
    device().streams = next % (kStreams - 1) + 1;
    return stream(next);
  }
  c10::Stream exchangeStream(c10::Stream to) const override {
    return stream(std::exchange(current_stream, static_cast<size_t>(to.id())));
  }
  void* getStreamNativeHandle(const c10::Stream) const override { return nullptr; }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }

  void record(void** event, const c10::Stream& of, const c10::DeviceIndex, const c10::EventFlag) const override {
    const std::lock_guard lock(device().mutex);
    if (!*event) *event = new Clock{};
    *static_cast<Clock*>(*event) = device().clocks[static_cast<size_t>(of.id())];
  }
  void block(void* event, const c10::Stream& waits) const override {
    const std::lock_guard lock(device().mutex);
    if (event) take_later(device().clocks[static_cast<size_t>(waits.id())], *static_cast<Clock*>(event));
  }
  void destroyEvent(void* event, const c10::DeviceIndex) const noexcept override { delete static_cast<Clock*>(event); }
  void synchronizeStream(const c10::Stream& of) const override {
    const std::lock_guard lock(device().mutex);
    take_later(waited_for, device().clocks[static_cast<size_t>(of.id())]);
  }
  void recordDataPtrOnStream(const c10::DataPtr& data, const c10::Stream& of) const override {
    const std::lock_guard lock(device().mutex);
    if (!data.get()) return;
    device()
        .blocks.at(static_cast<size_t>(static_cast<char*>(data.get()) - device().memory))
        .recorded.insert(static_cast<size_t>(of.id()));
  }

 private:
  static c10::Stream stream(size_t id) {
    return c10::Stream(c10::Stream::UNSAFE, kDevice, static_cast<c10::StreamId>(id));
  }
};

C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

c10::DispatchKeySet keys() { return c10::DispatchKeySet(c10::DispatchKey::PrivateUse1); }

Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>,
             std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, c10::GetAllocator(kType), keys(), type.value_or(at::kFloat), format);
}

Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> type,
                     std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, c10::GetAllocator(kType), keys(), type.value_or(at::kFloat));
}

/// The same memory, as if it were the host's.
Tensor as_host(const Tensor& t) {
  if (t.is_cpu()) return t;
  return at::from_blob(const_cast<void*>(t.const_data_ptr()), t.sizes(), t.strides(),
                       at::TensorOptions().dtype(t.dtype()));
}

Tensor copy_from(const Tensor& from, const Tensor& to, bool non_blocking) {
  const Open open;
  as_host(to).copy_(as_host(from));
  if (to.is_cpu() && !non_blocking && !in_operator) take_later(waited_for, device().clocks[current_stream]);
  return to;
}

const Tensor& grow(const Tensor& t, at::IntArrayRef size, std::optional<at::MemoryFormat>) {
  const size_t bytes =
      at::detail::computeStorageNbytesContiguous(size, t.element_size(), static_cast<size_t>(t.storage_offset()));
  c10::StorageImpl* storage = t.storage().unsafeGetStorageImpl();
  if (bytes > storage->nbytes()) {
    c10::DataPtr grown = c10::GetAllocator(kType)->allocate(bytes);
    c10::GetAllocator(kType)->copy_data(grown.mutable_get(), storage->data(), storage->nbytes());
    storage->set_data_ptr_noswap(std::move(grown));
    storage->set_nbytes(bytes);
  }
  t.unsafeGetTensorImpl()->set_sizes_contiguous(size);
  return t;
}

Tensor copy_from_and_resize(const Tensor& from, const Tensor& to) {
  if (to.sizes() != from.sizes()) grow(to, from.sizes(), std::nullopt);
  return copy_from(from, to, false);
}

at::Scalar scalar_of(const Tensor& t) { return t.cpu().item(); }

/// Torch's operator on the CPU, where a GPU would take the same tensors.
void on_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto check = [&](const Tensor& t) {
    TORCH_CHECK(!t.defined() || t.device().type() == kType || t.dim() == 0, op.schema().name(),
                ": a tensor of the host among those of the device");
  };
  const size_t arguments = op.schema().arguments().size();
  for (const c10::IValue& value : at::ArrayRef<c10::IValue>(*stack).slice(stack->size() - arguments)) {
    if (value.isTensor()) check(value.toTensor());
    if (value.isTensorList())
      for (const Tensor& t : value.toTensorVector()) check(t);
  }
  const auto before = std::exchange(in_operator, true);
  try {
    at::native::cpu_fallback(op, stack);
  } catch (...) {
    in_operator = before;
    throw;
  }
  in_operator = before;
}

/// Of every operator that is called: what it reads and writes.
std::unique_ptr<at::ObserverContext> watch(const at::RecordFunction& call) {
  const auto schema = call.operator_schema();
  if (!schema) return nullptr;
  Device& d = device();
  const std::lock_guard lock(d.mutex);
  const Moment now = d.work();
  const auto inputs = call.inputs();
  for (size_t i = 0; i < inputs.size() && i < schema->arguments().size(); ++i) {
    const auto* alias = schema->arguments()[i].alias_info();
    const bool writes = alias && alias->isWrite();
    if (inputs[i].isTensor()) d.use(inputs[i].toTensor(), writes, now, call.name());
    if (inputs[i].isTensorList())
      for (const Tensor& t : inputs[i].toTensorVector()) d.use(t, writes, now, call.name());
  }
  return nullptr;
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("_copy_from", copy_from);
  m.impl("_copy_from_and_resize", copy_from_and_resize);
  m.impl("_local_scalar_dense", scalar_of);
  m.impl("resize_", grow);
  m.impl("as_strided", at::native::as_strided_tensorimpl);
  m.impl("view", at::native::view);
  m.impl("_reshape_alias", at::native::_reshape_alias);
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_cpu>()); }

}  // namespace

void install() {
  if (device().memory) return;
  void* at = mmap(nullptr, kArena, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  TORCH_CHECK(at != MAP_FAILED, "mmap");
  device().memory = static_cast<char*>(at);
  c10::register_privateuse1_backend(kName);
  static Allocator allocator;
  c10::SetAllocator(kType, &allocator);
  static Hooks hooks;
  at::RegisterPrivateUse1HooksInterface(&hooks);
  at::addGlobalCallback(at::RecordFunctionCallback(watch).needsInputs(true));
  emulated_cuda::around_launch = [](const std::function<void()>& launch) {
    const Open open;
    launch();
  };
}

void pretend_free(int64_t bytes) { device().pretend = bytes; }
int64_t offences() { return device().offences; }
int64_t side_work() { return device().side_work; }

}  // namespace graphsieve::host_device
