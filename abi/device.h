/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/request.h"
#include "abi/types.h"
#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/ioctl.h>
#endif

/* /dev/hyperdbg, 0600. One opener drives the debugger; a second one gets EBUSY. */
#define HYPERDBG_DEVICE "/dev/hyperdbg"

enum hyperdbg_start_error { /* in hyperdbg_start.error, with errno; the sentence stands in session/ */
	HYPERDBG_START_OK = 0,
	HYPERDBG_START_NO_VIRTUALIZATION = 1, /* the CPU has neither AMD-V nor VT-x */
	HYPERDBG_START_DISABLED = 2,          /* firmware disabled it (VM_CR.SVMDIS, FEATURE_CONTROL) */
	HYPERDBG_START_IN_USE = 3,            /* KVM, or another hypervisor, uses it: EFER.SVME or CR4.VMXE is set */
	HYPERDBG_START_NO_IMAGE = 4,          /* request_firmware("hyperdbg/image.bin") failed */
	HYPERDBG_START_WRONG_IMAGE = 5,       /* image of another version */
	HYPERDBG_START_NO_MEMORY = 6,
	HYPERDBG_START_NO_NESTED_PAGING = 7,
	HYPERDBG_START_BAD_PORT = 8,          /* no 16550 at hyperdbg_start.uart */
	HYPERDBG_START_TOO_MANY_CPUS = 9,     /* more than HYPERDBG_MAXIMUM_CPUS */
	HYPERDBG_START_REFUSED = 10,          /* the image refused on hyperdbg_start.cpu with code hyperdbg_start.detail */
	HYPERDBG_START_UNSUPPORTED = 11,      /* this processor's virtualization lacks something essential */
};

/* HYPERDBG_IOCTL_START: slide beneath the running kernel. User mode fills it; the module fills error, cpu, detail. */
struct hyperdbg_start {
	uint32_t abi;         /* 0x00 */
	char version[28];     /* 0x04 */
	uint32_t mode;        /* 0x20 enum hyperdbg_mode */
	uint32_t uart;        /* 0x24 I/O port of the debugger's 16550, 0 in VMI Mode */
	uint32_t baud;        /* 0x28 */
	uint32_t irq;         /* 0x2c legacy IRQ of that UART, 3 or 4 */
	uint8_t build_id[20]; /* 0x30 from /sys/kernel/notes */
	uint32_t flags;       /* 0x44 enum hyperdbg_start_flag */
	uint32_t error;       /* 0x48 enum hyperdbg_start_error */
	uint32_t cpu;         /* 0x4c */
	int64_t detail;       /* 0x50 */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_start, 0x58);
enum hyperdbg_start_flag { HYPERDBG_START_HALTED = 1 }; /* halt as soon as loaded and wait for a debugger */

/* HYPERDBG_IOCTL_REQUEST: `request` points to a struct hyperdbg_request and payload, `answer` receives header and payload. */
struct hyperdbg_exchange {
	uint64_t request;         /* 0x00 user address */
	uint32_t request_size;    /* 0x08 header included */
	uint32_t answer_capacity; /* 0x0c bytes */
	uint64_t answer;          /* 0x10 user address */
	uint32_t answer_size;     /* 0x18 filled by the module */
	uint32_t reserved;        /* 0x1c */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_exchange, 32);

struct hyperdbg_device_info { /* HYPERDBG_IOCTL_INFO, also while not started */
	uint32_t abi;     /* 0x00 */
	char version[28]; /* 0x04 of the module */
	uint32_t started; /* 0x20 1 while the image is beneath the kernel */
	uint32_t mode;    /* 0x24 enum hyperdbg_mode */
	uint32_t rings;   /* 0x28 mmap offset of ring i is i * (4096 + HYPERDBG_RING_SIZE) */
	uint32_t vendor;  /* 0x2c enum hyperdbg_vendor of this machine, 0 if none */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_device_info, 48);

#define HYPERDBG_IOCTL_INFO _IOR('h', 1, struct hyperdbg_device_info)
#define HYPERDBG_IOCTL_START _IOWR('h', 2, struct hyperdbg_start)
#define HYPERDBG_IOCTL_STOP _IO('h', 3)
#define HYPERDBG_IOCTL_REQUEST _IOWR('h', 4, struct hyperdbg_exchange)
