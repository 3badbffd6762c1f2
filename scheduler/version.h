/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* The version of this program: the packages', which the Makefile reads from package.json. */
#ifndef VERSION_H
#define VERSION_H

#ifndef VERSION
#error "VERSION is set by the Makefile"
#endif

#endif /* VERSION_H */
