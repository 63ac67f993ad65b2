// SPDX-License-Identifier: MIT
#include "script/emit/statements.hpp"

#include <ranges>

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
  std::vector<ExpressionEmitter::Target> targets;
  for (const ExpressionPtr& target : node.targets) targets.push_back(expressions_.target(*target));
  llvm::Value* value = nullptr;
  if (node.operation) {
    llvm::Value* old = expressions_.load(targets[0]);
    value = expressions_.arithmetic(*node.operation, {old, node.targets[0]->type},
                                    {expressions_.value(*node.value), node.value->type}, place);
  } else {
    value = expressions_.value(*node.value);
  }
  for (const auto& target : std::views::reverse(targets)) expressions_.store(target, value);
}

void StatementEmitter::emit(const CallStatement& node, Place) {
  expressions_.call(*node.call);
}

void StatementEmitter::emit(const Message& node, Place place) {
  auto& builder = frame_.builder();
  std::vector<llvm::Value*> arguments;
  for (const ExpressionPtr& argument : node.arguments) arguments.push_back(expressions_.value(*argument));
  llvm::Value* values = frame_.message_values(arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i)
    builder.CreateStore(arguments[i], builder.CreateConstInBoundsGEP1_64(builder.getInt64Ty(), values, i));
  frame_.call_runtime(offsetof(hyperdbg_script_runtime, message),
                      {frame_.constant(node.index), frame_.constant(arguments.size()), values,
                       frame_.constant(node.kinds), frame_.constant(place.position())});
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
  if (node.first) statement(*node.first);
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
void StatementEmitter::emit(const Return&, Place) {
  frame_.return_from_script();
}
void StatementEmitter::emit(const Nested& node, Place) {
  block(node.body);
}

}  // namespace hyperdbg::script
