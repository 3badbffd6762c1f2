/* A process that uses all of the CPU time that it gets, for measurements in a VM that counts
 * instructions: long straight-line code without memory accesses, which QEMU emulates several times
 * faster than a shell's loop. For the guest's schedulers the two are the same. */

#if defined(__x86_64__)
#define STEP "add $1, %0\n"
#elif defined(__aarch64__)
#define STEP "add %0, %0, #1\n"
#else
#error "hog.c: no code for this processor"
#endif

int main(void) {
  unsigned long count = 0;
  for (;;) __asm__ volatile(".rept 4000\n" STEP ".endr\n" : "+r"(count)::"cc");
}
