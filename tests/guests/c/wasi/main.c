// Looks for everything that WASI could give a plugin, and writes what it found to standard output:
// no environment, no arguments, no files, but a clock that runs and random bytes that differ.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int started = 0;

__attribute__((constructor)) static void start(void) { started = 1; }

void on_event(const char *ptr, size_t len) {
    struct timespec before, after, real;
    unsigned char one[16] = {0}, two[16] = {0};
    extern char **environ;

    clock_gettime(CLOCK_MONOTONIC, &before);
    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_MONOTONIC, &after);
    getentropy(one, sizeof one);
    getentropy(two, sizeof two);

    printf("started %d\n", started);
    printf("payload %zu bytes from '%c'\n", len, len ? ptr[0] : ' ');
    printf("environment %s\n", environ && environ[0] ? "full" : "empty");
    printf("file %s\n", open("/etc/passwd", O_RDONLY) < 0 ? "refused" : "opened");
    printf("stdin %s\n", read(0, one + 0, 0) <= 0 ? "silent" : "speaks");
    printf("clock %s\n", after.tv_sec > before.tv_sec || after.tv_nsec >= before.tv_nsec ? "runs" : "stands");
    printf("year %s\n", real.tv_sec > 1700000000 ? "plausible" : "unset");
    printf("random %s\n", memcmp(one, two, sizeof one) ? "differs" : "repeats");
    fflush(stdout);
    fprintf(stderr, "and a line on standard error\n");
}
