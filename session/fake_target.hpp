// SPDX-License-Identifier: MIT
#pragma once
#include <map>
#include <string>
#include <vector>

#include "abi/aggregate.h"
#include "abi/record.h"
#include "abi/status.h"
#include "abi/version.h"
#include "session/session.hpp"

namespace hyperdbg {

/*
 * A debuggee for tests, in memory: it has two cores, registers, some pages, events that never fire by themselves, and
 * does what abi/request.h says. A test makes things happen with halt_by_event(), message() and the like.
 */
class FakeTarget final : public Target {
 public:
  struct Event {
    hyperdbg_event_info info{};
    hyperdbg_event definition{};
    std::string text;
    Bytes condition;
    struct Action {
      std::uint32_t kind = 0, flags = 0, code_size = 0;
      std::uint64_t fuel = 0;
      Bytes code, metadata;
    };
    std::vector<Action> actions;
  };
  struct State {
    State();
    hyperdbg_hello_answer hello{};
    bool halted = true;
    std::uint32_t core = 0;
    Registers registers[2]{};
    std::map<std::uint64_t, Bytes> pages;  // virtual; one physical page 0x1000 stands at the same key
    std::vector<Event> events;
    std::uint32_t next_id = 0;
    std::vector<std::uint32_t> requests;            // kinds, in order
    std::map<std::uint32_t, std::uint32_t> refuse;  // kind -> status
    bool evaluated = false;
    bool short_circuit = false;
    std::vector<hyperdbg_aggregation_info> aggregations;
    Bytes entries;                   // of core 0's table, as they are sent
    std::uint32_t cleared = 0x1000;  // the aggregation cleared last
    Bytes staged;                    // code that came in pieces
    std::uint64_t exits = 1234;
    std::vector<std::function<void(TargetListener&)>> unasked;  // delivered by pump()
  };

  explicit FakeTarget(std::shared_ptr<State> state) : state_(std::move(state)) {}

  Expected<Answer> request(std::uint32_t kind, ByteView payload) override;
  void pump() override;
  int descriptor() const override { return -1; }

 private:
  Answer handle(std::uint32_t kind, ByteView payload);
  Answer handle_event(std::uint32_t kind, ByteView payload);
  Answer handle_memory(std::uint32_t kind, ByteView payload);
  Answer add_event(ByteView payload);
  Answer add_action(ByteView payload);
  Answer modify_event(ByteView payload);

  std::shared_ptr<State> state_;
};

// A halt packet for the state's operating core.
hyperdbg_halted make_halt(const FakeTarget::State& state, std::uint32_t reason, std::uint32_t event = 0,
                          std::uint32_t stage = 0);

// One record of text from the engine, or of a script's message with its values.
Bytes make_text_record(std::string_view text, std::uint64_t sequence = 0, std::uint16_t core = 0);
Bytes make_message_record(std::uint32_t event, std::uint32_t format, const std::vector<std::uint64_t>& values,
                          std::uint64_t sequence, std::uint32_t flags = 0);

}  // namespace hyperdbg
