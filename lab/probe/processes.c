// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/probe/probe.h"

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
	(void)number;
	alarms++;
}

static void start_timer(long microseconds, bool again)
{
	const struct timeval time = { microseconds / 1000000, microseconds % 1000000 };
	const struct itimerval timer = { again ? time : (struct timeval){ 0, 0 }, time };

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* A tight loop in user mode that reads no clock. */
int run_spin(const struct arguments *arguments)
{
	const unsigned long seconds = decimal_at(arguments, 0);
	unsigned long rounds = 0;

	start_timer(seconds * 1000000, false);
	while (alarms == 0)
		rounds++;
	printf("spin=%lu rounds=%lu\n", seconds, rounds);
	return 0;
}

int run_interrupts(const struct arguments *arguments)
{
	const unsigned long count = decimal_at(arguments, 0);

	start_timer(1000, true);
	while ((unsigned long)alarms < count)
		;
	printf("interrupts=%lu\n", count);
	return 0;
}

/* What all CPUs together have counted in the line NAME of /proc/interrupts. */
static unsigned long interrupts_of(const char *name)
{
	static char text[65536];
	unsigned long sum = 0;
	FILE *file = fopen("/proc/interrupts", "r");

	if (file == NULL)
		complain("/proc/interrupts cannot be read");
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	const char *line = strstr(text, name);

	if (line == NULL)
		complain("/proc/interrupts has no `%s`", name);
	for (char *next = (char *)line + strlen(name) + 1; ; ) {
		char *const at = next + strspn(next, " ");

		if (*at < '0' || *at > '9')
			return sum;
		sum += strtoul(at, &next, 10);
	}
}

/* counted NAME LEAF: the CPUID marks a moment in which the count is exact, because it is the same before and after. */
int run_counted(const struct arguments *arguments)
{
	uint32_t eax, ebx, ecx, edx;
	unsigned long before, after;

	if (arguments->count < 2)
		complain("counted NAME LEAF");
	do {
		before = interrupts_of(arguments->words[0]);
		eax = number_at(arguments, 1);
		ecx = 0;
		asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx) : : "memory");
		after = interrupts_of(arguments->words[0]);
	} while (before != after);
	printf("counted=%lu\n", before);
	return 0;
}

int run_spawn(const struct arguments *arguments)
{
	const unsigned long count = decimal_at(arguments, 0);

	for (unsigned long i = 0; i < count; i++) {
		const pid_t child = fork();

		if (child == 0) {
			execl("/proc/self/exe", "probe", "nothing", NULL);
			_exit(1);
		}
		waitpid(child, NULL, 0);
	}
	printf("spawn=%lu\n", count);
	return 0;
}

/* Parent and child store to the same address, each in its own copy of the page. */
int run_fork(const struct arguments *arguments)
{
	volatile uint64_t *cell = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arguments;
	*cell = 0;
	printf("pid=%d address=%lx\n", getpid(), (unsigned long)cell);
	wait_for_go();
	const pid_t child = fork();

	if (child == 0) {
		*cell = 2;
		_exit(0);
	}
	waitpid(child, NULL, 0);
	*cell = 1;
	printf("pid=%d child=%d value=%lx\n", getpid(), child, (unsigned long)*cell);
	return 0;
}

/* The process becomes another program: what was watched in the old one must not stay behind. */
int run_exec_other(const struct arguments *arguments)
{
	(void)arguments;
	printf("pid=%d\n", getpid());
	wait_for_go();
	execl("/bin/busybox", "busybox", "echo", "other=1", NULL);
	return 1;
}

static void become_traced(char **words)
{
	personality(ADDR_NO_RANDOMIZE);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	execvp(words[0], words);
	_exit(127);
}

/* Steps through the program; the digest is over the addresses of its instructions. */
int run_trace(const struct arguments *arguments)
{
	uint64_t digest = 0xcbf29ce484222325ull;
	unsigned long steps = 0;
	int status;

	if (arguments->count < 1)
		complain("which program?");
	arguments->words[arguments->count] = NULL;
	const pid_t child = fork();

	if (child == 0)
		become_traced(arguments->words);
	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
		struct user_regs_struct registers;

		ptrace(PTRACE_GETREGS, child, NULL, &registers);
		digest = (digest ^ registers.rip) * 0x100000001b3ull;
		steps++;
		ptrace(PTRACE_SINGLESTEP, child, NULL, NULL);
	}
	printf("steps=%lu digest=%lx status=%d\n", steps, digest, WEXITSTATUS(status));
	return 0;
}

/* One round always gives the same sum, unless something disturbs registers, flags or memory. */
static uint64_t checksum_round(void)
{
	static uint64_t memory[512];
	uint64_t sum = 1;
	double real = 1;

	for (int i = 0; i < 20000; i++) {
		sum = sum * 6364136223846793005ull + 1442695040888963407ull;
		memory[sum >> 55] ^= sum;
		real += (double)(sum >> 40) / 3;
	}
	for (int i = 0; i < 512; i++) {
		sum ^= memory[i];
		memory[i] = 0;
	}
	return sum ^ (uint64_t)real;
}

static void check(int cpu, int report)
{
	run_on_cpu(cpu);
	const uint64_t expected = checksum_round();
	struct {
		unsigned long rounds, wrong;
	} result = { 0, 0 };

	while (alarms == 0) {
		result.rounds++;
		result.wrong += checksum_round() != expected;
	}
	if (write(report, &result, sizeof(result)) != sizeof(result))
		_exit(1);
	_exit(0);
}

/* A worker on each CPU that keeps computing the same sum until the time is over. */
int run_checksum(const struct arguments *arguments)
{
	const unsigned long seconds = decimal_at(arguments, 0);
	const long workers = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned long rounds = 0, wrong = 0, result[2];
	int reports[2], answered = 0;

	if (pipe(reports) != 0)
		complain("no pipe");
	for (long i = 0; i < workers; i++) {
		if (fork() == 0) {
			start_timer(seconds * 1000000, false);
			check(i, reports[1]);
		}
	}
	close(reports[1]);
	while (read(reports[0], result, sizeof(result)) == sizeof(result)) {
		answered++;
		rounds += result[0];
		wrong += result[1];
	}
	while (wait(NULL) > 0)
		;
	printf("workers=%ld rounds=%lu wrong=%lu ok=%d\n", workers, rounds, wrong, wrong == 0 && answered == workers);
	return 0;
}

/* Starts another kernel in place of this one, without going through the firmware. */
int run_kexec(const struct arguments *arguments)
{
	const unsigned long no_initramfs = 4; /* KEXEC_FILE_NO_INITRAMFS of linux/kexec.h, which musl has not */
	const char *command_line;
	int kernel;

	if (arguments->count != 2)
		complain("kexec KERNEL 'COMMAND LINE'");
	command_line = arguments->words[1];
	kernel = open(arguments->words[0], O_RDONLY);
	if (kernel < 0)
		complain("cannot open %s", arguments->words[0]);
	if (syscall(SYS_kexec_file_load, kernel, -1, strlen(command_line) + 1, command_line, no_initramfs) != 0)
		complain("the kernel refuses %s", arguments->words[0]);
	reboot(RB_KEXEC);
	complain("the kernel does not kexec");
}
