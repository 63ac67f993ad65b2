// SPDX-License-Identifier: MIT
#include "session/kernel_types.hpp"

#include <bpf/btf.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "script/compiler.hpp"
#include "script/runtime/user_runtime.hpp"

extern "C" void* fixture_object(int index, unsigned long* size);

namespace hyperdbg {
namespace {

// Scripts over objects of a C program whose types they know from its BTF, as they would over a kernel's.
class KernelTypesTest : public testing::Test {
 protected:
  // What the script prints, with $proc at the fixture's object; or its mistakes.
  std::string run(const std::string& text) {
    script::UserRuntime runtime;
    unsigned long size = 0;
    runtime.process_object = reinterpret_cast<std::uint64_t>(fixture_object(0, &size));
    for (int i = 0; void* object = fixture_object(i, &size); ++i) runtime.lend(object, size);
    const auto compiler = script::Compiler::load();
    if (!compiler) return compiler.error();
    const auto script = (*compiler)->compile(text, options());
    if (!script) return mistakes(script.error());
    const auto outcome = runtime.run(*script);
    return outcome ? outcome->messages : outcome.error();
  }
  // The same with a pointer to it.
  std::string task(const std::string& text) {
    return run("struct fixture_task *t = (struct fixture_task *) $proc; " + text);
  }
  std::string check(const std::string& text) { return mistakes(script::check(text, options())); }

  KernelTypes types{TYPES_FIXTURE};

