/* SPDX-License-Identifier: MIT */
/* The guest's exceptions come in as the image's do: guest_handle_exception(frame) in guest.cpp. */
#define exception_entries guest_exception_entries
#define handle_exception guest_handle_exception
#include "hypervisor/cpu/exceptions.S"
