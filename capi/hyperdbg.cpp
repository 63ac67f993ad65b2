// SPDX-License-Identifier: MIT
#include "capi/hyperdbg.h"

#include <algorithm>
#include <string>
#include <vector>

#include "capi/session.hpp"
#include "session/local_machine.hpp"
#include "session/session.hpp"

using hyperdbg::Expected;
using hyperdbg::Session;

struct _DEBUGGER_EVENT {
  hyperdbg_session* session;
  std::uint32_t id;
};

struct hyperdbg_session final : hyperdbg::SessionListener {
  void on_text(std::string_view text) override { tell(text); }
  void on_notice(std::string_view line) override { tell(std::string(line) + '\n'); }
  void on_halt(const hyperdbg_halted&) override {}
  void on_end(std::string_view why) override { tell(std::string(why) + '\n'); }
  void tell(std::string_view text) const {
    if (listener != nullptr) listener(context, std::string(text).c_str());
  }

  std::string error;
  hyperdbg_listener* listener = nullptr;
  void* context = nullptr;
  std::vector<std::unique_ptr<DEBUGGER_EVENT>> events;
  Session session{*this};
};

namespace {

std::string last_error;  // where there is no session

template <class T>
bool succeeded(hyperdbg_session* session, const Expected<T>& result) {
  if (!result) (session != nullptr ? session->error : last_error) = result.error().message;
  return result.has_value();
}

Expected<hyperdbg::Device> start_device() {
  TRY_EXPECTED(hyperdbg::ensure_kernel_module());
  auto device = TRY_EXPECTED(hyperdbg::Device::open());
  const hyperdbg_device_info info = TRY_EXPECTED(device.info());
  if (info.started != 0) {
    if (info.mode == HYPERDBG_MODE_VMI) return device;
    return hyperdbg::fail("err, the hypervisor runs in the Debugger Mode; unload it first");
  }
  const hyperdbg_start start = TRY_EXPECTED(hyperdbg::make_start(HYPERDBG_MODE_VMI));
  TRY_EXPECTED(device.start(start));
  return device;
}

Expected<std::unique_ptr<hyperdbg::Target>> local_target() {
  return hyperdbg::make_local_target(TRY_EXPECTED(start_device()));
}

Expected<hyperdbg::ActionRequest> action_request(DEBUGGER_EVENT_ACTION_TYPE_ENUM type, BOOLEAN immediately,
                                                 const DEBUGGER_EVENT_REQUEST_CUSTOM_CODE* code,
                                                 const DEBUGGER_EVENT_ACTION_LOG_CONFIGURATION* log) {
  hyperdbg::ActionRequest request;
  switch (type) {
    case BREAK_TO_DEBUGGER:
      return request;
    case LOG_THE_STATES:
      if (log == nullptr || log->List == nullptr) return hyperdbg::fail("err, LOG_THE_STATES needs its configuration");
      request.definition = {HYPERDBG_ACTION_LOG, {log->List, false}};
      return request;
    case RUN_CUSTOM_CODE: {
      if (code == nullptr || code->CustomCodeBufferAddress == nullptr || code->CustomCodeBufferSize == 0)
        return hyperdbg::fail("err, RUN_CUSTOM_CODE needs code");
      const auto* bytes = static_cast<const std::uint8_t*>(code->CustomCodeBufferAddress);
      request.definition.kind = HYPERDBG_ACTION_CODE;
      request.code.assign(bytes, bytes + code->CustomCodeBufferSize);
      request.accumulate = immediately == FALSE;
      request.buffer_size = code->OptionalRequestedBufferSize;
      return request;
    }
    default:
      return hyperdbg::fail("err, there is no action of type {}", static_cast<int>(type));
  }
}

BOOLEAN modify(PDEBUGGER_EVENT event, hyperdbg_event_modify modification) {
  return succeeded(event->session, event->session->session.modify_event(event->id, modification)) ? TRUE : FALSE;
}

}  // namespace

namespace hyperdbg {

hyperdbg_session* open_session(std::unique_ptr<Target> target) {
  auto session = std::make_unique<hyperdbg_session>();
  return succeeded(nullptr, session->session.attach(std::move(target))) ? session.release() : nullptr;
}

}  // namespace hyperdbg

hyperdbg_session* hyperdbg_open_local(void) {
  auto target = local_target();
  return succeeded(nullptr, target) ? hyperdbg::open_session(std::move(*target)) : nullptr;
}

void hyperdbg_close(hyperdbg_session* session) {
  delete session;
}

BOOLEAN hyperdbg_unload(void) {
  const auto device = hyperdbg::Device::open();
  return succeeded(nullptr, device) && succeeded(nullptr, device->stop()) ? TRUE : FALSE;
}

const char* hyperdbg_error(const hyperdbg_session* session) {
  return (session != nullptr ? session->error : last_error).c_str();
}

PDEBUGGER_EVENT hyperdbg_create_event(hyperdbg_session* session, const char* command) {
  auto rules = session->session.event_rules();
  rules.actions_come_later = true;
  const auto definition = hyperdbg::parse_event_command(hyperdbg::split_tokens(command), rules);
  if (!succeeded(session, definition)) return nullptr;
  const auto id = session->session.add_event(*definition);
  if (!succeeded(session, id)) return nullptr;
  session->events.push_back(std::make_unique<DEBUGGER_EVENT>(DEBUGGER_EVENT{session, *id}));
  return session->events.back().get();
}

UINT32 hyperdbg_event_number(const DEBUGGER_EVENT* event) {
  return event->id;
}

int hyperdbg_event_enabled(PDEBUGGER_EVENT event) {
  const auto events = event->session->session.events();
  if (!succeeded(event->session, events)) return -1;
  for (const auto& [info, text] : *events)
    if (info.id == event->id) return (info.flags & HYPERDBG_EVENT_ENABLED) != 0 ? 1 : 0;
  return -1;
}

BOOLEAN hyperdbg_enable_event(PDEBUGGER_EVENT event, BOOLEAN enabled) {
  return modify(event, enabled != FALSE ? HYPERDBG_EVENT_ENABLE : HYPERDBG_EVENT_DISABLE);
}

BOOLEAN hyperdbg_clear_event(PDEBUGGER_EVENT event) {
  hyperdbg_session* session = event->session;
  if (modify(event, HYPERDBG_EVENT_CLEAR) == FALSE) return FALSE;
  std::erase_if(session->events, [&](const auto& each) { return each.get() == event; });
  return TRUE;
}

BOOLEAN DebuggerAddActionToEvent(PDEBUGGER_EVENT Event, DEBUGGER_EVENT_ACTION_TYPE_ENUM ActionType,
                                 BOOLEAN SendTheResultsImmediately,
                                 PDEBUGGER_EVENT_REQUEST_CUSTOM_CODE InTheCaseOfCustomCode,
                                 PDEBUGGER_EVENT_ACTION_LOG_CONFIGURATION InTheCaseOfLogTheStates) {
  const auto request =
      action_request(ActionType, SendTheResultsImmediately, InTheCaseOfCustomCode, InTheCaseOfLogTheStates);
  if (!succeeded(Event->session, request)) return FALSE;
  return succeeded(Event->session, Event->session->session.add_action(Event->id, *request)) ? TRUE : FALSE;
}

void hyperdbg_listen(hyperdbg_session* session, hyperdbg_listener* listener, void* context) {
  session->listener = listener;
  session->context = context;
}

void hyperdbg_pump(hyperdbg_session* session) {
  session->session.pump();
  session->session.show_collected();
}
