/* SPDX-License-Identifier: MIT */
#pragma once
#define ANNOTATE_RETPOLINE_SAFE
