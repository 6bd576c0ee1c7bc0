/* What stands around the declarations of a header that is installed: they are C, also for C++, and visible outside of a
 * library that is built with everything else hidden. */
#ifndef RELEVE_DECLARE_H
#define RELEVE_DECLARE_H

#ifdef __cplusplus
#define RELEVE_DECLARE_BEGIN \
    extern "C" {             \
    _Pragma("GCC visibility push(default)")
#define RELEVE_DECLARE_END        \
    _Pragma("GCC visibility pop") \
    }
#else
#define RELEVE_DECLARE_BEGIN _Pragma("GCC visibility push(default)")
#define RELEVE_DECLARE_END _Pragma("GCC visibility pop")
#endif

#endif
