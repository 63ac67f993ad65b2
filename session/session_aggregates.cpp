// SPDX-License-Identifier: MIT
#include <cstring>

#include "script/runtime/aggregation.hpp"
#include "session/session.hpp"
#include "symbols/btf.hpp"

namespace hyperdbg {
namespace {

// Where Linux maps modules on x86-64, whatever the kernel's slide (Documentation/arch/x86/x86_64/mm.rst).
constexpr std::uint64_t modules_start = 0xffffffffc0000000;
constexpr std::uint64_t modules_end = 0xffffffffff000000;

}  // namespace

Expected<std::uint32_t> Session::aggregation_number(const hyperdbg_aggregation& aggregation) {
  hyperdbg_aggregation_request request{};
  request.aggregation = aggregation;
  const auto start = symbols().find("_stext");
  const auto end = symbols().find("_etext");
  if (start && end) {
    request.text_start = start->address;
    request.text_end = end->address;
    request.modules_start = modules_start;
    request.modules_end = modules_end;
  }
  if (KernelTypes* types = kernel_types()) request.task_stack = types->offset_of("task_struct", "stack").value_or(0);
  const Bytes answer = TRY_EXPECTED(ask(HYPERDBG_REQUEST_AGGREGATION, object_bytes(request)));
  const auto number = object_at<std::uint32_t>(answer);
  if (!number) return fail("err, the debuggee's answer is too short");
  return *number;
}

Expected<script::Aggregates> Session::aggregates() {
  script::Aggregates all;
  const Bytes definitions = TRY_EXPECTED(ask(HYPERDBG_REQUEST_AGGREGATION_LIST));
  std::uint32_t number = 0;
  while (const auto info =
             object_at<hyperdbg_aggregation_info>(definitions, number * sizeof(hyperdbg_aggregation_info)))
    all.define(number++, *info);
  for (std::uint32_t core = 0; core < hello_.cpus && number != 0; ++core) TRY_EXPECTED(add_aggregates(all, core));
  return all;
}

Expected<void> Session::add_aggregates(script::Aggregates& all, std::uint32_t core) {
  for (hyperdbg_aggregate_range range{core, 0};;) {
    const Bytes answer = TRY_EXPECTED(ask(HYPERDBG_REQUEST_AGGREGATION_READ, object_bytes(range)));
    const auto header = object_at<hyperdbg_aggregate_answer>(answer);
    if (!header) return fail("err, the debuggee's answer is too short");
    std::size_t at = sizeof *header;
    while (const auto entry = object_at<hyperdbg_aggregate_entry>(answer, at)) {
      at += sizeof *entry;
      const std::size_t size = script::size_behind(*entry);
      if (size > answer.size() - at) return fail("err, the debuggee's answer is cut off");
      all.add(*entry, ByteView(answer).subspan(at, size));
      at += size;
    }
    if (header->next >= header->capacity) return {};
    if (header->next <= range.first) return fail("err, the debuggee's table does not advance");
    range.first = header->next;
  }
}

Expected<void> Session::clear_aggregates(std::uint32_t number) {
  TRY_EXPECTED(ask(HYPERDBG_REQUEST_AGGREGATION_CLEAR, object_bytes(number)));
  return {};
}

std::vector<std::string> Session::aggregations_of(std::uint32_t event) const {
  std::vector<std::string> names;
  for (const auto& [id, known] : aggregations_)
    if (event == HYPERDBG_ALL_EVENTS || event == id) names.insert(names.end(), known.begin(), known.end());
  return names;
}

}  // namespace hyperdbg
