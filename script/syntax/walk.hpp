// SPDX-License-Identifier: MIT
#pragma once
#include <variant>

#include "script/syntax/ast.hpp"

namespace hyperdbg::script {

// Calls `function` for every statement, also for those inside of others, in the order of the text.
template <class Function>
void for_each_statement(Block& block, const Function& function);

template <class Function>
void for_each_statement(Statement& statement, const Function& function) {
  function(statement);
  std::visit(Overloaded{[&](If& node) {
                          for (If::Branch& branch : node.branches) for_each_statement(branch.body, function);
                          for_each_statement(node.otherwise, function);
                        },
                        [&](Loop& node) {
                          for_each_statement(node.first, function);
                          if (node.step) for_each_statement(*node.step, function);
                          for_each_statement(node.body, function);
                        },
                        [&](Switch& node) {
                          for (Switch::Case& one : node.cases) for_each_statement(one.body, function);
                        },
                        [&](Nested& node) { for_each_statement(node.body, function); }, [](auto&) {}},
             statement.node);
}

template <class Function>
void for_each_statement(Block& block, const Function& function) {
  for (StatementPtr& statement : block) for_each_statement(*statement, function);
}

}  // namespace hyperdbg::script
