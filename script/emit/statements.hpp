// SPDX-License-Identifier: MIT
#pragma once
#include "script/emit/expressions.hpp"

namespace hyperdbg::script {

class StatementEmitter {
 public:
  StatementEmitter(Frame& frame, const Program& program)
      : frame_(frame), program_(program), expressions_(frame, program) {}

  void block(const Block& statements);

 private:
  // Where break and continue of the innermost loop lead.
  struct Exits {
    llvm::BasicBlock* break_to;
    llvm::BasicBlock* continue_to;
  };

  void statement(const Statement& statement);
  void emit(const Assignment& node, Place place);
  void emit(const Declaration& node, Place place);
  void emit(const CallStatement& node, Place place);
  void emit(const Message& node, Place place);
  void emit(const Aggregate& node, Place place);
  void emit(const If& node, Place place);
  void emit(const Loop& node, Place place);
  void emit(const Switch& node, Place place);
  void emit(const Break& node, Place place);
  void emit(const Continue& node, Place place);
  void emit(const Return& node, Place place);
  void emit(const Nested& node, Place place);
  void branch_if(const Expression* condition, llvm::BasicBlock* yes, llvm::BasicBlock* no);

  Frame& frame_;
  const Program& program_;
  ExpressionEmitter expressions_;
  Exits exits_{};
};

}  // namespace hyperdbg::script
