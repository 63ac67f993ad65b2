// SPDX-License-Identifier: MIT
#include "script/emit/statements.hpp"

#include <ranges>
#include <utility>

namespace hyperdbg::script {

void StatementEmitter::block(const Block& statements) {
  for (const StatementPtr& one : statements) {
    if (frame_.has_ended()) return;  // behind break, continue or return
    statement(*one);
  }
}

void StatementEmitter::statement(const Statement& statement) {
  std::visit([&](const auto& node) { emit(node, statement.place); }, statement.node);
}

void StatementEmitter::emit(const Assignment& node, Place place) {
  std::vector<ExpressionEmitter::Location> targets;
  for (const ExpressionPtr& target : node.targets) targets.push_back(expressions_.locate(*target));
  ExpressionEmitter::Operand value{};
  if (node.operation) {
    const ExpressionEmitter::Operand old{expressions_.load(targets[0], place), node.targets[0]->type};
    value = expressions_.arithmetic(*node.operation, old, expressions_.operand(*node.value), place);
  } else if (node.value->type.is(Type::Kind::structure)) {
    for (const auto& target : std::views::reverse(targets)) expressions_.copy(target, *node.value, place);
    return;
  } else {
    value = expressions_.operand(*node.value);
  }
  for (std::size_t i = targets.size(); i-- > 0;)
    expressions_.store(targets[i], expressions_.converted(value, targets[i].type, place), node.targets[i]->place);
}

void StatementEmitter::emit(const Declaration& node, Place place) {
  // What the list does not name is zero, each time that the declaration is reached.
  std::uint64_t named = 0;
  for (const Declaration::Store& store : node.stores) named += size_of(store.type);
  if (node.initializer && named < size_of(node.type)) frame_.clear_local(node.index);
  for (const Declaration::Store& store : node.stores) {
    const auto target = expressions_.part_of_local(node.index, store.offset, store.type);
    if (store.type.is(Type::Kind::structure))
      expressions_.copy(target, *store.value, place);
    else
      expressions_.store(target, expressions_.converted(expressions_.operand(*store.value), store.type, place), place);
  }
}

void StatementEmitter::emit(const CallStatement& node, Place) {
  expressions_.call(*node.call);
}

void StatementEmitter::emit(const Message& node, Place place) {
  auto& builder = frame_.builder();
  std::vector<llvm::Value*> arguments;
  for (const ExpressionPtr& argument : node.arguments) arguments.push_back(expressions_.bits(*argument));
  llvm::Value* values = frame_.message_values(arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i)
    builder.CreateStore(arguments[i], builder.CreateConstInBoundsGEP1_64(builder.getInt64Ty(), values, i));
  frame_.call_runtime(offsetof(hyperdbg_script_runtime, message),
                      {frame_.constant(node.index), frame_.constant(arguments.size()), values,
                       frame_.constant(node.kinds), frame_.constant(place.position())});
}

void StatementEmitter::emit(const Aggregate& node, Place place) {
  auto& builder = frame_.builder();
  llvm::Value* value = node.value ? expressions_.value(*node.value) : frame_.constant(0);
  std::vector<llvm::Value*> words;
  for (const ExpressionPtr& key : node.keys) words.push_back(key ? expressions_.value(*key) : frame_.constant(0));
  llvm::Value* keys = frame_.message_values(words.size());
  for (std::size_t i = 0; i < words.size(); ++i)
    builder.CreateStore(words[i], builder.CreateConstInBoundsGEP1_64(builder.getInt64Ty(), keys, i));
  frame_.call_runtime(
      offsetof(hyperdbg_script_runtime, aggregate),
      {frame_.constant(program_.aggregation_numbers[node.index]), value, keys, frame_.constant(place.position())});
}

void StatementEmitter::branch_if(const Expression* condition, llvm::BasicBlock* yes, llvm::BasicBlock* no) {
  if (condition)
    frame_.builder().CreateCondBr(expressions_.condition(*condition), yes, no);
  else
    frame_.builder().CreateBr(yes);
}

void StatementEmitter::emit(const If& node, Place) {
  auto* done = frame_.new_block("if_done");
  for (const If::Branch& branch : node.branches) {
    auto* yes = frame_.new_block("yes");
    auto* no = frame_.new_block("no");
    branch_if(branch.condition.get(), yes, no);
    frame_.start(yes);
    block(branch.body);
    frame_.continue_in(done);
    frame_.start(no);
  }
  block(node.otherwise);
  frame_.continue_in(done);
}

/*
 *   first; goto test;                 (do-while: goto body)
 *   body:  ...                        break -> done, continue -> next
 *   next:  step;
 *   test:  condition ? again : done   (do-while only tests here)
 *   again: fuel; goto body
 *
 * A loop that is tested first is turned: one test before it, one at its end, so that fuel is spent on the way back
 * only.
 */
void StatementEmitter::emit(const Loop& node, Place place) {
  auto* body = frame_.new_block("body");
  auto* next = frame_.new_block("next");
  auto* again = frame_.new_block("again");
  auto* done = frame_.new_block("done");
  block(node.first);
  if (node.tested_first) branch_if(node.condition.get(), body, done);
  frame_.continue_in(body);

  const Exits outer = std::exchange(exits_, {done, next});
  block(node.body);
  exits_ = outer;

  frame_.continue_in(next);
  if (node.step) statement(*node.step);
  branch_if(node.condition.get(), again, done);
  frame_.start(again);
  frame_.spend_fuel(place);
  frame_.continue_in(body);
  frame_.start(done);
}

void StatementEmitter::emit(const Break&, Place) {
  frame_.builder().CreateBr(exits_.break_to);
}
void StatementEmitter::emit(const Continue&, Place) {
  frame_.builder().CreateBr(exits_.continue_to);
}
void StatementEmitter::emit(const Return& node, Place place) {
  llvm::Value* value = nullptr;
  if (node.value) value = expressions_.converted(expressions_.operand(*node.value), frame_.source().result, place);
  frame_.return_from_function(value);
}
void StatementEmitter::emit(const Switch& node, Place) {
  llvm::Value* value = expressions_.value(*node.value);
  auto* done = frame_.new_block("switch_done");
  auto* chosen = frame_.builder().CreateSwitch(value, done, static_cast<unsigned>(node.cases.size()));
  const Exits outer = std::exchange(exits_, {done, exits_.continue_to});
  bool is_first = true;
  for (const Switch::Case& one : node.cases) {
    auto* body = frame_.new_block("case");
    // The case before runs into this one.
    if (std::exchange(is_first, false))
      frame_.start(body);
    else
      frame_.continue_in(body);
    if (one.label)
      chosen->addCase(frame_.builder().getInt64(one.value), body);
    else
      chosen->setDefaultDest(body);
    block(one.body);
  }
  if (!is_first) frame_.continue_in(done);
  frame_.start(done);
  exits_ = outer;
}
void StatementEmitter::emit(const Nested& node, Place) {
  block(node.body);
}

}  // namespace hyperdbg::script
