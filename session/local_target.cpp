// SPDX-License-Identifier: MIT
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "abi/record.h"
#include "base/message_ring.hpp"
#include "session/local_machine.hpp"

namespace hyperdbg {
namespace {

constexpr std::size_t ring_span = sizeof(hyperdbg_ring) + HYPERDBG_RING_SIZE;

class RingMapping {
 public:
  RingMapping(int descriptor, std::size_t index)
      : address_(mmap(nullptr, ring_span, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor,
                      static_cast<off_t>(index * ring_span))) {
    if (mapped())
      reader_.init(static_cast<hyperdbg_ring*>(address_), bytes(), HYPERDBG_RING_SIZE, static_cast<u32>(index));
  }
  RingMapping(RingMapping&& other) noexcept
      : address_(std::exchange(other.address_, MAP_FAILED)), reader_(other.reader_) {}
  RingMapping& operator=(RingMapping&&) = delete;
  ~RingMapping() {
    if (address_ != MAP_FAILED) munmap(address_, ring_span);
  }

  bool mapped() const { return address_ != MAP_FAILED; }
  // Appends what the ring holds.
  void drain(Bytes& records) {
    for (;;) {
      const std::size_t before = records.size();
      records.resize(before + chunk);
      const u32 used = reader_.take(records.data() + before, chunk);
      records.resize(before + used);
      if (used == 0) return;
    }
  }

 private:
  static constexpr u32 chunk = 64 * 1024;
  const u8* bytes() const { return static_cast<const u8*>(address_) + sizeof(hyperdbg_ring); }

  void* address_;
  RingReader reader_;
};

class LocalTarget final : public Target {
 public:
  LocalTarget(Device device, std::vector<RingMapping> rings) : device_(std::move(device)), rings_(std::move(rings)) {}

  Expected<Answer> request(std::uint32_t kind, ByteView payload) override {
    Bytes request;
    append(request, object_bytes(hyperdbg_request{kind, static_cast<std::uint32_t>(payload.size())}));
    append(request, payload);
    Bytes answer(sizeof(hyperdbg_answer) + HYPERDBG_MAXIMUM_PAYLOAD);
    hyperdbg_exchange exchange{};
    exchange.request = reinterpret_cast<std::uint64_t>(request.data());
    exchange.request_size = static_cast<std::uint32_t>(request.size());
    exchange.answer = reinterpret_cast<std::uint64_t>(answer.data());
    exchange.answer_capacity = static_cast<std::uint32_t>(answer.size());
    if (ioctl(device_.descriptor(), HYPERDBG_IOCTL_REQUEST, &exchange) != 0)
      return fail("ioctl failed with code 0x{:x} ({})", errno, std::strerror(errno));
    answer.resize(std::min<std::size_t>(answer.size(), exchange.answer_size));
    const auto header = object_at<hyperdbg_answer>(answer);
    if (!header || header->size > answer.size() - sizeof *header)
      return fail("err, the kernel module's answer is malformed");
    const ByteView body = ByteView(answer).subspan(sizeof *header, header->size);
    return Answer{header->status, Bytes(body.begin(), body.end())};
  }

  void pump() override {
    Bytes records;
    for (RingMapping& ring : rings_) ring.drain(records);
    if (!records.empty() && listener_ != nullptr) listener_->on_records(records);
  }

  int descriptor() const override { return -1; }

 private:
  Device device_;
  std::vector<RingMapping> rings_;
};

}  // namespace

Expected<std::unique_ptr<Target>> make_local_target(Device device) {
  const hyperdbg_device_info info = TRY_EXPECTED(device.info());
  std::vector<RingMapping> rings;
  for (std::uint32_t i = 0; i < info.rings; ++i) {
    rings.emplace_back(device.descriptor(), i);
    if (!rings.back().mapped()) return fail("err, the message rings cannot be mapped: {}", std::strerror(errno));
  }
  return std::make_unique<LocalTarget>(std::move(device), std::move(rings));
}

}  // namespace hyperdbg
