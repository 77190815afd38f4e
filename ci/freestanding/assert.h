/* SPDX-License-Identifier: BSD-2-Clause */
/* assert.h for the footprint build, which is a release build: assertions are off. */
#ifndef CI_FREESTANDING_ASSERT_H
#define CI_FREESTANDING_ASSERT_H

#define assert(condition) ((void)0)
#define static_assert _Static_assert

#endif
