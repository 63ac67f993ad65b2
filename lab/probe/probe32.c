/* SPDX-License-Identifier: MIT */
/*
 * A 32-bit program without a C library, because a 64-bit system has none for it. System calls as 32-bit programs make
 * them: `int80` by the instruction, `vdso` through the page that Linux maps for it, by the processor's own way (SYSENTER
 * with Intel, SYSCALL with AMD). Then it is `probe32 WAY NR [ARGS] [xN]`, as `probe syscall`. `into`, `int3` and `int81`
 * execute just that, and `nothing` nothing.
 */

enum { NR_EXIT = 1, NR_WRITE = 4, AT_SYSINFO = 32, ARGUMENTS = 6 };

typedef unsigned int u32;

static __attribute__((used)) u32 vdso;

/* Number and six arguments go into the registers that both ways want. */
__attribute__((naked, noinline)) static u32 call_int80(__attribute__((unused)) const u32 *registers)
{
	asm("push %ebx; push %esi; push %edi; push %ebp\n\t"
	    "mov 20(%esp), %eax\n\t"
	    "mov 4(%eax), %ebx; mov 8(%eax), %ecx; mov 12(%eax), %edx\n\t"
	    "mov 16(%eax), %esi; mov 20(%eax), %edi; mov 24(%eax), %ebp\n\t"
	    "mov (%eax), %eax\n\t"
	    "int $0x80\n\t"
	    "pop %ebp; pop %edi; pop %esi; pop %ebx; ret");
}

__attribute__((naked, noinline)) static u32 call_vdso(__attribute__((unused)) const u32 *registers)
{
	asm("push %ebx; push %esi; push %edi; push %ebp\n\t"
	    "mov 20(%esp), %eax\n\t"
	    "mov 4(%eax), %ebx; mov 8(%eax), %ecx; mov 12(%eax), %edx\n\t"
	    "mov 16(%eax), %esi; mov 20(%eax), %edi; mov 24(%eax), %ebp\n\t"
	    "mov (%eax), %eax\n\t"
	    "call *vdso\n\t"
	    "pop %ebp; pop %edi; pop %esi; pop %ebx; ret");
}

static u32 length_of(const char *text)
{
	u32 length = 0;

	while (text[length] != 0)
		length++;
	return length;
}

static int same(const char *a, const char *b)
{
	while (*a != 0 && *a == *b)
		a++, b++;
	return *a == *b;
}

static void system_call(u32 number, u32 a, u32 b, u32 c)
{
	const u32 registers[1 + ARGUMENTS] = { number, a, b, c };

	call_int80(registers);
}

static u32 parse(const char *text, u32 base)
{
	u32 value = 0;

	for (; *text != 0; text++)
		value = value * base + (*text <= '9' ? *text - '0' : (*text | 32) - 'a' + 10);
	return value;
}

static char line[128];
static u32 used;

static void put(const char *text)
{
	for (; *text != 0; text++)
		line[used++] = *text;
}

static void put_number(u32 value, u32 base)
{
	char digits[12];
	u32 at = sizeof(digits) - 1;

	digits[at] = 0;
	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	put(digits + at);
}

static int run(u32 (*call)(const u32 *), int count, char **words)
{
	u32 registers[1 + ARGUMENTS] = { 0 }, repeat = 1, result = 0;
	int taken = 0;

	for (int i = 0; i < count; i++) {
		if (words[i][0] == 'x')
			repeat = parse(words[i] + 1, 10);
		else if (taken <= ARGUMENTS)
			registers[taken++] = parse(words[i], 16);
	}
	for (u32 i = 0; i < repeat; i++)
		result = call(registers);
	put("number=");
	put_number(registers[0], 16);
	put(" result=");
	put_number(result, 16);
	put(" count=");
	put_number(repeat, 10);
	put("\n");
	system_call(NR_WRITE, 1, (u32)line, used);
	return 0;
}

static int play(int count, char **words)
{
	static const char usage[] = "probe32: int80 NR [ARGS] [xN], vdso NR [ARGS] [xN], into, int3, int81 or nothing\n";
	const char *verb = count > 1 ? words[1] : "";

	if (same(verb, "int80"))
		return run(call_int80, count - 2, words + 2);
	if (same(verb, "vdso"))
		return run(call_vdso, count - 2, words + 2);
	if (same(verb, "into"))
		asm volatile("mov $0x7fffffff, %%eax; inc %%eax; into" : : : "eax", "cc");
	else if (same(verb, "int3"))
		asm volatile("int3");
	else if (same(verb, "int81"))
		asm volatile("int $0x81");
	else if (!same(verb, "nothing"))
		system_call(NR_WRITE, 2, (u32)usage, length_of(usage));
	return !same(verb, "nothing");
}

/* The stack as the kernel leaves it: count, words, 0, environment, 0, pairs of the auxiliary vector. */
__attribute__((used)) static void begin(u32 *stack)
{
	char **words = (char **)(stack + 1);
	u32 *at = stack + 1 + stack[0] + 1;

	while (*at != 0)
		at++;
	for (at++; at[0] != 0; at += 2)
		if (at[0] == AT_SYSINFO)
			vdso = at[1];
	system_call(NR_EXIT, (u32)play((int)stack[0], words), 0, 0);
}

asm(".globl _start\n_start:\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %eax\n\tcall begin\n");
