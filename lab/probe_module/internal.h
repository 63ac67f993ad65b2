/* SPDX-License-Identifier: MIT */
#pragma once
#include <linux/seq_file.h>

#include "probe.h"

void probe_rdmsr(struct probe_request *request);
void probe_wrmsr(struct probe_request *request);
void probe_rdpmc(struct probe_request *request);
void probe_xsetbv(struct probe_request *request);
void probe_read_debug(struct probe_request *request);
void probe_write_debug(struct probe_request *request);
void probe_read_control(struct probe_request *request);
void probe_write_control(struct probe_request *request);
void probe_spin_without_interrupts(u64 seconds);
void probe_send_to_self(u64 vector);
void probe_clocks(struct probe_request *request);
void probe_fragment(struct probe_request *request);
void probe_fragment_end(void);
void probe_hidden(struct probe_request *request);
int probe_show_state(struct seq_file *file, void *unused);
