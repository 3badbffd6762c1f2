/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Keeps what libbpf says, and shows it if something failed. */
#ifndef LIBBPF_LOG_H
#define LIBBPF_LOG_H

#include <stdbool.h>

void libbpf_log_start(void);
/* May be called twice: the second does nothing. */
void libbpf_log_end(bool show);

#endif /* LIBBPF_LOG_H */
