/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Keeps what libbpf says, and shows it if something failed. */
#ifndef LIBBPF_LOG_H
#define LIBBPF_LOG_H

#include <stdbool.h>

void libbpf_log_start(void);
/* Has it said this since then? */
bool libbpf_log_has(const char* words);
/* May be called twice: the second does nothing. */
void libbpf_log_end(bool show);

#endif /* LIBBPF_LOG_H */