 private:
  script::CompileOptions options() {
    script::CompileOptions options;
    options.types = &types;
    return options;
  }
  static std::string mistakes(const std::vector<script::Diagnostic>& diagnostics) {
    std::string text;
    for (const script::Diagnostic& one : diagnostics) text += one.message + " | " + one.hint + '\n';
    return text;
  }
};

TEST_F(KernelTypesTest, numbers_and_strings_of_a_structure) {
  EXPECT_EQ(task(R"(printf("%s %d %d\n", t->comm, t->number, t->children[1]->number);)"), "parent 258 -7\n");
  EXPECT_EQ(task(R"(printf("%d %c\n", t->alive, t->comm[1]);)"), "1 a\n");
  EXPECT_EQ(task(R"(printf("%f\n", t->ratio);)"), "2.500000\n");
}

TEST_F(KernelTypesTest, enumerations) {
  EXPECT_EQ(task(R"(printf("%d %d\n", t->state == FIXTURE_BUSY, FIXTURE_DEAD);)"), "1 -2\n");
  EXPECT_EQ(task(R"(enum fixture_state s = t->state; printf("%d %d\n", s, sizeof(enum fixture_state));)"), "70000 4\n");
  EXPECT_EQ(task(R"(FIXTURE_IDLE = 5; printf("%d\n", FIXTURE_IDLE);)"), "5\n");
}

TEST_F(KernelTypesTest, bit_fields) {
  EXPECT_EQ(task(R"(printf("%d %d %llx\n", t->narrow, t->negative, t->wide);)"), "5 -3 123456789a\n");
  EXPECT_EQ(task(R"(t->narrow = 2; t->negative = -1; printf("%d %d %llx\n", t->narrow, t->negative, t->wide);
                    t->narrow = 5; t->negative = -3;)"),
            "2 -1 123456789a\n");
}

TEST_F(KernelTypesTest, unions_and_unnamed_members) {
  EXPECT_EQ(task(R"(printf("%llx %x %x\n", t->value.whole, t->value.high, t->value.bytes[7]);)"),
            "1122334455667788 11223344 11\n");
  EXPECT_EQ(task(R"(union fixture_value *v = &t->value; printf("%x %d\n", v->low, sizeof(union fixture_value));)"),
            "55667788 8\n");
  EXPECT_EQ(task(R"(printf("%d %d\n", t->inside, t->first == 0);)"), "42 0\n");
}

TEST_F(KernelTypesTest, nested_structures_arrays_and_pointers_to_pointers) {
  EXPECT_EQ(task(R"(printf("%s %d\n", t->links.next->comm, t->links.weights[1][0]);)"), "child 4\n");
  EXPECT_EQ(task(R"(printf("%s %s\n", t->parent->parent->comm, (*(t->children + 1))->comm);)"), "parent child\n");
  EXPECT_EQ(task(R"(printf("%d %d\n", t->tail[0], t->tail[1]);)"), "100 200\n");
  EXPECT_EQ(task(R"(printf("%d\n", t->usage.counter); t->usage.counter = 11; printf("%d\n", t->usage.counter);
                    t->usage.counter = 9;)"),
            "9\n17\n");
}

TEST_F(KernelTypesTest, a_copy_among_a_scripts_own_variables) {
  EXPECT_EQ(task(R"(struct fixture_task copy = *t; copy.narrow = 1;
                    printf("%s %d %d %d\n", copy.comm, copy.narrow, copy.negative, t->narrow);)"),
            "parent 1 -3 5\n");
  EXPECT_EQ(task(R"(struct pair { union fixture_value v; char last; }; printf("%d\n", sizeof(struct pair));)"), "16\n");
}

TEST_F(KernelTypesTest, names_of_types) {
  EXPECT_EQ(run(R"(fixture_byte low_byte = 1ff; printf("%d %d\n", low_byte, (fixture_byte) 102);)"), "255 2\n");
  EXPECT_EQ(run(R"(printf("%d %d\n", sizeof(fixture_atomic), sizeof(struct fixture_task *));)"), "4 8\n");
  // A variable of that name stays one.
  EXPECT_EQ(run(R"(fixture_byte = 6; x = (fixture_byte) * 2; y = (fixture_byte); printf("%d %d\n", x, y);)"), "12 6\n");
}

TEST_F(KernelTypesTest, mistakes_name_what_was_perhaps_meant) {
  EXPECT_EQ(check("struct fixture_tsk *t = 0;"),
            "Unknown struct tag: `fixture_tsk` | is `struct fixture_task` meant?\n");
  EXPECT_EQ(check("struct fixture_value *t = 0;"),
            "Unknown struct tag: `fixture_value` | there is `union fixture_value`\n");
  EXPECT_EQ(check("struct fixture_byte *t = 0;"),
            "Unknown struct tag: `fixture_byte` | `fixture_byte` is a type without that word\n");
  EXPECT_EQ(check("struct fixture_task *t = 0; x = t->nmber;"),
            "`struct fixture_task` has no member `nmber` | is `number` meant?\n");
  EXPECT_EQ(check("struct fixture_task *t = 0; x = t->zzzzzzzz;"),
            "`struct fixture_task` has no member `zzzzzzzz` | \n");
  EXPECT_EQ(check("struct fixture_task *t = 0; x = t->later->y;"),
            "Syntax Error: Invalid Syntax: what stands before `->y` is no pointer to a structure | \n");
  EXPECT_EQ(check("struct fixture_task *t = 0; x = &t->narrow;"), "a bit-field has no address | \n");
  EXPECT_EQ(check("struct fixture_task t = {1};"),
            "Syntax Error: Invalid Syntax: a structure of the debuggee's is filled member by member | \n");
}

// A module's types in their own file, which continues the kernel's: `struct driver { struct fixture_task *owner;
// struct fixture_value *value; enum driver_state state; }`.
void write_types_with_module(const std::filesystem::path& kernel, const std::filesystem::path& module) {
  const auto write = [](const std::filesystem::path& path, const btf* types) {
    __u32 size = 0;
    const void* bytes = btf__raw_data(types, &size);
    std::ofstream(path, std::ios::binary).write(static_cast<const char*>(bytes), size);
  };
  btf* base = btf__parse(TYPES_FIXTURE, nullptr);
  btf* added = btf__new_empty_split(base);
  const int owner = btf__add_ptr(added, btf__find_by_name_kind(base, "fixture_task", BTF_KIND_STRUCT));
  const int value = btf__add_ptr(added, btf__find_by_name_kind(base, "fixture_value", BTF_KIND_UNION));
  const int state = btf__add_enum(added, "driver_state", 4);
  btf__add_enum_value(added, "DRIVER_READY", 7);
  btf__add_struct(added, "driver", 24);
  btf__add_field(added, "owner", owner, 0, 0);
  btf__add_field(added, "value", value, 64, 0);
  btf__add_field(added, "state", state, 128, 0);
  write(kernel, base);
  write(module, added);
  btf__free(added);
  btf__free(base);
}

TEST_F(KernelTypesTest, modules_add_types_to_the_kernels) {
  const std::filesystem::path directory = testing::TempDir() + "/module_types";
  std::filesystem::create_directories(directory);
  write_types_with_module(directory / "00ff.btf", directory / "00ff.driver.btf");
  std::ofstream(directory / "00ff.damaged.btf") << "no types";
  std::ofstream(directory / "0100.other.btf") << "another kernel's";
  types = KernelTypes(directory / "00ff.btf");
  EXPECT_EQ(run(R"(struct driver one; one.owner = (struct fixture_task *) $proc; one.value = &one.owner->value;
                   enum driver_state s = DRIVER_READY; one.state = s;
                   printf("%s %llx %d %d\n", one.owner->comm, one.value->whole, one.state, sizeof(struct driver));)"),
            "parent 1122334455667788 7 24\n");
  EXPECT_EQ(check("struct drver *d = 0;"), "Unknown struct tag: `drver` | is `struct driver` meant?\n");
  std::filesystem::remove_all(directory);
}

TEST_F(KernelTypesTest, a_missing_file_is_named_where_a_type_is_asked_for) {
  KernelTypes nothing("/nowhere");
  EXPECT_NE(nothing.hint(script::Tag::structure, "task_struct").find("/nowhere"), std::string::npos);
  EXPECT_FALSE(nothing.enumerator("X"));
}

}  // namespace
}  // namespace hyperdbg
